"""How long work tells of itself and hears that it should stop, whoever runs it: a job, a command, a test.

Work over the library takes a `Watch`. It tells how far it is, keeps a log, and passes a checkpoint wherever it
could stop without loss; what is shown, stored or obeyed is the runner's business.
"""

from __future__ import annotations

from typing import Literal, Protocol

Level = Literal["info", "warning", "error"]


class Stopped(Exception):
    """Somebody asked the work to stop at a checkpoint; what was done so far is kept, and the work can go on later."""


class Watch(Protocol):
    """Who looks on while work is done."""

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        """How far the work is: `done` of `total` (0 where unknown) of `unit`, such as bytes. Cheap to call often."""

    def log(self, text: str, level: Level = "info") -> None:
        """A line that is worth reading later."""

    async def checkpoint(self) -> None:
        """A place to stop without loss.

        Raises:
            Stopped: the work was paused, cancelled, or its process ends.
        """


class Unwatched:
    """Nobody looks on and nobody stops the work."""

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        """Nothing is shown."""

    def log(self, text: str, level: Level = "info") -> None:
        """Nothing is kept."""

    async def checkpoint(self) -> None:
        """Never stops."""


UNWATCHED: Watch = Unwatched()
