"""Limits count by the clock's hour: a test of them must not begin where one ends."""

from __future__ import annotations

import time

HOUR_S, ENOUGH_S = 3600.0, 30.0


def clear_of_the_hour() -> None:
    """Wait past the end of this hour where it is near."""
    left = HOUR_S - time.time() % HOUR_S
    if left < ENOUGH_S:
        time.sleep(left + 0.1)
