"""The field below a list for one more feature: by its address, or found by what it means without leaving the page."""

from __future__ import annotations

from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.feature_address import feature_path
from memicos_app.components.jump import address
from memicos_app.components.rights import declares, needs
from memicos_app.components.visible_text import one_line
from memicos_app.library import explanation_search
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.explanation_search import Found
from memicos_app.library.lists import keeping
from memicos_app.library.quick_lists import Entry, FeatureAddress

MOST = 12
"""Features that are shown of a search."""
LONGEST = 500


class FoundRow(TypedDict):
    """A feature that could go into the list."""

    key: str
    words: str
    href: str
    added: bool


@declares(Right.READ)
class ListAdding(rx.State, mixin=True):
    """What was looked for; the page that mixes this in has `_id`, `_reread`, `_has` and `_place_of_numbers`."""

    looked_for: str = ""
    """Words that the found features belong to; empty: nothing was looked for."""
    found: list[FoundRow] = []
    add_problem: str = ""
    add_round: int = 0
    """A new one empties the field."""

    def _id(self) -> str:
        raise NotImplementedError

    async def _reread(self) -> None:
        raise NotImplementedError

    def _has(self, key: str) -> bool:
        raise NotImplementedError

    def _place_of_numbers(self) -> tuple[str, str]:
        raise NotImplementedError

    def _close_found(self) -> None:
        self.looked_for, self.found, self.add_problem = "", [], ""

    @rx.event
    @needs(Right.WRITE)
    async def add(self, form: dict[str, Any]) -> Any:
        """Put the feature of an address into the list; words are looked for."""
        said = str(form.get("feature", "")).strip()[:LONGEST]
        self._close_found()
        try:
            path = address(said, *self._place_of_numbers()) if said else ""
            if path.startswith("/search-explanations"):
                return await self._look_for(said)
            if path.strip("/").count("/") != 2:
                raise BadInputError("A feature is model/source/index.", field="feature")
            added = await keeping.add(self._id(), [Entry(FeatureAddress.of(path))])
            await self._reread()
        except LibraryError as error:
            self.add_problem = error.message
            return None
        self.add_round += 1
        return None if added else rx.toast.info("It is in the list already.")

    async def _look_for(self, words: str) -> None:
        found = (await explanation_search.search(words, limit=MOST)).results
        self.looked_for, self.found = words, [self._found_row(one) for one in found]

    def _found_row(self, one: Found) -> FoundRow:
        key = str(FeatureAddress(one.model_id, one.source_id, one.index))
        return FoundRow(
            key=key,
            words=one_line(one.explanations[0].description, 200),
            href=feature_path(one.model_id, one.source_id, one.index),
            added=self._has(key),
        )

    @rx.event
    @needs(Right.WRITE)
    async def toggle_found(self, key: str) -> Any:
        """Put a found feature into the list, or take it out again."""
        try:
            at = FeatureAddress.of(key)
            if self._has(key):
                await keeping.remove(self._id(), at)
            else:
                await keeping.add(self._id(), [Entry(at)])
            await self._reread()
        except LibraryError as error:
            return rx.toast.error(error.message)
        self.found = [FoundRow(**{**one, "added": self._has(one["key"])}) for one in self.found]
        return None

    @rx.event
    def close_found(self) -> None:
        """Take what was found away."""
        self._close_found()
        self.add_round += 1


def list_adding(state: type[Any]) -> rx.Component:
    """The field, and below it what its words found."""
    return rx.el.section(
        rx.el.form(
            rx.el.input(
                id="list-add",
                name="feature",
                key=state.add_round.to(str),
                auto_focus=state.add_round > 0,
                placeholder="Add a feature: its address, an index, or words to search for",
                aria_label="Feature to add: an address, an index, or words to search for",
                auto_complete="off",
                max_length=LONGEST,
                data_key="a",
                data_key_label="add a feature",
                class_name="input grow",
            ),
            rx.el.button("Add", type="submit", class_name="btn"),
            rx.cond(
                state.add_problem != "", rx.el.p(state.add_problem, role="alert", class_name="field-wrong small")
            ),
            on_submit=state.add,
            class_name="list-adding",
        ),
        rx.cond(state.looked_for != "", found_card(state)),
        aria_label="Add features",
    )


def found_card(state: type[Any]) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.el.p(
                rx.cond(state.found.length() > 0, "Features like ", "Nothing found for "),
                rx.el.b("“", rx.el.bdi(state.looked_for), "”"),
                aria_live="polite",
                class_name="small muted iso",
            ),
            rx.el.button("Close", type="button", on_click=state.close_found, class_name="link small"),
            class_name="card-head lined",
        ),
        rx.el.ul(rx.foreach(state.found, lambda one: found_item(one, state)), data_list="", class_name="card-rows"),
        class_name="card list-found",
    )


def found_item(one: rx.Var[FoundRow], state: type[Any]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.a(
                rx.el.bdi(one["words"]), href=one["href"], target="_blank", rel="noopener", class_name="fc-title"
            ),
            rx.el.span(one["key"], class_name="tiny faint mono iso"),
            class_name="list-words",
        ),
        rx.el.button(
            rx.cond(one["added"], "✓ Added", "Add"),
            type="button",
            title=rx.cond(one["added"], "Take it out again", "Put it into the list"),
            aria_label="In the list: " + one["words"].to(str),
            aria_pressed=one["added"],
            data_item="",
            on_click=state.toggle_found(one["key"]),
            class_name="btn small",
        ),
        key=one["key"],
    )
