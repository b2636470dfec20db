"""Work that says what it computes instead of computing it, so that the same of several people runs at once.

Such work is a generator: it yields items for whoever waits, and between them `Together`, which it is sent
the result of. Who drives it decides with whom a computation is shared; `alone` shares it with nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from inference_worker.engine.exhaustion import fault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Together:
    """A computation that may be shared with all others of the same function.

    `function` gets several items and gives a result for each, in order; a result that is an exception is
    raised to the one whose item it was.
    """

    function: Callable[[Sequence[Any]], Sequence[Any]]
    item: Any
    size: float = 1.0
    """Of the item, as a share of what may be computed between two steps of texts that are being written."""


Steps = Generator[Together | T, Any, None]
Shared = Generator[Together, Any, T]
"""Steps that have nothing to tell before they end with a result."""


def results(function: Callable[[Sequence[Any]], Sequence[Any]], items: Sequence[Any]) -> list[Any]:
    """A result or an exception for each item. Where all of them together fail, each is tried on its own."""
    try:
        return list(function(items))
    except Exception as error:
        told = fault(error)
        if len(items) == 1:
            return [told]
    return [results(function, [item])[0] for item in items]


def result_of(work: Shared[T]) -> T:
    """Drive work without company to its end; its result."""

    def told() -> Steps[T]:
        yield (yield from work)

    (found,) = alone(told())
    return found


def alone(steps: Steps[T]) -> Iterator[T]:
    """Drive steps without company; yields their items."""
    try:
        found = next(steps)
        while True:
            if isinstance(found, Together):
                result = results(found.function, [found.item])[0]
                found = steps.throw(result) if isinstance(result, Exception) else steps.send(result)
            else:
                yield found
                found = next(steps)
    except StopIteration:
        return
    finally:
        steps.close()
