"""What a person's pages show: lists, vectors and steering runs; on one's own, bookmarks and who sees what."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import reflex as rx

from memicos_app.components.empty import empty
from memicos_app.components.feature_card import CardShown, feature_card, shown
from memicos_app.components.layout import card
from memicos_app.components.made_rows import MadeRow, list_row, made_row, run_row, vector_row
from memicos_app.components.rights import declares, needs
from memicos_app.components.visible_text import one_line
from memicos_app.library import bookmarks, profiles, vectors
from memicos_app.library.accounts import users
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.feature_cards import feature_cards
from memicos_app.library.lists import keeping, reading
from memicos_app.library.lists.views import LONGEST_NAME
from memicos_app.library.quick_lists import FeatureAddress

SECTIONS = {"": "Overview", "lists": "Lists", "vectors": "Vectors"}


@declares(Right.READ)
class ProfileState(rx.State):
    """The person in the address and what they made."""

    phase: str = ""
    """`ready`, `missing`, `failed`, or empty while it is read."""
    arrived: str = ""
    problem: str = ""
    shown_name: str = ""
    bio: str = ""
    joined: str = ""
    own: bool = False
    lists: list[MadeRow] = []
    vectors: list[MadeRow] = []
    runs: list[MadeRow] = []
    bookmarks: list[CardShown] = []
    new_problem: str = ""
    doomed: str = ""
    """Key of the vector or run that is about to go."""

    @rx.var
    def title(self) -> str:
        """The document's title."""
        return "Not found · MemicOS" if self.phase == "missing" else f"{self.shown_name or 'Person'} · MemicOS"

    @rx.var
    def path(self) -> str:
        """Of the person's page."""
        return f"/user/{quote(self.shown_name, safe='')}"

    @rx.event
    async def load(self) -> None:
        """Read the person of the address and what they made."""
        self.arrived, self.new_problem, self.doomed = self.router.url.path, "", ""
        try:
            await self._read()
        except NotFoundError:
            self.phase, self.problem = "missing", "Nobody here goes by this name."
        except LibraryError as error:
            self.phase, self.problem = "failed", error.message
        else:
            self.phase, self.problem = "ready", ""

    async def _read(self) -> None:
        who = await users.user(str(getattr(self, "user_name", "")))
        self.shown_name, self.bio = who.name, one_line(who.bio, users.LONGEST_BIO)
        self.joined = f"{who.created_at:%B %Y}"
        self.own = who.id == person().id
        self.lists = [list_row(one) for one in await reading.of_person(who.id)]
        self.vectors = [vector_row(one) for one in await profiles.vectors_of(who.id)]
        self.runs = [run_row(one) for one in await profiles.runs_of(who.id)]
        kept = [one.address for one in await bookmarks.mine()] if self.own else []
        cards = await feature_cards(kept, examples=1)
        self.bookmarks = [shown(at, cards.get(at)) for at in kept]

    @rx.event
    @needs(Right.WRITE)
    async def new_list(self, form: dict[str, Any]) -> Any:
        """Begin an empty list."""
        try:
            made = await keeping.make(str(form.get("name", "")))
        except LibraryError as error:
            self.new_problem = error.message
            return None
        return rx.redirect(f"/list/{made.id}")

    @rx.event
    @needs(Right.WRITE)
    async def forget(self, key: str) -> Any:
        """Let go of a bookmark."""
        return await self._do(bookmarks.remove(FeatureAddress.of(key)))

    @rx.event
    @needs(Right.WRITE)
    async def show_run(self, key: str, visibility: str) -> Any:
        """Change who sees a run."""
        return await self._do(profiles.show_run(key, visibility))

    @rx.event
    @needs(Right.WRITE)
    async def show_vector(self, key: str, visibility: str) -> Any:
        """Change who sees a vector."""
        try:
            at = FeatureAddress.of(key)
        except LibraryError as error:
            return rx.toast.error(error.message)
        return await self._do(profiles.show_vector(at, visibility))

    @rx.event
    @needs(Right.WRITE)
    async def delete_run(self, key: str) -> Any:
        """Remove a run."""
        return await self._do(profiles.delete_run(key))

    @rx.event
    @needs(Right.WRITE)
    async def delete_vector(self, key: str) -> Any:
        """Remove a vector."""
        try:
            at = FeatureAddress.of(key)
        except LibraryError as error:
            return rx.toast.error(error.message)
        return await self._do(vectors.delete(at.model_id, at.source_id, at.index))

    @rx.event
    def ask_delete(self, key: str) -> None:
        """Ask whether a vector or run should go; an empty key: it stays."""
        self.doomed = key

    async def _do(self, work: Any) -> Any:
        try:
            await work
            await self._read()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return None


