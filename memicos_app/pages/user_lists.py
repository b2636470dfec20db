"""The lists of a person."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.profile import ProfileState, lists_card
from memicos_app.components.profile_page import profile_page


@rx.page(route="/user/[user_name]/lists", title=ProfileState.title, on_load=ProfileState.load)
def user_lists_page() -> rx.Component:
    return profile_page("lists", lists_card())
