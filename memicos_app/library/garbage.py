"""Python's collector of garbage, kept away from what stays for good.

Everybody waits while it walks through all objects: with a hundred thousand functions and types of loaded libraries
among them a few tenths of a second, some times a minute. What is loaded once is taken out of its sight.
"""

from __future__ import annotations

import gc

SELDOM = 50
"""So many collections of what lives for some time come before one of everything (Python's own number is 10): what a
hundred open pages hold takes a tenth of a second to walk through."""


def settle() -> None:
    """All that is there now stays: later collections need not look at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], SELDOM)
