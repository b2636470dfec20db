"""The vectors of a person."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.profile import ProfileState, vectors_card
from memicos_app.components.profile_page import profile_page


@rx.page(route="/user/[user_name]/vectors", title=ProfileState.title, on_load=ProfileState.load)
def user_vectors_page() -> rx.Component:
    return profile_page("vectors", vectors_card())
