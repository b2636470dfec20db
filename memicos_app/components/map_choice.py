"""What was chosen on a map: one feature as a small dashboard, many as a list that can be taken along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict
from urllib.parse import urlencode

import reflex as rx

from memicos_app.components.feature_address import feature_path
from memicos_app.components.feature_card import CardShown, feature_card, shown
from memicos_app.components.feature_map import Drawn
from memicos_app.components.figures import count
from memicos_app.components.layout import card
from memicos_app.components.rights import declares, inside
from memicos_app.components.visible_text import one_line
from memicos_app.library import quick_lists
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.feature_cards import feature_cards
from memicos_app.library.maps import reading
from memicos_app.library.quick_lists import Entry, FeatureAddress

STEP = 100
"""Rows of a selection that are shown at once."""
NO_CARD = CardShown(
    key="", place="", number="", href="", title="", explained=False, kind="", note="", here=False, density="",
    strongest="", examples=[], up=[], down=[], most=0.0,
)  # fmt: skip


class ChosenRow(TypedDict):
    """A feature of a selection."""

    place: str
    words: str
    explained: bool
    href: str


@declares(Right.READ)
class MapChoice(rx.State, mixin=True):
    """What is chosen; the page that mixes this in says of which map."""

    map_id: int = 0
    r_model: str = ""
    picked: str = ""
    card: CardShown = NO_CARD
    rows: list[ChosenRow] = []
    selected: int = 0
    quick_href: str = ""
    problem: str = ""
    _chosen: list[tuple[str, int]] = []

    @inside
    def forget_choice(self) -> None:
        """Nothing is chosen."""
        self.picked, self.card = "", NO_CARD
        self.rows, self.selected, self.quick_href, self._chosen = [], 0, "", []

    @rx.event
    async def pick(self, source: str, index: int) -> None:
        """Show one feature's small dashboard."""
        address = FeatureAddress(self.r_model, str(source), int(index))
        try:
            found = await feature_cards([address])
        except LibraryError as error:
            self.problem = error.message
            return
        self.picked, self.card, self.problem = f"{source}/{index}", shown(address, found.get(address)), ""

    @rx.event
    def close(self) -> None:
        """Put the preview away."""
        self.picked, self.card = "", NO_CARD

    @rx.event
    async def select(self, features: Drawn, total: int) -> None:
        """Show what was drawn around, the first rows of it."""
        self._chosen = [(str(source), int(index)) for source, indices in features for index in indices]
        self.rows, self.selected = [], int(total)
        self.quick_href = quick_path(self.r_model, self._chosen, f"{count(self.selected)} features of a map")
        await self._read_more()

    @rx.event
    async def more(self) -> None:
        """Show some more of the selection."""
        await self._read_more()

    @rx.var
    def can_show_more(self) -> bool:
        return len(self.rows) < len(self._chosen)

    @rx.var
    def selected_words(self) -> str:
        return count(self.selected)

    async def _read_more(self) -> None:
        part = self._chosen[len(self.rows) : len(self.rows) + STEP]
        try:
            said = {
                source: await reading.words(self.map_id, source, [index for one, index in part if one == source])
                for source in dict.fromkeys(source for source, _ in part)
            }
        except LibraryError as error:
            self.problem = error.message
            return
        self.rows = [*self.rows, *(row_of(self.r_model, *one, said[one[0]].get(one[1], "")) for one in part)]


def row_of(model_id: str, source_id: str, index: int, words: str) -> ChosenRow:
    return ChosenRow(
        place=f"{source_id}/{index}",
        words=one_line(words) or "not explained yet",
        explained=bool(words),
        href=feature_path(model_id, source_id, index),
    )


def quick_path(model_id: str, chosen: Sequence[tuple[str, int]], name: str) -> str:
    """Address of a list of the first of these features, as many as one holds; empty for none."""
    if not chosen:
        return ""
    entries = [Entry(FeatureAddress(model_id, source, index)) for source, index in chosen[: quick_lists.MOST]]
    return f"/quick-list?{urlencode({'name': name, 'features': quick_lists.written(entries)})}"


def preview(state: type[MapChoice]) -> rx.Component:
    """The feature that was picked."""
    close = rx.el.button("Close", type="button", on_click=state.close, class_name="btn small")
    return rx.cond(
        state.picked != "",
        rx.el.section(
            feature_card(state.card, close), aria_label="The feature picked", class_name="card map-preview"
        ),
    )


def selection(state: type[MapChoice]) -> rx.Component:
    """The features that were drawn around."""
    take = rx.el.a(
        rx.cond(state.selected > quick_lists.MOST, f"Open the first {quick_lists.MOST} as a list", "Open as a list"),
        href=state.quick_href,
        class_name="btn small",
    )
    return rx.cond(
        state.selected > 0,
        card(
            rx.el.ol(
                rx.foreach(state.rows, chosen_row),
                data_list="",
                aria_label="Selected features",
                class_name="card-rows map-rows",
            ),
            rx.cond(
                state.can_show_more,
                rx.el.div(
                    rx.el.button("Show more", type="button", on_click=state.more, class_name="btn small"),
                    class_name="card-foot",
                ),
            ),
            title=rx.cond(state.selected == 1, "1 feature", state.selected_words + " features"),
            aside=take,
            class_name="map-selection",
        ),
    )


def chosen_row(row: rx.Var[ChosenRow]) -> rx.Component:
    return rx.el.li(
        rx.el.a(
            rx.el.bdi(row["words"], class_name=rx.cond(row["explained"], "clamp-2", "clamp-2 faint")),
            rx.el.span(row["place"], class_name="tiny faint mono iso"),
            href=row["href"],
            data_item="",
        )
    )
