"""Closed pages are forgotten, the longest unused first; what is open or at work stays."""

from __future__ import annotations

import asyncio

import reflex as rx
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken

from memicos_app.site import tabs


class Page(rx.State):
    """What a page holds."""

    said: str = ""


def token(name: str) -> BaseStateToken:
    return BaseStateToken(ident=name, cls=Page)


async def _remembered(names: str) -> StateManagerMemory:
    manager = StateManagerMemory()  # type: ignore[abstract]
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
