"""Python's collector of garbage, kept away from what stays for good.

Everybody waits while it walks through all objects: with a hundred thousand functions and types of loaded libraries
among them a few tenths of a second, some times a minute. What is loaded once is taken out of its sight.
"""

from __future__ import annotations

import gc

SELDOM = (5_000, 10, 10)
"""New objects before a look at the young ones, and such looks before the next older ones are looked at too. Python's
own numbers are made for small programs: what a hundred open pages hold takes a tenth of a second to walk through."""


def settle() -> None:
    """All that is there now stays: later collections need not look at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)
