"""A list's text run over its features from its page: the owner's is kept with the list, everybody else's is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from memicos_app.components.list_rows import ListRow
from memicos_app.components.own_row import NOTHING, own_row
from memicos_app.components.patience import patiently
from memicos_app.components.quick_test_form import quick_test_form
from memicos_app.components.rights import declares, needs
from memicos_app.library import list_tests
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.list_tests import ListTest
from memicos_app.library.lists import testing
from memicos_app.library.lists.views import LONGEST_TEXT
from memicos_app.library.quick_lists import FeatureAddress

FORM = "list-test"


@declares(Right.READ)
class ListTesting(rx.State, mixin=True):
    """The text and how far it is; the page that mixes this in has `rows`, `mine`, `_id` and `_reread`."""

    rows: list[ListRow] = []
    mine: bool = False
    text: str = ""
    text_round: int = 0
    testing: bool = False
    done: int = 0
    total: int = 0
    test_problem: str = ""

    def _id(self) -> str:
        raise NotImplementedError

    async def _reread(self) -> None:
        raise NotImplementedError

    @rx.var
    def progress(self) -> str:
        """How far it is, for the bar."""
        return f"{100 * self.done / max(self.total, 1):.0f}%"

    @rx.event
    @needs(Right.RUN)
    def submit(self, form: dict[str, Any]) -> Any:
        """Test the text on all features."""
        self.text, self.test_problem, self.done = str(form.get("text", "")).strip(), "", 0
        self.total, self.testing = len(self.rows), bool(self.text and self.rows)
        return type(self).run_test if self.testing else None

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def run_test(self) -> AsyncIterator[None]:
        """Run every feature on the text; each source's answers are shown as they come."""
        async with self:
            text, mine = self.text, self.mine
        try:
            await patiently(lambda: self._kept(text) if mine else self._tried(text), self._tell)
            await self._tell("")
        except LibraryError as error:
            await self._tell(error.message)
        async with self:
            self.testing = False
        yield

    async def _kept(self, text: str) -> None:
        async for done, total in testing.run(self._id(), text):
            async with self:
                self.done, self.total = done, total
                await self._reread()

    async def _tried(self, text: str) -> None:
        wanted = [FeatureAddress.of(one["card"]["key"]) for one in self.rows]
        async for found in list_tests.tested(wanted, text):
            async with self:
                self.rows = [answered(one, found) for one in self.rows]
                self.done += sum((at.model_id, at.source_id) == (found.model_id, found.source_id) for at in wanted)

    async def _tell(self, problem: str) -> None:
        async with self:
            self.test_problem = problem


def answered(one: ListRow, found: ListTest) -> ListRow:
    """A row with what its feature did, where `found` is of its source."""
    at = FeatureAddress.of(one["card"]["key"])
    if (at.model_id, at.source_id) != (found.model_id, found.source_id):
        return one
    own = NOTHING if found.problem else own_row(found.tokens, found.values[at.index])
    return ListRow(card=one["card"], note=one["note"], own=own, problem=found.problem)


def list_test_form(state: type[Any]) -> rx.Component:
    """The field, its button, and the bar while it runs."""
    return rx.el.section(
        quick_test_form(state, FORM, "all features", LONGEST_TEXT),
        rx.cond(
            state.testing,
            rx.el.div(
                role="progressbar",
                aria_label="Features tested",
                aria_valuenow=state.done,
                aria_valuemax=state.total,
                class_name="progress",
                style={"--w": state.progress},
            ),
        ),
        rx.cond(
            state.test_problem != "",
            rx.el.p(state.test_problem, role="alert", class_name="notice amber test-problem iso"),
        ),
        aria_label="Test a text on all features",
        class_name="card list-test",
    )
