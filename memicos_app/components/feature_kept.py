"""What a person keeps of a feature: a bookmark, places in lists, comments; and the lists of others that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.comment_card import Commenting, comment_card
from memicos_app.components.feature_address import embedded
from memicos_app.components.feature_ways import index_of
from memicos_app.components.layout import card
from memicos_app.components.person_state import PersonState
from memicos_app.components.rights import declares, needs
from memicos_app.components.seen_by import seen_by
from memicos_app.components.visible_text import one_line
from memicos_app.library import bookmarks, comments
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.comments import CommentView
from memicos_app.library.errors import LibraryError
from memicos_app.library.lists import keeping, reading
from memicos_app.library.lists.views import LONGEST_NAME, ListView
from memicos_app.library.quick_lists import Entry, FeatureAddress


class ListLine(TypedDict):
    """A list as the feature's page names it."""

    id: str
    name: str
    href: str
    by: str
    holds: bool
    """Whether the feature is in it."""


@declares(Right.READ)
class FeatureKept(Commenting, rx.State):
    """Bookmark, lists and comments of the feature in the address."""

    bookmarked: bool = False
    holding: list[ListLine] = []
    own_lists: list[ListLine] = []
    list_problem: str = ""
    list_round: int = 0
    ready: bool = False

    def _address(self) -> FeatureAddress:
        model_id, source_id, index = (str(getattr(self, name, "")) for name in ("model_id", "source_id", "index"))
        return FeatureAddress(model_id, source_id, index_of(index) or 0)

    @rx.event
    async def load(self) -> None:
        """Read what is kept of the feature; a feature that is not there has nothing."""
        self.ready, self.comment_problem, self.list_problem = False, "", ""
        try:
            await self._read()
            await self._show_comments()
        except LibraryError:
            self.comments, self.holding, self.own_lists, self.bookmarked = [], [], [], False
            return
        self.ready = True

    async def _read(self) -> None:
        at = self._address()
        self.bookmarked = await bookmarks.has(at)
        holding = await reading.holding(at)
        self.holding = [list_line(one, holds=True) for one in holding]
        held = {one.id for one in holding}
        self.own_lists = [list_line(one, holds=one.id in held) for one in await reading.mine()]

    async def _comments(self) -> Sequence[CommentView]:
        return await comments.of_feature(self._address())

    async def _say(self, text: str) -> None:
        await comments.on_feature(self._address(), text)

    @rx.event
    @needs(Right.WRITE)
    async def toggle_bookmark(self) -> Any:
        """Keep the feature, or let go of it."""
        try:
            await (bookmarks.remove if self.bookmarked else bookmarks.add)(self._address())
            self.bookmarked = await bookmarks.has(self._address())
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None

    @rx.event
    @needs(Right.WRITE)
    async def toggle_list(self, list_id: str) -> Any:
        """Put the feature into a list, or take it out."""
        holds = any(one["id"] == list_id and one["holds"] for one in self.own_lists)
        try:
            if holds:
                await keeping.remove(list_id, self._address())
            else:
                await keeping.add(list_id, [Entry(self._address())])
            await self._read()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None

    @rx.event
    @needs(Right.WRITE)
    async def new_list(self, form: dict[str, Any]) -> None:
        """Begin a list with this feature."""
        self.list_problem = ""
        try:
            await keeping.make(str(form.get("name", "")), features=[Entry(self._address())])
            await self._read()
        except LibraryError as error:
            self.list_problem = error.message
            return
        self.list_round += 1


def list_line(one: ListView, *, holds: bool) -> ListLine:
    by = "" if one.creator_id == person().id else one_line(one.creator_name, 60)
    return ListLine(id=one.id, name=one_line(one.name, LONGEST_NAME), href=f"/list/{one.id}", by=by, holds=holds)


def keep_verbs() -> rx.Component:
    """Who sees it, the bookmark and the menu of lists, for those who may keep things."""
    return rx.cond(
        PersonState.may_write & ~embedded(),
        rx.el.div(seen_by(), bookmark_button(), lists_menu(), class_name="row keep-verbs"),
        rx.cond(
            PersonState.can_sign_in & ~embedded(),
            rx.el.a("Sign in to keep", href=PersonState.sign_in_href, class_name="btn small quiet"),
        ),
    )


def bookmark_button() -> rx.Component:
    marked = FeatureKept.bookmarked
    return rx.el.button(
        rx.cond(marked, "★", "☆"),
        type="button",
        title=rx.cond(marked, "Bookmarked; press to let go (b)", "Bookmark (b)"),
        aria_label="Bookmark",
        aria_pressed=marked,
        data_key="b",
        data_key_label="bookmark this feature",
        on_click=FeatureKept.toggle_bookmark,
        class_name=rx.cond(marked, "btn icon bookmark on", "btn icon bookmark"),
    )


def lists_menu() -> rx.Component:
    return rx.el.details(
        rx.el.summary("Add to list", class_name="btn", data_key="l", data_key_label="add to a list"),
        rx.el.div(
            rx.foreach(FeatureKept.own_lists, list_choice),
            rx.el.form(
                rx.el.input(
                    name="name",
                    key=FeatureKept.list_round.to(str),
                    placeholder="New list",
                    aria_label="Name of a new list with this feature",
                    max_length=LONGEST_NAME,
                    required=True,
                    auto_complete="off",
                    class_name="input",
                ),
                rx.el.button("Make", type="submit", class_name="btn small"),
                on_submit=FeatureKept.new_list,
            ),
            rx.cond(
                FeatureKept.list_problem != "",
                rx.el.p(FeatureKept.list_problem, role="alert", class_name="field-wrong small iso"),
            ),
            class_name="pop lists-pop",
        ),
        class_name="drop lists-menu",
    )


def list_choice(one: rx.Var[ListLine]) -> rx.Component:
    return rx.el.button(
        rx.el.span(rx.cond(one["holds"], "✓", ""), class_name="check", aria_hidden="true"),
        rx.el.span(one["name"], class_name="clip iso"),
        type="button",
        role="menuitemcheckbox",
        aria_checked=one["holds"],
        on_click=FeatureKept.toggle_list(one["id"]),
        key=one["id"],
    )


def kept_cards() -> rx.Component:
    """The lists that hold the feature, and what people say of it."""
    return rx.cond(FeatureKept.ready, rx.fragment(holding_card(), comment_card(FeatureKept, "this feature")))


def holding_card() -> rx.Component:
    """Lists that the feature is in, where there are any."""
    return rx.cond(
        FeatureKept.holding.length() > 0,
        card(
            rx.el.ul(
                rx.foreach(
                    FeatureKept.holding,
                    lambda one: rx.el.li(
                        rx.el.a(
                            rx.el.span(one["name"], class_name="clip iso"),
                            rx.cond(one["by"] != "", rx.el.span("by ", one["by"], class_name="tiny faint")),
                            href=one["href"],
                        ),
                        key=one["id"],
                    ),
                )
            ),
            title="In lists",
            class_name="related",
        ),
    )
