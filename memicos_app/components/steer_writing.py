"""The two texts of the steer page, written live: the latest wish wins, the old run is ended."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Any

import reflex as rx

from memicos_app.components.presence import is_here
from memicos_app.components.rights import declares, needs
from memicos_app.components.steer_panes import NOTHING, Text
from memicos_app.components.written_text import choices, marks
from memicos_app.library import side_by_side
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, UnavailableError
from memicos_app.library.saved_runs import Kept
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import SteerResult, SteerText

FRAME_S = 0.06
RETRIES_S = (1.0, 2.0, 2.0, 3.0) + (5.0,) * 35
"""Seconds between tries: three minutes, in which a slow machine loads the model of a worker that died again."""


@declares(Right.READ)
class SteerWriting(rx.State, mixin=True):
    """What the model writes; the page that mixes this in says with `_begin` what is asked."""

    asked: str = ""
    default_text: Text = NOTHING
    steered_text: Text = NOTHING
    speed: str = ""
    default_busy: bool = False
    busy: bool = False
    problem: str = ""
    waiting: str = ""
    _number: int = 0
    _default_of: tuple[Any, ...] = ()
    _kept: Kept | None = None

    def _begin(self) -> Wish | None:
        """What is to be run now, with `asked` as it stands before the texts; None where there is nothing."""
        raise NotImplementedError

    @rx.event
    def stop(self) -> None:
        """End the run; what is written stays."""
        self._end()

    def _end(self) -> None:
        self._number += 1
        self.busy = self.default_busy = False
        self.waiting = ""

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def run(self) -> None:
        """Write both texts again. An unsteered text that cannot have changed stays where it is."""
        async with self:
            wish = self._begin()
            if wish is None:
                return
            self._number += 1
            mine, self.busy, self.problem, self._kept = self._number, True, "", None
            if self._default_of != unsteered(wish):
                self._default_of, self.default_text = (), NOTHING
                self.default_busy = True
        for wait in (*RETRIES_S, None):
            try:
                await self._stream(wish, mine)
            except UnavailableError as error:
                if await self._patience(error, wait, mine):
                    continue
            except LibraryError as error:
                await self._give_up(error, mine)
            return

    async def _patience(self, error: UnavailableError, wait: float | None, mine: int) -> bool:
        """Say that inference is not there yet and wait a while; False when there is no more sense in it."""
        if wait is None:
            await self._give_up(error, mine)
            return False
        async with self:
            if self._number != mine or not is_here(self):
                return False
            self.waiting = f"{error.message} This page tries again by itself."
        await asyncio.sleep(wait)
        async with self:
            return self._number == mine

    async def _give_up(self, error: LibraryError, mine: int) -> None:
        async with self:
            if self._number == mine:
                self.problem, self.waiting, self.busy, self.default_busy = error.message, "", False, False

    async def _stream(self, wish: Wish, mine: int) -> None:
        shown = 0.0
        async with aclosing(side_by_side.stream(wish)) as results:
            async for result in results:
                if not result.done and time.monotonic() - shown < FRAME_S:
                    continue
                shown = time.monotonic()
                async with self:
                    if self._number != mine or not is_here(self):
                        return
                    self.waiting = in_line(result.place_in_line)
                    if result.place_in_line is None:
                        self._show(result)
                    if result.done:
                        self._default_of = unsteered(wish)
                        self._kept = Kept(wish.request, result, wish.default_chat)
                        self.busy = self.default_busy = False

    def _show(self, result: SteerResult) -> None:
        if not self._default_of:
            self.default_text = text_of(result.default)
            self.default_busy = not result.default.finish_reason
        self.steered_text = text_of(result.steered, self.default_text["text"])
        self.speed = f"{result.tokens_per_second:.0f} tok/s" if result.tokens_per_second else ""


def in_line(place: int | None) -> str:
    """What is said to somebody who waits; nothing where nobody does."""
    return f"Others are being answered first: number {place} in the line." if place else ""


def text_of(text: SteerText, other: str | None = None) -> Text:
    """A text as a pane shows it. Choices of tokens are heavy, so that they come when it is complete."""
    found = choices(text.logprobs) if text.finish_reason else []
    return Text(text=text.text, marks=[] if other is None else marks(text.text, other), tokens=found)


def unsteered(wish: Wish) -> tuple[Any, ...]:
    """Everything that the unsteered text depends on."""
    request = wish.request
    return (
        request.model_id,
        request.prompt,
        tuple(wish.default_chat),
        request.top_p,
        tuple(request.stop),
        request.temperature,
        request.n_tokens,
        request.freq_penalty,
        request.seed,
    )
