"""What keeps the site from starting, each as one sentence that says what to do about it."""

from __future__ import annotations


class StartError(Exception):
    """The site cannot start; the text is for the person who started it, `log` for whoever looks closer."""

    def __init__(self, message: str, *, log: str = "") -> None:
        super().__init__(message)
        self.log = log
