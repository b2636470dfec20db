"""Stop strings in a growing text: nothing is shown of what may still become one."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class DecidedText(Generic[T]):
    """A text that grows by pieces, as far as it is certain that no stop string begins in it.

    Args:
        stops: strings of which the first ends the text before it.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""
        self._decided = ""
        self._length = 0
        self._end = 0
        self._waiting: deque[tuple[int, int, T]] = deque()
        self.stopped = False
        """Whether a stop string was found."""

    def push(self, text: str, token: T) -> None:
        """Append the text that a token adds, which may be empty."""
        begin = self._end
        self._add(text)
        self._waiting.append((begin, begin + len(text), token))

    def finish(self, text: str) -> None:
        """Append the last of the text: what was held back is decided now, unless it holds a stop string."""
        if not self.stopped:
            self._add(text)
        if not self.stopped:
            self._decide(len(self._held))

    def take(self) -> tuple[str, list[T]]:
        """The text that was decided since the last call, and the tokens that ended in it.

        Of the token in which a stop string begins, the text before it counts, and so does the token.
        """
        text, self._decided = self._decided, ""
        tokens = []
        while self._waiting and self._shows(*self._waiting[0][:2]):
            tokens.append(self._waiting.popleft()[2])
        return text, tokens

    def _add(self, text: str) -> None:
        self._held += text
        self._end += len(text)
        found = [place for place in map(self._held.find, self._stops) if place >= 0]
        if found:
            self._decide(min(found))
            self._held, self.stopped = "", True
        else:
            self._decide(len(self._held) - self._possible())

    def _possible(self) -> int:
        """How many of the last characters may be the begin of a stop string."""
        longest = max(map(len, self._stops), default=1) - 1
        for size in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-size:]) for stop in self._stops):
                return size
        return 0

    def _decide(self, size: int) -> None:
        self._decided += self._held[:size]
        self._held = self._held[size:]
        self._length += size

    def _shows(self, begin: int, end: int) -> bool:
        if self.stopped:
            return begin < self._length
        return end <= self._length
