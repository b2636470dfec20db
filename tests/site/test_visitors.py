"""A browser's tab belongs to one person; when it changes hands, nothing of the one before is left in it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from memicos_app.components.person_state import PersonState
from memicos_app.library.accounts.person import OWNER, VISITOR, Person
from memicos_app.site.visitors import hand_over


class Kept(rx.State):
    """Something that a page holds."""

    words: str = ""
    _secret: str = ""


async def test_a_tab_that_changes_hands_is_emptied() -> None:
    root: Any = rx.State()
    ada, bob = Person("1", "ada", way="session"), Person("2", "bob", admin=True, way="session")
    kept, shown = await root.get_state(Kept), await root.get_state(PersonState)
    await hand_over(root, ada)
    kept.words, kept._secret = "ada's", "ada's"
    await hand_over(root, Person("1", "ada-2", way="session"))
    assert (kept.words, shown.person_name) == ("ada's", "ada-2")
    await hand_over(root, bob)
    assert (kept.words, kept._secret) == ("", "")
    assert (shown.person_name, shown.person_admin) == ("bob", True)
    kept.words = "bob's"
    await hand_over(root, VISITOR)
    assert (kept.words, shown.person_name, shown.person_admin) == ("", "", False)


async def test_a_site_for_one_offers_no_way_in() -> None:
    root: Any = rx.State()
    await hand_over(root, OWNER)
    shown = await root.get_state(PersonState)
    assert not shown.signed_in
    assert not shown.can_sign_in
