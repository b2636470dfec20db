"""Features of other sources whose decoder direction is like that of one feature, a source at a time.

The worker holds as many SAEs as its memory allows; asked for one source after the other, it never holds more, and
everybody else's requests go between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from memicos_app import worker
from memicos_app.library import directions, reach
from memicos_app.library.directions import Alike
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError, UnavailableError

MOST_SOURCES = 64


@dataclass(frozen=True, slots=True)
class InSource:
    """What one source has that is alike; `problem` says why it was not compared."""

    source_id: str
    found: list[Alike] = field(default_factory=list)
    problem: str = ""


async def comparable(model_id: str, source_id: str) -> list[str]:
    """Other sources of the model that the worker can serve.

    Raises:
        UnavailableError: the worker is down or loading.
    """
    readiness = await worker.status(model_id)
    if not readiness.ready:
        raise UnavailableError(f"The inference worker is not ready: {readiness.detail}", retry_after=3)
    listed = await reach.listed_of(model_id, readiness.sources)
    return [one for one in listed if one != source_id][:MOST_SOURCES]


async def elsewhere(
    model_id: str, source_id: str, index: int, targets: Sequence[str] | None = None, *, limit: int = 5
) -> AsyncIterator[InSource]:
    """The most similar features of each target, as they are found. A target that cannot be compared says why.

    Args:
        targets: sources of the same model; None: all others that the worker serves.

    Raises:
        BadInputError: more targets than `MOST_SOURCES`.
        NotFoundError: no such feature at the worker.
        UnavailableError: the worker is down or loading; some answers may have come before.
    """
    chosen = list(dict.fromkeys(targets)) if targets is not None else await comparable(model_id, source_id)
    if len(chosen) > MOST_SOURCES:
        raise BadInputError(f"At most {MOST_SOURCES} sources can be compared at once.", field="targets")
    for target in chosen:
        yield await _in_source(model_id, source_id, index, target, limit)


async def _in_source(model_id: str, source_id: str, index: int, target: str, limit: int) -> InSource:
    try:
        return InSource(target, await directions.alike(model_id, source_id, index, target, limit=limit))
    except UnavailableError:
        raise
    except NotFoundError as error:
        if error.field != "target_source_id":
            raise
        return InSource(target, problem=error.message)
    except LibraryError as error:
        return InSource(target, problem=error.message)


async def ranked(
    model_id: str, source_id: str, index: int, targets: Sequence[str] | None = None, *, limit: int = 20
) -> tuple[list[Alike], list[InSource]]:
    """The most similar features over all targets, most alike first, and the targets that could not be compared."""
    each = [one async for one in elsewhere(model_id, source_id, index, targets, limit=limit)]
    found = sorted((one for source in each for one in source.found), key=lambda one: -one.cosine)
    return found[:limit], [one for one in each if one.problem]