def profile_tabs(section: str) -> rx.Component:
    """Ways between a person's pages."""
    return rx.el.nav(
        *(
            rx.el.a(
                words,
                href=ProfileState.path + (f"/{name}" if name else ""),
                **({"aria_current": "true"} if name == section else {}),
            )
            for name, words in SECTIONS.items()
        ),
        aria_label="This person",
        class_name="seg",
    )


def profile_content() -> rx.Component:
    """What stands on `/user/{name}` below who it is."""
    return rx.el.div(
        rx.el.div(lists_card(), vectors_card(), class_name="stack"),
        rx.el.div(rx.cond(ProfileState.own, bookmarks_card()), runs_card(), class_name="stack"),
        class_name="grid-2 profile",
    )


def lists_card() -> rx.Component:
    return card(
        rx.cond(
            ProfileState.lists.length() > 0,
            rx.el.ul(
                rx.foreach(ProfileState.lists, lambda one: made_row(one, ProfileState)),
                data_list="",
                class_name="card-rows",
            ),
            rx.el.p("No lists yet.", class_name="card-body muted small"),
        ),
        rx.cond(ProfileState.own, new_list_form()),
        title="Lists",
    )


def new_list_form() -> rx.Component:
    return rx.el.form(
        rx.el.input(
            name="name",
            placeholder="Name of a new list",
            aria_label="Name of a new list",
            max_length=LONGEST_NAME,
            required=True,
            auto_complete="off",
            class_name="input grow",
        ),
        rx.el.button("Make", type="submit", class_name="btn"),
        rx.cond(
            ProfileState.new_problem != "",
            rx.el.p(ProfileState.new_problem, role="alert", class_name="field-wrong small"),
        ),
        on_submit=ProfileState.new_list,
        class_name="card-foot list-adding",
    )


def vectors_card() -> rx.Component:
    return card(
        rx.cond(
            ProfileState.vectors.length() > 0,
            rx.el.ul(
                rx.foreach(
                    ProfileState.vectors,
                    lambda one: made_row(one, ProfileState, ProfileState.show_vector, ProfileState.delete_vector),
                ),
                class_name="card-rows",
            ),
            rx.el.p("No vectors yet.", class_name="card-body muted small"),
        ),
        title="Vectors",
    )


def runs_card() -> rx.Component:
    return card(
        rx.cond(
            ProfileState.runs.length() > 0,
            rx.el.ul(
                rx.foreach(
                    ProfileState.runs,
                    lambda one: made_row(one, ProfileState, ProfileState.show_run, ProfileState.delete_run),
                ),
                class_name="card-rows",
            ),
            rx.el.p("No steering runs to see.", class_name="card-body muted small"),
        ),
        title="Steering runs",
    )


def bookmarks_card() -> rx.Component:
    return card(
        rx.cond(
            ProfileState.bookmarks.length() > 0,
            rx.el.ul(rx.foreach(ProfileState.bookmarks, bookmark_item), class_name="card-rows"),
            empty("No bookmarks yet", "Press b on a feature's page to find it here again. Nobody else sees them."),
        ),
        title="Bookmarks",
        aside=rx.el.span("only you see them", class_name="tiny faint"),
    )


def bookmark_item(one: rx.Var[CardShown]) -> rx.Component:
    return rx.el.li(
        feature_card(
            one,
            rx.el.button(
                "×",
                type="button",
                title="Let go",
                aria_label="Let go of " + one["title"].to(str),
                on_click=ProfileState.forget(one["key"]),
                class_name="btn quiet small icon",
            ),
        ),
        key=one["key"],
        class_name="bookmarked",
    )
