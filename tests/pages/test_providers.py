"""The page of providers: keys go in and never come out, and a short question tells whether they work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from memicos_app.pages.providers import ProvidersState
from memicos_app.settings import get_settings
from tests.chat.server import ChatServer
from tests.pages.events import Visitor, visitor

KEY = "sk-mine-000000000000000000abcd"


@pytest.fixture
async def owner(
    chat_server: ChatServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Visitor]:
    """The owner, who opened the page on a site with a server of one's own."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    async with visitor("a", "b", "0") as one:
        await one.cause(ProvidersState.load)
        yield one


def row(owner: Visitor, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in owner.shown["rows"] if one["name"] == name)
    return found


async def test_providers_are_listed_with_what_they_need(
    owner: Visitor, chat_server: ChatServer, tmp_path: Path
) -> None:
    assert [one["name"] for one in owner.shown["rows"]] == ["local", "openai", "openrouter", "anthropic", "google"]
    local = row(owner, "local")
    assert (local["state"], local["usable"], local["models"]) == ("needs no key", True, [chat_server.model])
    openai = row(owner, "openai")
    assert (openai["state"], openai["usable"]) == ("no key", False)
    assert openai["key"] == "No key: give one here, or set OPENAI_API_KEY."
    assert owner.shown["sealed_with"] == str(tmp_path / "secrets.key")


async def test_a_key_goes_in_and_only_its_end_comes_out(owner: Visitor) -> None:
    sent = await owner.cause(ProvidersState.keep({"provider": "openai", "key": KEY}))
    assert row(owner, "openai")["key"].startswith("A key of your own ending in …abcd, kept here since ")
    assert (owner.shown["said_of"], owner.shown["went_well"], owner.shown["round"]) == ("openai", True, 1)
    sent += await owner.cause(ProvidersState.load)
    assert "000000abcd" not in repr(sent)
    await owner.cause(ProvidersState.forget("openai"))
    assert row(owner, "openai")["state"] == "no key"
    await owner.cause(ProvidersState.forget("openai"))
    assert not owner.shown["went_well"]
    assert "No key of your own" in owner.shown["said"]


async def test_what_is_no_key_is_refused_and_the_field_stays(owner: Visitor) -> None:
    await owner.cause(ProvidersState.keep({"provider": "openai", "key": "two words"}))
    assert (owner.shown["went_well"], owner.shown.get("round", 0)) == (False, 0)
    assert "without spaces" in owner.shown["said"]


async def test_a_question_tells_whether_it_works(owner: Visitor, chat_server: ChatServer) -> None:
    await owner.cause(ProvidersState.try_model({"provider": "local", "model": chat_server.model}))
    assert owner.shown["went_well"], owner.shown["said"]
    assert owner.shown["said"].startswith("Answered in ")
    assert "$0.000000" in owner.shown["said"]
    assert (owner.shown["trying"], len(chat_server.asked())) == ("", 1)
    chat_server.told(key=KEY)
    await owner.cause(ProvidersState.try_model({"provider": "local", "model": chat_server.model}))
    assert not owner.shown["went_well"]
    await owner.cause(ProvidersState.keep({"provider": "local", "key": KEY}))
    await owner.cause(ProvidersState.try_model({"provider": "local", "model": chat_server.model}))
    assert owner.shown["went_well"], owner.shown["said"]
    await owner.cause(ProvidersState.try_model({"provider": "openai", "model": "gpt-4o-mini"}))
    assert "There is no key for OpenAI" in owner.shown["said"]


async def test_on_a_public_site_nobody_learns_or_changes_anything(
    owner: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    async with visitor("a", "b", "0") as stranger:
        await stranger.cause(ProvidersState.load)
        assert not stranger.shown.get("rows")
        assert not stranger.shown.get("may_edit")
        for event in (
            ProvidersState.keep({"provider": "openai", "key": KEY}),
            ProvidersState.forget("openai"),
            ProvidersState.try_model({"provider": "local", "model": "m"}),
        ):
            await stranger.cause(event)
            assert stranger.sent_to_sign_in()
            assert not stranger.shown.get("rows")
