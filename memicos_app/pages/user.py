"""A person: who they are, and what they made that others may see; on one's own page also what nobody else sees."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.profile import ProfileState, profile_content
from memicos_app.components.profile_page import profile_page


@rx.page(route="/user/[user_name]", title=ProfileState.title, on_load=ProfileState.load)
def user_page() -> rx.Component:
    return profile_page("", profile_content())
