"""What the terminal shows while the site starts: each step with its number, its news and how long it took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TextIO

TICK = 0.5
QUIET_FOR = 10.0
"""Seconds between lines of a long step where the output is not a terminal."""


class Step:
    """One step under way."""

    def __init__(self, out: TextIO, head: str) -> None:
        self.out = out
        self.head = head
        self.started = time.monotonic()
        self.news = ""
        self.shown = -QUIET_FOR
        self.lock = Lock()
        self.live = out.isatty()

    def say(self, news: str) -> None:
        """Show `news` beside the step: at once on a terminal, now and then elsewhere."""
        with self.lock:
            self.news = news
            if not self.live and time.monotonic() - self.shown < QUIET_FOR:
                return
        self.show()

    def result(self, news: str) -> None:
        """What stays on the line when the step is over."""
        self.news = news

    def show(self, end: str = "") -> None:
        with self.lock:
            self.shown = time.monotonic()
            line = f"{self.head}  {self.news}  {self.shown - self.started:.1f} s"
            self.out.write(f"\r\033[K{line}{end}" if self.live else f"{line}\n")
            self.out.flush()


class Progress:
    """Numbers the steps of a start and prints them."""

    def __init__(self, total: int, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.total = total
        self.number = 0

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Show a step while the block runs; what the block said last stays on its line."""
        self.number += 1
        step = Step(self.out, f"[{self.number}/{self.total}] {name:<10}")
        stopped = Event()
        ticker = Thread(target=tick, args=(step, stopped), daemon=True)
        if step.live:
            ticker.start()
        try:
            yield step
        finally:
            stopped.set()
            if step.live:
                ticker.join()
            step.show("\n")


def tick(step: Step, stopped: Event) -> None:
    step.show()
    while not stopped.wait(TICK):
        step.show()
