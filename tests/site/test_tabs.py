"""Closed pages are folded up, and forgotten, the longest unused first; what is open or at work stays as it is."""

from __future__ import annotations

import asyncio
from importlib import import_module

import pytest
import reflex as rx
from reflex.istate.manager.token import BaseStateToken

from memicos_app.site import tabs


class Page(rx.State):
    """What a page holds."""

    said: str = ""
    _known: dict[str, list[int]] = {}


class Part(Page):
    """What a part of it holds."""

    words: list[str] = []

    @rx.var
    def many(self) -> int:
        return len(self.words)


def token(name: str) -> BaseStateToken:
    return BaseStateToken(ident=name, cls=Page)


async def _remembered(names: str) -> tabs.Pages:
    manager = tabs.Pages()
    for name in names:
        await manager.get_state(token(name))
    return manager


async def test_the_last_used_of_the_closed_pages_stay() -> None:
    manager = await _remembered("abcde")
    await manager.get_state(token("a"))  # used again
    assert tabs.forget(manager, {"b"}, kept=2) == 2
    assert set(manager.states) == {"a", "b", "e"}
    assert tabs.forget(manager, {"b"}, kept=2) == 0
    await manager.close()  # type: ignore[no-untyped-call]


async def test_a_page_at_work_is_not_forgotten() -> None:
    manager = await _remembered("ab")
    async with manager.modify_state(token("a")):
        assert tabs.forget(manager, (), kept=0) == 1
        assert set(manager.states) == {"a"}
    assert tabs.forget(manager, (), kept=0) == 1
    await manager.close()  # type: ignore[no-untyped-call]


async def test_what_was_forgotten_begins_anew() -> None:
    manager = await _remembered("a")
    root = await manager.get_state(token("a"))
    (await root.get_state(Page)).said = "before"
    await asyncio.sleep(0)
    tabs.forget(manager, (), kept=0)
    again = await manager.get_state(token("a"))
    assert (await again.get_state(Page)).said == ""
    await manager.close()  # type: ignore[no-untyped-call]


async def test_a_page_that_was_folded_up_is_as_it_was() -> None:
    manager = await _remembered("ab")
    root = await manager.get_state(token("a"))
    page, part = await root.get_state(Page), await root.get_state(Part)
    page.said, page._known, part.words = "before", {"x": [1, 2]}, ["one", "two"]
    assert part.many == 2
    for one in tabs.resting(manager, {"b"}, 0):
        manager.fold(one)
    assert set(manager.states) == {"b"}
    assert set(manager.folded) == {"a"}
    again = await manager.get_state(token("a"))
    page, part = await again.get_state(Page), await again.get_state(Part)
    assert (page.said, page._known, part.words, part.many) == ("before", {"x": [1, 2]}, ["one", "two"], 2)
    part.words = [*part.words, "three"]
    assert part.many == 3
    assert not manager.folded
    await manager.close()  # type: ignore[no-untyped-call]


async def test_only_what_rests_is_folded_up() -> None:
    manager = await _remembered("abc")
    async with manager.modify_state(token("a")):
        assert [one.ident for one in tabs.resting(manager, {"b"}, 0)] == ["c"]
    assert not list(tabs.resting(manager, (), 60))
    await manager.close()  # type: ignore[no-untyped-call]


async def test_a_page_that_cannot_be_folded_stays(caplog: pytest.LogCaptureFixture) -> None:
    manager = await _remembered("a")
    root = await manager.get_state(token("a"))
    vars(await root.get_state(Page))["_known"] = {"x": lambda: None}
    for _ in range(2):
        manager.fold(token("a"))
    assert set(manager.states) == {"a"}
    assert not manager.folded
    assert caplog.text.count("stays as it is") == 1
    await manager.close()  # type: ignore[no-untyped-call]


async def test_what_is_folded_up_is_forgotten_with_the_others() -> None:
    manager = await _remembered("ab")
    manager.fold(token("a"))
    assert tabs.forget(manager, (), kept=1) == 1
    assert not manager.folded
    assert set(manager.states) == {"b"}
    await manager.close()  # type: ignore[no-untyped-call]


async def test_the_sites_own_pages_can_be_folded_up() -> None:
    import_module("memicos_app.memicos_app")
    manager = tabs.Pages()
    whole = BaseStateToken(ident="whole", cls=rx.State)
    fresh = (await manager.get_state(whole)).dict()
    assert len(fresh) > 50, "the states of all pages"
    manager.fold(whole)
    assert (await manager.get_state(whole)).dict() == fresh
    await manager.close()  # type: ignore[no-untyped-call]
