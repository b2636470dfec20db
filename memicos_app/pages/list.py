"""A list that somebody keeps: its features with notes, a text tested on all of them, comments; one by one too."""

from __future__ import annotations

from collections.abc import Sequence

import reflex as rx

from memicos_app.components.comment_card import Commenting, comment_card
from memicos_app.components.empty import Suggestion, empty, failed, not_found, skeleton_rows
from memicos_app.components.feature_address import embedded, is_this_page
from memicos_app.components.layout import crumbs, page, page_head
from memicos_app.components.list_adding import ListAdding, list_adding
from memicos_app.components.list_detail import list_detail
from memicos_app.components.list_editing import ListEditing
from memicos_app.components.list_head import list_head, list_verbs
from memicos_app.components.list_rows import list_row, list_rows
from memicos_app.components.list_testing import ListTesting, list_test_form
from memicos_app.components.report_dialog import report_dialog
from memicos_app.components.rights import declares
from memicos_app.components.visible_text import in_lines, one_line
from memicos_app.library import comments
from memicos_app.library.accounts.rights import Right
from memicos_app.library.comments import CommentView
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.library.feature_cards import feature_cards
from memicos_app.library.lists import reading
from memicos_app.library.lists.views import LONGEST_DESCRIPTION, LONGEST_NAME, ListView
from memicos_app.settings import get_settings

ELSEWHERE = [Suggestion(words="Home", note="models and their features", href="/")]
IFRAME = '<iframe src="{address}" title="List" style="height: 500px; width: 100%;"></iframe>'


@declares(Right.READ)
class ListState(ListEditing, ListAdding, ListTesting, Commenting, rx.State):
    """The list of the address as it is shown."""

    phase: str = ""
    """`ready`, `missing`, `failed`, or empty while it is read."""
    arrived: str = ""
    problem: str = ""
    rx_id: str = ""
    name: str = ""
    description: str = ""
    by: str = ""
    by_href: str = ""
    visibility: str = ""
    hidden: bool = False
    changed: str = ""
    n_entries: int = 0
    detail: bool = False
    chosen: int = 0
    more: bool = False
    _parts: int = 1

    @rx.var
    def title(self) -> str:
        """The document's title."""
        return "Not found · MemicOS" if self.phase == "missing" else f"{self.name or 'List'} · MemicOS"

    @rx.var
    def chosen_src(self) -> str:
        """Address of the chosen feature's dashboard, without its frame."""
        if not 0 <= self.chosen < len(self.rows):
            return "about:blank"
        return f"{self.rows[self.chosen]['card']['href']}?embed=true"

    @rx.var
    def embed_address(self) -> str:
        """Address of the list without its frame."""
        site = get_settings().public_url.rstrip("/") or self.router.url.origin
        return f"{site}/list/{self.rx_id}?embed=true"

    @rx.var
    def embed_html(self) -> str:
        """The iframe that shows it."""
        return IFRAME.format(address=self.embed_address)

    @rx.event
    async def load(self) -> None:
        """Read the list of the address."""
        self.arrived = self.router.url.path
        if self.rx_id != self._id():
            self._parts, self.chosen, self.detail, self.testing = 1, 0, False, False
        self.editing = self.deleting = False
        self.edit_problem = self.test_problem = self.comment_problem = ""
        self._close_found()
        try:
            await self._reread()
            await self._show_comments()
        except NotFoundError as error:
            self.phase, self.problem, self.rx_id = "missing", error.message, ""
        except LibraryError as error:
            self.phase, self.problem = "failed", error.message
        else:
            self.phase, self.problem = "ready", ""
            self.text_round += 1

    async def _reread(self) -> None:
        one = await reading.get(self._id())
        entries, after = [], -1
        for _ in range(self._parts):
            part = await reading.entries(one.id, after=after)
            entries += part.entries
            self.more = part.next is not None
            if part.next is None:
                break
            after = part.next
        cards = await feature_cards([each.address for each in entries], examples=1)
        self.rows = [list_row(each, cards) for each in entries]
        self.chosen = max(0, min(self.chosen, len(self.rows) - 1))
        self._show(one)

    def _show(self, one: ListView) -> None:
        self.rx_id, self.name = one.id, one_line(one.name, LONGEST_NAME)
        self.description = in_lines(one.description, LONGEST_DESCRIPTION)
        self.by, self.by_href = one_line(one.creator_name, 60), f"/user/{one.creator_name}"
        self.visibility, self.hidden, self.mine = one.visibility, one.hidden, one.mine
        self.changed, self.n_entries = f"{one.updated_at:%Y-%m-%d}", one.n_entries
        if not self.testing:
            self.text = one.test_text

    async def _comments(self) -> Sequence[CommentView]:
        return await comments.of_list(self._id())

    async def _say(self, text: str) -> None:
        await comments.on_list(self._id(), text)

    def _after(self) -> str:
        return f"{self.by_href}/lists"

    def _has(self, key: str) -> bool:
        return any(one["card"]["key"] == key for one in self.rows)

    def _place_of_numbers(self) -> tuple[str, str]:
        """A bare index means the source of the last feature."""
        place = self.rows[-1]["card"]["place"] if self.rows else get_settings().model_id
        model_id, _, source_id = place.partition("/")
        return model_id, source_id

    @rx.event
    async def show_more(self) -> None:
        """Read the next entries too."""
        self._parts += 1
        await self._reread()

    @rx.event
    def show_detail(self, on: bool) -> None:
        """One feature at a time, or all of them."""
        self.detail = on

    @rx.event
    def choose(self, at: int) -> None:
        """Show the dashboard of a row."""
        self.chosen = max(0, min(at, len(self.rows) - 1))

    @rx.event
    def choose_next(self, step: int) -> None:
        """Show the dashboard of the row after or before."""
        self.chosen = max(0, min(self.chosen + step, len(self.rows) - 1))


@rx.page(route="/list/[list_id]", title=ListState.title, on_load=ListState.load)
def list_page() -> rx.Component:
    return page(
        rx.match(
            rx.cond(is_this_page(ListState.arrived), ListState.phase, ""),
            ("ready", shown()),
            ("missing", not_found("No such list here", ListState.problem, ELSEWHERE)),
            ("failed", failed(ListState.problem)),
            rx.el.div(skeleton_rows(12), class_name="card"),
        ),
        active="lists",
        embed=embedded(),
    )


def shown() -> rx.Component:
    return rx.fragment(
        rx.cond(embedded(), rx.fragment(), page_head(where(), *list_verbs(ListState))),
        list_head(ListState),
        rx.cond(
            ListState.rows.length() > 0,
            rx.cond(ListState.detail, list_detail(ListState), table()),
            rx.el.section(
                empty(
                    "This list is empty",
                    "Add features below by their address, or from any feature's page with “Add to list”.",
                ),
                class_name="card",
            ),
        ),
        rx.cond(ListState.mine, list_adding(ListState)),
        rx.cond(embedded(), rx.fragment(), comment_card(ListState, "this list")),
        report_dialog(),
    )


def where() -> rx.Component:
    return crumbs((ListState.by, ListState.by_href), ("Lists", ListState.by_href + "/lists"), (ListState.name, ""))


def table() -> rx.Component:
    return rx.fragment(
        list_test_form(ListState),
        list_rows(ListState),
        rx.cond(
            ListState.more,
            rx.el.button("Show more", type="button", on_click=ListState.show_more, class_name="btn list-more"),
        ),
    )
