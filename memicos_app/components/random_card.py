"""A feature by chance: what it means and its strongest example, before one goes there."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.feature_list import NOTHING_LISTED, ListedFeature, listed
from memicos_app.components.layout import card
from memicos_app.components.rights import declares, inside
from memicos_app.components.token_preview import token_preview
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.showcase import random_row


@declares(Right.READ)
class RandomState(rx.State):
    """The feature that was drawn."""

    drawn: ListedFeature = NOTHING_LISTED
    where: str = ""

    @inside
    async def show(self) -> None:
        """Draw one; called by the page that shows the card."""
        found = await random_row()
        if found is not None:
            model_id, source_id, row = found
            self.drawn, self.where = listed(row, model_id, source_id), f"{source_id}/{row.index}"

    @rx.event
    async def draw(self) -> None:
        """Draw another; the one on screen stays when there is none."""
        try:
            await self.show()
        except LibraryError:
            return


def random_card() -> rx.Component:
    """The feature in a few lines, which are one link to it; `r` draws another, `o` opens it."""
    return card(
        rx.cond(
            RandomState.drawn["href"] != "",
            rx.el.a(
                rx.el.span(
                    rx.el.span(RandomState.where, class_name="mono tiny faint"),
                    rx.el.span(RandomState.drawn["density"], " of tokens", class_name="tiny faint num"),
                    class_name="spread",
                ),
                rx.el.bdi(RandomState.drawn["explanation"], class_name="clamp-2 lucky-words"),
                rx.el.span(token_preview(RandomState.drawn["strip"]), class_name="lucky-tokens"),
                href=RandomState.drawn["href"],
                class_name="lucky",
                data_key="o",
                data_key_label="open the random feature",
            ),
            rx.el.div(class_name="lucky"),
        ),
        title="A random feature",
        aside=rx.el.button(
            "Another ",
            rx.el.kbd("r", class_name="kbd hide-phone", aria_hidden="true"),
            type="button",
            on_click=RandomState.draw,
            data_key="r",
            data_key_label="another random feature",
            class_name="btn small",
        ),
    )
