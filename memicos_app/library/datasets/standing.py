"""How every source stands, for the admin page and `memicos status`: here, partly, away, or newer at its origin.

Everything is read from the database and from folders of this machine, so that a thousand sources cost no
request to any origin; what a remote origin holds is known from its last listing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from memicos_app.library import saes
from memicos_app.library.datasets import upstream
from memicos_app.library.datasets.layout import layer_and_set
from memicos_app.library.datasets.states import SourceState, source_states
from memicos_app.library.datasets.upstream import Offer
from memicos_app.library.job_views import COLUMNS, JobView, view
from memicos_app.library.query import rows
from memicos_app.library.saes import LocalSae

State = Literal["away", "weights", "importing", "unfinished", "partly", "here", "newer"]
"""`importing` while an import runs, wherever it was begun; `unfinished` once it stopped on its way."""
Key = tuple[int | None, datetime | None]
_held: dict[Key, dict[str, str]] = {}
"""Prints of what a generation was made from, by its number and end; a finished one never changes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One source: what is here of it, what its origin has, and what is being done."""

    model_id: str
    set_name: str
    source_id: str
    layer: int
    state: State
    origin: str = ""
    """Where its data can be fetched; empty where no origin has it."""
    size: int = 0
    """Bytes of its files at the origin."""
    n_features: int = 0
    n_explained: int = 0
    missing: tuple[str, ...] = ()
    """What an incomplete import lacks, a sentence each."""
    set_aside: int = 0
    """Lines that could not be used."""
    finished_at: datetime | None = None
    shown: str = "public"
    """Who sees it."""
    job: JobView | None = None
    """The job that works on it now, or the last one if that failed."""


@dataclass(slots=True)
class SetStanding:
    """A source set with its sources in the order of their layers."""

    model_id: str
    name: str
    sources: list[Standing] = field(default_factory=list)

    @property
    def n_here(self) -> int:
        """How many of its sources can be browsed."""
        return sum(one.state in ("here", "newer", "partly") for one in self.sources)

    @property
    def size(self) -> int:
        """Bytes of all of them at their origins."""
        return sum(one.size for one in self.sources)


async def standings(offers: Mapping[tuple[str, str], Mapping[str, Offer]] | None = None) -> list[SetStanding]:
    """Every source that is here, lies in a folder, or was seen at a remote origin; by model, set and layer.

    Args:
        offers: what `upstream.offers` gave, where the caller needs that too.

    Raises:
        UnavailableError: the database does not answer.
    """
    offers = await upstream.offers() if offers is None else offers
    working, stored = await _jobs(), await source_states()
    await _learn([_key(one) for one in stored if one.generation is not None and _key(one) not in _held])
    found = {}
    for one in stored:
        name = (one.model_id, one.source_id)
        found[name] = _stored(one, offers.get(name, {}), working.get("/".join(name)))
    for name, by_origin in offers.items():
        if name not in found:
            found[name] = _away(next(iter(by_origin.values())), working.get("/".join(name)))
    for sae in saes.local_saes():
        found.setdefault((sae.model_id, sae.source_id), _weights(sae, working))
    return _in_sets(found.values())


def _in_sets(sources: Iterable[Standing]) -> list[SetStanding]:
    sets: dict[tuple[str, str], SetStanding] = {}
    for one in sorted(sources, key=lambda one: (one.model_id, one.set_name, one.layer, one.source_id)):
        sets.setdefault((one.model_id, one.set_name), SetStanding(one.model_id, one.set_name)).sources.append(one)
    return list(sets.values())


def _stored(one: SourceState, offers: Mapping[str, Offer], job: JobView | None) -> Standing:
    offer = offers.get(one.origin) or next(iter(offers.values()), None)
    begun = (one.unfinished.missing,) if one.unfinished and one.unfinished.files else ()
    return Standing(
        model_id=one.model_id,
        set_name=one.set_name,
        source_id=one.source_id,
        layer=one.layer,
        state=_state(one, offers, offer),
        origin=offer.origin if offer else "",
        size=offer.size if offer else 0,
        n_features=one.n_features,
        n_explained=one.n_explained,
        missing=tuple(one.missing) if one.generation is not None else begun,
        set_aside=one.counts.get("set_aside", 0),
        finished_at=one.finished,
        shown=one.shown,
        job=job,
    )


def _state(one: SourceState, offers: Mapping[str, Offer], offer: Offer | None) -> State:
    if one.generation is None:
        if one.unfinished and one.unfinished.files:
            return "importing" if one.unfinished.running else "unfinished"
        return "away" if offer else "weights"
    if one.state == "incomplete":
        return "partly"
    own, held = offers.get(one.origin), _held.get(_key(one), {})
    if own and any(own.prints.get(kind, "") != held.get(kind, "") for kind in one.parts):
        return "newer"
    return "here"


def _away(offer: Offer, job: JobView | None) -> Standing:
    layer, set_name = layer_and_set(offer.source_id)
    names = (offer.model_id, set_name, offer.source_id, layer)
    return Standing(*names, "away", origin=offer.origin, size=offer.size, job=job)


def _weights(sae: LocalSae, working: Mapping[str, JobView]) -> Standing:
    job = working.get(f"{sae.model_id}/{sae.source_id}")
    return Standing(sae.model_id, sae.set_name, sae.source_id, sae.layer, "weights", job=job)


def _key(one: SourceState) -> Key:
    return one.generation, one.finished


async def _learn(generations: list[Key]) -> None:
    if not generations:
        return
    files: dict[int | None, list[tuple[str, str]]] = {number: [] for number, _ in generations}
    found = await rows(
        "SELECT generation_id, name, version FROM import_files WHERE generation_id = ANY(:ids)", ids=list(files)
    )
    for one in found:
        files[one["generation_id"]].append((one["name"], one["version"]))
    _held.update({key: upstream.prints(files[key[0]]) for key in generations})


async def _jobs() -> dict[str, JobView]:
    """By subject: the job that is open, else the last one if it failed."""
    found = await rows(
        f"""
        SELECT {COLUMNS} FROM (
            SELECT DISTINCT ON (subject) * FROM jobs WHERE subject <> ''
            ORDER BY subject, (state IN ('waiting', 'running', 'paused')) DESC, id DESC
        ) AS newest WHERE state NOT IN ('done', 'cancelled')
        """
    )
    return {one.subject: one for one in map(view, found)}
