"""What one tested on a feature before: its texts under the box, tested again or let go of; seen by oneself alone."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.feature_address import embedded
from memicos_app.components.feature_ways import index_of
from memicos_app.components.figures import value
from memicos_app.components.person_state import PersonState
from memicos_app.components.rights import declares, needs
from memicos_app.components.visible_text import one_line
from memicos_app.library import tested_texts
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.quick_lists import FeatureAddress

Place = tuple[str, str, str]
SHOWN = 300
"""Characters of a text that a line shows."""


class TestedRow(TypedDict):
    """A text in one line."""

    id: str
    words: str
    strongest: str
    fired: bool


@declares(Right.READ)
class TestedTexts(rx.State, mixin=True):
    """One's own texts of the feature in the address; the page that mixes this in has `_place` and `_test_shown`."""

    own_texts: list[TestedRow] = []

    def _place(self) -> Place:
        raise NotImplementedError

    def _address(self) -> FeatureAddress | None:
        """Of the feature; None where the address names none, or the page stands in another one."""
        model_id, source_id, index = self._place()
        number = index_of(index)
        embed = self.router.url.query_parameters.get("embed") == "true"
        return None if number is None or embed else FeatureAddress(model_id, source_id, number)

    async def _read_texts(self) -> None:
        at = self._address()
        self.own_texts = [tested_row(one) for one in await tested_texts.mine(at)] if at else []

    def _test_shown(self, text: str) -> list[EventSpec]:
        raise NotImplementedError

    @rx.event
    @needs(Right.RUN)
    async def test_again(self, text_id: str) -> Any:
        """Test one of the texts once more."""
        try:
            return self._test_shown(await tested_texts.text_of(text_id))
        except LibraryError as error:
            return rx.toast.error(error.message)

    @rx.event
    @needs(Right.WRITE)
    async def forget_text(self, text_id: str) -> Any:
        """Let go of one text."""
        try:
            await tested_texts.forget(text_id)
            await self._read_texts()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None

    @rx.event
    @needs(Right.WRITE)
    async def forget_texts(self) -> Any:
        """Let go of all texts of this feature."""
        try:
            if at := self._address():
                await tested_texts.forget_all(at)
            await self._read_texts()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None


def tested_row(one: tested_texts.TriedText) -> TestedRow:
    return TestedRow(
        id=one.id,
        words=one_line(one.text, SHOWN),
        strongest=value(one.strongest),
        fired=one.strongest > 0,
    )


def texts_tested(state: type[Any]) -> rx.Component:
    """The texts, folded away; nothing where there are none."""
    return rx.cond(
        PersonState.may_write & ~embedded() & (state.own_texts.length() > 0),
        rx.el.details(
            rx.el.summary(
                "Your texts ",
                rx.el.span(state.own_texts.length(), class_name="num faint"),
                title="Texts that you tested on this feature; nobody else sees them",
                class_name="small muted",
            ),
            rx.el.ul(rx.foreach(state.own_texts, lambda one: text_item(one, state)), class_name="card-rows"),
            rx.el.p(
                rx.el.span("Only you see them. ", class_name="faint"),
                rx.el.button("Forget all", type="button", on_click=state.forget_texts, class_name="link"),
                class_name="tiny tested-foot",
            ),
            class_name="tested-texts",
        ),
        rx.fragment(),
    )


def text_item(one: rx.Var[TestedRow], state: type[Any]) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            rx.el.span(one["words"], class_name="clip iso"),
            type="button",
            title="Test it again",
            on_click=state.test_again(one["id"]),
            class_name="tested-again grow",
        ),
        rx.el.b(
            one["strongest"],
            title="Largest activation on the text",
            class_name=rx.cond(one["fired"], "num small", "num small faint"),
        ),
        rx.el.button(
            "×",
            type="button",
            title="Forget this text",
            aria_label="Forget: " + one["words"].to(str),
            on_click=state.forget_text(one["id"]),
            class_name="btn quiet small icon",
        ),
        key=one["id"],
    )
