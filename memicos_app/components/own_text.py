"""What a page keeps of an activation test: the text, the answer, and the wait for a worker that loads."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.feature_address import feature_path, with_text
from memicos_app.components.feature_ways import index_of
from memicos_app.components.rights import declares, needs
from memicos_app.components.test_box import FORM
from memicos_app.components.test_result import test_groups, took
from memicos_app.components.tested_texts import Place, TestedTexts
from memicos_app.library import activations, tested_texts
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, UnavailableError

PATIENCE = 180.0
"""Seconds for which a test waits for a worker that is down or loading."""
LONGEST_PAUSE = 3.0


@declares(Right.READ)
class OwnText(TestedTexts, rx.State, mixin=True):
    """The test of one feature on a text; the feature is the one in the address."""

    text: str = ""
    text_round: int = 0
    result: list[dict[str, Any]] = []
    took: str = ""
    testing: bool = False
    test_problem: str = ""

    def _place(self) -> Place:
        """Model, source and index of the address; Reflex keeps them on the root state."""
        return (
            str(getattr(self, "model_id", "")),
            str(getattr(self, "source_id", "")),
            str(getattr(self, "index", "")),
        )

    def _put(self, text: str) -> None:
        """Put `text` into the field and take away what the one before it gave."""
        self._clear(text)
        self.text_round += 1

    def _bring(self, text: str) -> None:
        """As `_put` for a text out of the address; what was typed and not tested yet stays in the field."""
        if text != self.text:
            self.text_round += 1
        self._clear(text)

    def _clear(self, text: str) -> None:
        self.text, self.result, self.test_problem, self.testing = text, [], "", False

    @rx.var
    def query(self) -> str:
        """What goes along to another feature: the text under test, and the switches of an embedded page."""
        return with_text(self.router.url.query_parameters, self.text)

    @rx.event
    @needs(Right.RUN)
    def submit_test(self, form: dict[str, Any]) -> EventSpec:
        return self._test(str(form.get("text", "")), keep=True)

    @rx.event
    @needs(Right.RUN)
    def test_example(self, text: str) -> list[EventSpec]:
        """Test the text of an example, as if it had been typed into the box."""
        return self._test_shown(text)

    def _test_shown(self, text: str) -> list[EventSpec]:
        self._put(text)
        show = rx.call_script(f"document.getElementById('{FORM}').scrollIntoView({{block: 'center'}})")
        return [show, self._test(text)]

    @rx.event
    def reset_test(self) -> EventSpec:
        """Take text and answer away."""
        self._put("")
        return self._test("")

    def _test(self, text: str, *, keep: bool = False) -> EventSpec:
        event: EventSpec = type(self).run_test(text, keep)
        return event

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def run_test(self, text: str, keep: bool = False) -> AsyncIterator[Any]:
        """Run the feature on `text`; the latest text wins. An empty one takes the answer away.

        What was typed is kept for whoever typed it; a text out of an address or an example is not.
        """
        async with self:
            place, self.text, self.test_problem = self._place(), text, ""
            self.testing = bool(text.strip())
            self.result = self.result if self.testing else []
            rewrite = self._rewrite_address()
        yield rx.call_script(rewrite)
        if not text.strip():
            return
        if index_of(place[2]) is None:
            return
        groups, seconds, problem = await self._answer(place, text, keep)
        async with self:
            if place == self._place():
                self.testing, self.test_problem, self.result, self.took = False, problem, groups, took(seconds)
                await self._read_texts()

    async def _answer(self, place: Place, text: str, keep: bool) -> tuple[list[dict[str, Any]], float, str]:
        """Rows, seconds and problem of a test, which waits for a worker that is down, loading or busy."""
        asked = time.perf_counter()
        while True:
            began = time.perf_counter()
            try:
                found = await activations.test(place[0], place[1], int(place[2]), text)
            except UnavailableError as error:
                if began - asked > PATIENCE:
                    return [], 0.0, error.message
                async with self:
                    self.test_problem = f"{error.message} Your text is kept and tested as soon as it answers."
                await asyncio.sleep(min(error.retry_after or 1.0, LONGEST_PAUSE))
            except LibraryError as error:
                return [], 0.0, error.message
            else:
                if keep and (at := self._address()):
                    await tested_texts.keep(at, text, found.max_value)
                return [dict(group) for group in test_groups(found)], time.perf_counter() - began, ""

    def _rewrite_address(self) -> str:
        """JavaScript that puts the tested text into the address without a navigation."""
        url = feature_path(*self._place()) + with_text(self.router.url.query_parameters, self.text)
        return f"history.replaceState(history.state, '', {json.dumps(url)})"
