"""Headers by which a request says for whom it asks and how urgently; every address takes them."""

from __future__ import annotations

from inference_worker.wire.base import Wire

CLIENT_HEADER = "X-Client-Id"
"""For whom: the queue is fair between clients. Left out: the address that the request came from."""
PRIORITY_HEADER = "X-Priority"
"""`interactive` (somebody watches; the default) or `batch`, which waits until nobody interactive does."""
TIMEOUT_HEADER = "X-Timeout"
"""Seconds after which the answer is of no use; what is not finished then is refused with `expired`."""

INTERACTIVE, BATCH = "interactive", "batch"
LONGEST_TIMEOUT = 86_400
"""Seconds that a request may give itself."""


class Waiting(Wire):
    """A request that has not begun to be answered."""

    position: int
    """Its place in the line, from 1; 0: it is being worked on, and there is nothing to show yet."""
