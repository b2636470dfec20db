"""What origins have to offer, side by side: folders of this machine looked at now, others as last listed.

A print is a short hash of the names and versions of the files of one kind; equal prints mean nothing changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from memicos_app.library import jobs
from memicos_app.library.datasets import listings
from memicos_app.library.datasets.manifest import KINDS, Manifest
from memicos_app.library.datasets.origins import configured_origins, open_origin
from memicos_app.library.datasets.stores import folder_of
from memicos_app.library.job_views import JobView
from memicos_app.library.query import rows
from memicos_app.library.watch import UNWATCHED, Watch
from memicos_app.settings import ROOT

Name = tuple[str, str]
SURVEY = "survey"
"""Kind of the job that looks through an origin."""
_prints: dict[str, Mapping[str, str]] = {}
"""By digest of a manifest; a digest never means another content."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A source as an origin has it."""

    model_id: str
    source_id: str
    origin: str
    size: int
    prints: Mapping[str, str]
    """By kind of file: features, activations, explanations."""


@dataclass(frozen=True, slots=True)
class OriginStanding:
    """An origin and what it was last seen to hold."""

    name: str
    folder: bool
    """A folder of this machine, which is looked through at any time."""
    n_models: int
    n_surveyed: int
    """Models whose sources are known."""
    n_sources: int
    n_bytes: int
    listed_at: datetime | None
    job: JobView | None
    """The look through it that is open, else the last one if it failed."""


async def origins(found: Mapping[Name, Mapping[str, Offer]]) -> list[OriginStanding]:
    """The configured origins in their order; `found` is what `offers` gave."""
    looks = {one.subject: one for one in reversed(await jobs.jobs(kind=SURVEY, limit=100))}
    standing = []
    for name in configured_origins():
        folder = folder_of(name)
        place = str(ROOT / folder) if folder else name
        own = [by_origin[place] for by_origin in found.values() if place in by_origin]
        models = [] if folder else await listings.models(name)
        standing.append(
            OriginStanding(
                place,
                folder is not None,
                len({one.model_id for one in own}) if folder else len(models),
                sum(one.sources_listed_at is not None for one in models),
                len(own),
                sum(one.size for one in own),
                max((one.listed_at for one in models), default=None),
                looks.get(place),
            )
        )
    return standing


async def survey(origin: str, watch: Watch = UNWATCHED) -> dict[str, int]:
    """Look through an origin: its models, and the sources of each with their files.

    Raises:
        LibraryError: it cannot be asked; what was known of it stays.
        Stopped: at a checkpoint; the models looked through are kept.
    """
    found = await listings.refresh_models(origin)
    n_sources = 0
    for done, model in enumerate(found):
        watch.tell(model.model_id, done, len(found), "models")
        await watch.checkpoint()
        n_sources += len(await listings.refresh_sources(origin, model.model_id))
    watch.tell("done", len(found), len(found), "models")
    return {"models": len(found), "sources": n_sources}


async def offers() -> dict[Name, dict[str, Offer]]:
    """By source and then by origin, in the order of the configured origins.

    Raises:
        UnavailableError: the database does not answer.
    """
    found: dict[Name, dict[str, Offer]] = {}
    remote = await _listed()
    for origin in configured_origins():
        folder = folder_of(origin)
        for one in await _in_folder(str(ROOT / folder)) if folder else remote.get(origin, []):
            found.setdefault((one.model_id, one.source_id), {})[one.origin] = one
    return found


def prints(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The print of each kind of batch file, from (name, version) of all of them."""
    lines: dict[str, list[str]] = {}
    for name, version in files:
        lines.setdefault(name.partition("/")[0], []).append(f"{name} {version}\n")
    return {
        kind: hashlib.sha256("".join(sorted(own)).encode()).hexdigest()[:16]
        for kind, own in lines.items()
        if kind in KINDS
    }


async def _listed() -> dict[str, list[Offer]]:
    known = await listings.sources()
    await _learn([one.digest for one in known if one.digest not in _prints])
    by_origin: dict[str, list[Offer]] = {}
    for one in known:
        offer = Offer(one.model_id, one.source_id, one.origin, one.n_bytes, _prints.get(one.digest, {}))
        by_origin.setdefault(one.origin, []).append(offer)
    return by_origin


async def _learn(digests: list[str]) -> None:
    """Prints of listings that were not met before; a thousand sources have a hundred thousand files."""
    if not digests:
        return
    found = await rows(
        """
        SELECT DISTINCT ON (digest) digest, origin, model_id, source_id FROM origin_sources
        WHERE digest = ANY(:digests) ORDER BY digest
        """,
        digests=digests,
    )
    for one in found:
        manifest = await listings.manifest(one["origin"], one["model_id"], one["source_id"])
        if manifest is not None:
            _prints[one["digest"]] = prints((each.name, each.version) for each in manifest.objects)


async def _in_folder(name: str) -> list[Offer]:
    """What lies under a folder; sources that have no features are left out."""
    place = open_origin(name)
    return [_offer(one) for model_id in await place.models() for one in (await place.survey(model_id)).values()]


def _offer(one: Manifest) -> Offer:
    files = prints((each.name, each.version) for each in one.objects)
    return Offer(one.model_id, one.source_id, one.origin, one.size, files)
