"""A quick list made a list of one's own."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.invitation import invitation
from memicos_app.components.person_state import PersonState
from memicos_app.components.rights import declares, needs
from memicos_app.library import feature_places
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.lists import keeping
from memicos_app.library.lists.views import LONGEST_NAME, LONGEST_TEXT
from memicos_app.library.quick_lists import Entry


@declares(Right.READ)
class QuickKeeping(rx.State, mixin=True):
    """Keeping what the address holds; the page that mixes this in has `name`, `text` and `_entries`."""

    name: str = ""
    text: str = ""
    _entries: list[Entry] = []

    @rx.event
    @needs(Right.WRITE)
    async def keep(self) -> Any:
        """Make a list of it; what is not here is left out, and said."""
        wanted = self._entries
        try:
            here = await feature_places.known([one.address for one in wanted])
            kept = [one for one in wanted if one.address in here]
            name, text = self.name[:LONGEST_NAME] or "Quick list", self.text[:LONGEST_TEXT]
            made = await keeping.make(name, test_text=text, features=kept)
        except LibraryError as error:
            return rx.toast.error(error.message)
        left = len(wanted) - len(kept)
        said = rx.toast.info(f"{left} of {len(wanted)} features are not here and were left out.") if left else None
        return [*([said] if said else []), rx.redirect(f"/list/{made.id}")]


def keep_button(state: type[Any]) -> rx.Component:
    """The button, or the way to sign in."""
    return rx.cond(
        PersonState.may_write,
        rx.el.button("Keep as a list", type="button", on_click=state.keep, class_name="btn"),
        invitation("keep it", class_name="small muted"),
    )
