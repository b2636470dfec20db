"""What pages send to browsers of visitors and people: nothing of how the site is run, whatever is asked for."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import reflex as rx
from reflex.page import DECORATED_PAGES
from reflex.route import get_route_args
from reflex_base.event import EventHandler

from memicos_app.components import patience
from memicos_app.components.rights import needed
from memicos_app.library import activity, installation, jobs
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import OWNER, VISITOR, Person, set_person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.query import run_in, writing
from memicos_app.settings import get_settings
from tests.api.dataset import MODEL, SOURCE
from tests.pages.events import Visitor, visitor
from tests.people import BOB, EVE, settle_in
from tests.test_rights_matrix import OURS

CANARY = "kept-by-admins-7731"
ROLES = {"visitor": VISITOR, "person": BOB, "admin": EVE}
LOADS = [page for _, page in DECORATED_PAGES["memicos_app"] if page.get("on_load")]


def alone(handler: EventHandler) -> bool:
    """Whether nothing needs to be sent along."""
    asked = list(inspect.signature(handler.fn).parameters.values())[1:]
    return all(one.default is not inspect.Parameter.empty for one in asked)


READ = {name: one for name, one in OURS.items() if needed(one) in (Right.OPEN, Right.READ) and alone(one)}
"""Handlers that anybody may cause, and that need nothing to be sent along."""


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, role: str) -> Iterator[Person]:
    """A site for several behind a proxy on its own machine, looked at by somebody."""
    monkeypatch.setenv("ACCESS", "open")
    monkeypatch.setenv("HOST", "127.0.0.1")
    monkeypatch.setenv("INFERENCE_URLS", f"http://127.0.0.1:9/{CANARY}")
    monkeypatch.setenv("DATASET_ORIGINS", str(tmp_path / CANARY))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / CANARY))
    get_settings.cache_clear()
    monkeypatch.setattr(patience, "PATIENCE", 0.0)
    monkeypatch.setattr(rights, "somebody", lambda: ROLES[role])
    yield ROLES[role]
    set_person(OWNER)
    get_settings.cache_clear()


@pytest.fixture
async def tab(imported: str, hosted: Person) -> AsyncIterator[Visitor]:
    """A tab of theirs; there is a job, a report, and something that somebody did."""
    set_person(OWNER)
    async with writing() as writer:
        await run_in(writer, "DELETE FROM users WHERE id IN ('ann', 'bob', 'eve')")
        await writer.commit()
    await settle_in(BOB, EVE)
    await jobs.ask("verify", {"model": MODEL, "source": SOURCE}, title=f"Verify {CANARY}", subject=CANARY)
    await activity.note("thing.done", f"/{CANARY}", {"of": CANARY})
    async with writing() as writer:
        await run_in(
            writer,
            "INSERT INTO reports (id, kind, subject_id, reason) VALUES (:id, 'comment', 'c', :text) "
            "ON CONFLICT DO NOTHING",
            id="r1",
            text=CANARY,
        )
        await writer.commit()
    for page in LOADS:
        rx.State.setup_dynamic_args(get_route_args(page["route"]))
    async with visitor(MODEL, SOURCE, "0") as one:
        yield one


async def caused(tab: Visitor, event: Any) -> list[Any]:
    async with asyncio.timeout(20):
        with suppress(LibraryError):  # which the page would be told in words
            return list(await tab.cause(event))
    return []


async def everything(tab: Visitor) -> str:
    """All that the site sends for every page's load, and for what else anybody may ask."""
    sent = []
    for page in LOADS:
        asked = page["on_load"]
        for event in asked if isinstance(asked, list) else [asked]:
            sent += await caused(tab, event())
    for name in READ:
        sent += await caused(tab, OURS[name]())
    return json.dumps([*sent, [event.payload for event in tab.browser.told]], default=str)


@pytest.mark.parametrize("role", ["visitor", "person"])
async def test_it_stays_with_administrators(tab: Visitor) -> None:
    assert len(READ) > 50
    told = await everything(tab)
    for word in (CANARY, dict(installation.versions())["torch"], "pgvector", str(get_settings().data_dir)):
        assert word not in told, word


@pytest.mark.parametrize("role", ["admin"])
async def test_administrators_see_it(tab: Visitor) -> None:
    told = await everything(tab)
    for word in (f"Verify {CANARY}", f"/{CANARY}", dict(installation.versions())["torch"], "pgvector"):
        assert word in told, word
