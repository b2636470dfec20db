"""How fast work goes, smoothed so that a figure on a page can be read."""

from __future__ import annotations

import math

_SMOOTHING_S = 8.0
_SHORTEST_S = 0.2


class Rate:
    """Units a second out of now and then being told how many are done."""

    def __init__(self) -> None:
        self._step = ""
        self._done = self._at = 0.0
        self._seen = 0.0
        self.value = 0.0

    def tell(self, step: str, done: float, now: float) -> float:
        """The rate after `done` units of a step at the second `now`; 0 until two moments are known."""
        if step != self._step or done < self._done or not self._at:
            self._step, self._done, self._at, self._seen, self.value = step, done, now, 0.0, 0.0
            return 0.0
        passed = now - self._at
        if passed < _SHORTEST_S:
            return self.value
        newest = (done - self._done) / passed
        self._seen += passed
        weight = 1 - math.exp(-passed / min(_SMOOTHING_S, self._seen))
        self.value = newest if self._seen == passed else self.value + weight * (newest - self.value)
        self._done, self._at = done, now
        return self.value
