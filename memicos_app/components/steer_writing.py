"""The two texts of the steer page and its sweep, written live: the latest wish wins, the old run is ended."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import reflex as rx

from memicos_app.components.presence import is_here
from memicos_app.components.steer_panes import Run, SweepText
from memicos_app.library import steering
from memicos_app.library.errors import LibraryError, UnavailableError
from memicos_app.library.steering import SteerRequest, SteerResult
from memicos_app.library.text_difference import segments

SWEEP = {"−2×": -2.0, "−1×": -1.0, "0": 0.0, "1×": 1.0, "2×": 2.0}
SWEEP_TOKENS = 24
FRAME_S = 0.06
RETRIES_S = (1.0, 2.0, 2.0, 3.0) + (5.0,) * 10


class SteerWriting(rx.State, mixin=True):
    """What the model writes; the page that mixes this in says with `_request` what is asked."""

    asked: str = ""
    default_runs: list[Run] = []
    steered_runs: list[Run] = []
    speed: str = ""
    default_busy: bool = False
    busy: bool = False
    problem: str = ""
    waiting: str = ""
    sweep_texts: list[SweepText] = []
    _number: int = 0
    _default_of: tuple[Any, ...] = ()
    _default_text: str = ""
    _kept: tuple[SteerRequest, SteerResult] | None = None

    def _request(self) -> SteerRequest:
        raise NotImplementedError

    @rx.event
    def stop(self) -> None:
        """End the run; what is written stays."""
        self._number += 1
        self.busy = self.default_busy = False
        self.waiting = ""

    @rx.event(background=True, supersedes=True)
    async def run(self) -> None:
        """Write both texts again. An unsteered text that cannot have changed stays where it is."""
        async with self:
            request = self._request()
            self._number += 1
            mine, self.busy, self.problem, self._kept = self._number, True, "", None
            if self._default_of != unsteered(request):
                self._default_of, self._default_text, self.default_runs = (), "", []
                self.default_busy = True
            self.asked = request.prompt
        for wait in (*RETRIES_S, None):
            try:
                await self._stream(request, mine)
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

    async def _stream(self, request: SteerRequest, mine: int) -> None:
        shown = 0.0
        async with aclosing(steering.stream(request)) as results:
            async for result in results:
                if not result.done and time.monotonic() - shown < FRAME_S:
                    continue
                shown = time.monotonic()
                async with self:
                    if self._number != mine or not is_here(self):
                        return
                    self.waiting = ""
                    self._show(result)
                    if result.done:
                        self._kept, self._default_of = (request, result), unsteered(request)
                        self.busy = self.default_busy = False

    def _show(self, result: SteerResult) -> None:
        if not self._default_of:
            self._default_text = result.default.text
            self.default_runs = [Run(text=self._default_text, differs=False)]
            self.default_busy = not result.default.finish_reason
        parts = segments(result.steered.text, self._default_text)
        self.steered_runs = [Run(text=part.text, differs=part.differs) for part in parts]
        self.speed = f"{result.tokens_per_second:.0f} tok/s" if result.tokens_per_second else ""

    @rx.event(background=True, supersedes=True)
    async def run_sweep(self) -> None:
        """Five short texts with one seed, generated together."""
        async with self:
            request = self._request()
            self.sweep_texts = [SweepText(label=label, text="", done=False) for label in SWEEP]
        short = replace(request, n_tokens=SWEEP_TOKENS)
        try:
            async with aclosing(steering.sweep(short, list(SWEEP.values()))) as frames:
                async for texts in frames:
                    async with self:
                        self.sweep_texts = [
                            SweepText(label=label, text=text.text, done=bool(text.finish_reason))
                            for label, text in zip(SWEEP, texts, strict=True)
                        ]
        except LibraryError as error:
            async with self:
                self.problem, self.sweep_texts = error.message, []


def unsteered(request: SteerRequest) -> tuple[Any, ...]:
    """Everything that the unsteered text depends on."""
    return (
        request.model_id,
        request.prompt,
        request.temperature,
        request.n_tokens,
        request.freq_penalty,
        request.seed,
    )
