"""Sources brought in with all that belongs to them: imported, and explained and embedded where they come without."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from memicos_app.library import explanations
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.layout import layer_and_set
from memicos_app.library.datasets.manifest import KINDS
from memicos_app.library.datasets.origins import Origin, configured_origins, open_origin
from memicos_app.library.datasets.report import ImportReport
from memicos_app.library.datasets.stores import FolderStore
from memicos_app.library.embedders.filling import embed_explanations
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.watch import UNWATCHED, Watch


@dataclass(frozen=True, slots=True)
class Chosen:
    """A source and where it is to come from."""

    origin: Origin
    model_id: str
    source_id: str

    def __str__(self) -> str:
        return f"{self.model_id}/{self.source_id}"


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one of several: a report, or why there is none."""

    chosen: Chosen
    report: ImportReport | None
    error: LibraryError | None = None


async def choose(model_id: str, name: str = "", origin: str = "") -> list[Chosen]:
    """The source of this name, all sources of the set of this name, or all of the model; by set and layer.

    Args:
        origin: where from; empty: the first configured origin that has any, folders of this machine before others.

    Raises:
        NotFoundError: no origin holds such a source, set or model.
        LibraryError: an origin cannot be asked, and none that can has it.
    """
    refused: LibraryError | None = None
    for place in [open_origin(origin)] if origin else _by_nearness():
        try:
            ids = await place.sources(model_id)
        except LibraryError as error:
            refused = error
            continue
        found = [one for one in ids if one == name] or [one for one in ids if name in ("", layer_and_set(one)[1])]
        if found:
            ordered = sorted(found, key=lambda one: (*reversed(layer_and_set(one)), one))
            return [Chosen(place, model_id, one) for one in ordered]
    if refused is not None:
        raise refused
    wanted = f"{model_id}/{name}" if name else model_id
    where = origin or "No configured origin"
    raise NotFoundError(f"{where} holds {'nothing of ' if origin else ''}{wanted}.", field="source_id")


def _by_nearness() -> list[Origin]:
    origins = [open_origin(name) for name in configured_origins()]
    return sorted(origins, key=lambda one: not isinstance(one.store, FolderStore))


async def bring_in(
    one: Chosen,
    *,
    watch: Watch = UNWATCHED,
    parts: Iterable[str] = KINDS,
    again: bool = False,
    explain: bool = True,
    embed: bool = True,
) -> ImportReport:
    """Import a source; where no explanations come along, explain it by top tokens; embed what has no embedding.

    Raises:
        As `import_source`.
    """
    model_id, source_id = one.model_id, one.source_id
    report = await import_source(one.origin, model_id, source_id, watch=watch, parts=parts, again=again)
    if explain and not report.n_explanations:
        report.n_explanations = await explanations.write_top_tokens(model_id, source_id, watch=watch)
    if embed:
        await embed_explanations(model_id, source_id, watch=watch)
    return report


async def bring_in_many(
    chosen: Sequence[Chosen], work: Callable[[Chosen], Awaitable[ImportReport]], *, at_once: int = 2
) -> list[Brought]:
    """Do `work` for each, so many side by side and no more; one that fails leaves the others alone."""
    room = asyncio.Semaphore(max(1, at_once))

    async def bring(one: Chosen) -> Brought:
        async with room:
            try:
                return Brought(one, await work(one))
            except LibraryError as error:
                return Brought(one, None, error)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(bring(one)) for one in chosen]
    return [task.result() for task in tasks]
