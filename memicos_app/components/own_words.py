"""One's own words as an explanation: written below the others, changed and deleted where they stand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import reflex as rx

from memicos_app.components.feature_ways import index_of
from memicos_app.components.rights import declares, needs
from memicos_app.library import own_explanations
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.errors import LibraryError

Place: TypeAlias = tuple[str, str, str]
LONGEST = own_explanations.LONGEST


@declares(Right.READ)
class OwnWords(rx.State, mixin=True):
    """What is being written, changed or deleted; the page that mixes this in has `_place` and `_reread`."""

    may_edit: bool = False
    words_problem: str = ""
    words_round: int = 0
    """A new one empties the field."""
    changing: str = ""
    """Id of the explanation whose words are in a field."""
    deleting: str = ""
    """Id of the explanation that is about to go."""
    change_problem: str = ""

    def _place(self) -> Place:
        raise NotImplementedError

    async def _reread(self) -> None:
        raise NotImplementedError

    @rx.event
    @needs(Right.WRITE)
    async def keep_words(self, form: dict[str, Any]) -> None:
        """Keep what was written as an explanation of this feature."""
        model_id, source_id, index = self._place()
        self.words_problem = ""
        try:
            require(Right.WRITE)
            await own_explanations.write(model_id, source_id, index_of(index) or 0, str(form.get("words", "")))
            await self._reread()
        except LibraryError as error:
            self.words_problem = error.message
            return
        self.words_round += 1

    @rx.event
    def change(self, explanation_id: str) -> None:
        """Put an explanation's words into a field; an empty id takes the field away."""
        self.changing, self.deleting, self.change_problem = explanation_id, "", ""

    @rx.event
    @needs(Right.WRITE)
    async def change_words(self, form: dict[str, Any]) -> None:
        """Keep the other words."""
        try:
            require(Right.WRITE)
            await own_explanations.change(self.changing, str(form.get("words", "")))
            await self._reread()
        except LibraryError as error:
            self.change_problem = error.message
            return
        self.changing = self.change_problem = ""

    @rx.event
    def ask_delete(self, explanation_id: str) -> None:
        """Ask whether an explanation should go; an empty id: it stays."""
        self.deleting, self.changing = explanation_id, ""

    @rx.event
    @needs(Right.WRITE)
    async def delete_explanation(self) -> AsyncIterator[Any]:
        """Delete the explanation that was asked about."""
        doomed, self.deleting = self.deleting, ""
        try:
            require(Right.WRITE)
            await own_explanations.delete(doomed)
            await self._reread()
        except LibraryError as error:
            yield rx.toast.error(error.message)


def words_form(state: type[Any]) -> rx.Component:
    """A field for one's own words."""
    return rx.el.form(
        rx.el.label("In your own words", html_for="own-words", class_name="label"),
        field("own-words", key=state.words_round.to(str), placeholder="What makes this feature fire?"),
        rx.cond(
            state.words_problem != "", rx.el.p(state.words_problem, role="alert", class_name="field-wrong small iso")
        ),
        rx.el.button("Keep", type="submit", class_name="btn small"),
        on_submit=state.keep_words,
        class_name="own-words",
    )


def change_form(state: type[Any], text: rx.Var[str]) -> rx.Component:
    """A field with the words that are to be changed."""
    return rx.el.form(
        field("change-words", default_value=text, auto_focus=True, aria_label="Other words for this explanation"),
        rx.cond(
            state.change_problem != "",
            rx.el.p(state.change_problem, role="alert", class_name="field-wrong small iso"),
        ),
        rx.el.div(
            rx.el.button("Keep", type="submit", class_name="btn small primary"),
            rx.el.button("Leave as it is", type="button", on_click=state.change(""), class_name="btn small quiet"),
            class_name="row",
        ),
        on_submit=state.change_words,
        class_name="own-words",
    )


def field(name: str, **props: Any) -> rx.Component:
    return rx.el.textarea(
        id=name, name="words", rows=2, max_length=LONGEST, required=True, class_name="textarea", **props
    )
