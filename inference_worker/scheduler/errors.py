"""Why work was not done though nothing was wrong with it."""

from __future__ import annotations


class Busy(Exception):
    """The queue is full. `position` is where the work would stand, `retry_after` a guess in seconds."""

    def __init__(self, position: int, retry_after: float) -> None:
        super().__init__(f"{position - 1} requests are waiting already.")
        self.position = position
        self.retry_after = retry_after


class Expired(Exception):
    """The time that a request gave itself is over."""

    def __init__(self) -> None:
        super().__init__("The time that the request named is over; what it asked for was not finished.")


class Stopped(Exception):
    """The scheduler was closed before the work was done."""
