"""A model asked about a feature from its page: what it says while it waits, what is kept, and what cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from memicos_app.components.ask_model import EXPLAIN
from memicos_app.library.embedders import soon
from memicos_app.library.providers import pace
from memicos_app.library.query import rows
from memicos_app.pages.feature import FeatureState
from memicos_app.settings import get_settings
from tests.api.dataset import MODEL, SOURCE
from tests.chat.server import ChatServer
from tests.pages.events import Visitor, visitor

WAY = "np_max-act"


@pytest.fixture
async def reader(imported: str, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visitor]:
    """A visitor who opened feature 10 and the form."""
    monkeypatch.setenv("CHAT_MODELS", chat_server.model)
    get_settings.cache_clear()
    async with visitor(MODEL, SOURCE, "10") as one:
        await one.cause(FeatureState.load)
        await one.cause(FeatureState.open_asking(EXPLAIN))
        yield one
    await soon.settled()


def form(chat_server: ChatServer, **more: str) -> dict[str, str]:
    return {"way": WAY, "model": f"local:{chat_server.model}", **more}


async def test_the_form_knows_the_ways_and_the_models(reader: Visitor, chat_server: ChatServer) -> None:
    shown = reader.shown
    assert (shown["asking_for"], shown["way"], shown["models_known"]) == (EXPLAIN, WAY, True)
    assert "eleuther_acts_top20" in [one["name"] for one in shown["ways"]]
    assert shown["chat_models"] == [f"local:{chat_server.model}"]
    assert shown["first_model"] == f"local:{chat_server.model}"
    before = shown["way_words"]
    await reader.cause(FeatureState.choose_way("oai_token-act-pair"))
    assert shown["way_words"] not in ("", before)


async def test_an_answer_becomes_an_explanation_and_again_only_in_its_place(
    reader: Visitor, chat_server: ChatServer
) -> None:
    chat_server.told(always={"say": "Explanation: <b>accents</b>"})
    sent = await reader.cause(FeatureState.ask_now(form(chat_server)))
    steps = [values["step"] for one in sent for values in one.values() if "step" in values]
    assert (steps[0], steps[-1]) == (f"Asking local:{chat_server.model}", "")
    assert reader.shown["ask_problem"] == ""
    assert reader.shown["ask_done"].startswith("Explained in ")
    line = next(one for one in reader.shown["shown"].explanations if one.id == reader.shown["fresh"])
    assert (line.text, line.by, line.version, line.made_here) == ("<b>accents</b>", chat_server.model, "v1", True)
    assert line.kind_href == f"/explanation-type/{WAY}"

    await reader.cause(FeatureState.ask_now(form(chat_server)))
    assert reader.shown["ask_replace"]
    assert "already" in reader.shown["ask_problem"]
    chat_server.told(always={"say": "Explanation: letters with accents"})
    await reader.cause(FeatureState.ask_now(form(chat_server, replace="yes")))
    texts = [one.text for one in reader.shown["shown"].explanations]
    assert sorted(texts) == ["<b>feature 10</b>", "letters with accents"]


async def test_what_went_wrong_is_said_and_nothing_is_kept(reader: Visitor, chat_server: ChatServer) -> None:
    await reader.cause(FeatureState.choose_way("eleuther_acts_top20"))
    before = len(reader.shown["shown"].explanations)
    chat_server.told(always={"say": "I would rather not."})
    await reader.cause(FeatureState.ask_now(form(chat_server, way="eleuther_acts_top20")))
    assert (reader.shown["step"], reader.shown["ask_needs_key"]) == ("", False)
    assert reader.shown["ask_problem"]
    await reader.cause(FeatureState.ask_now({"way": WAY, "model": "openai:gpt-4o-mini"}))
    assert "There is no key for OpenAI" in reader.shown["ask_problem"]
    assert reader.shown["ask_needs_key"]
    assert len(reader.shown["shown"].explanations) == before


async def test_a_question_can_be_stopped(
    reader: Visitor, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FIRST_PAUSE_S", 0.01)
    chat_server.told(always={"say": "Explanation: late", "delay": 30})
    running = asyncio.create_task(reader.cause(FeatureState.ask_now(form(chat_server, replace="yes"))))
    async with asyncio.timeout(20):
        while not chat_server.asked():
            await asyncio.sleep(0.02)
    await reader.cause(FeatureState.ask_now({}))
    with suppress(asyncio.CancelledError):
        await running
    assert reader.shown["step"] == ""
    async with asyncio.timeout(20):
        while await last_call() != "lost":
            await asyncio.sleep(0.02)


async def last_call() -> str:
    found = await rows("SELECT state FROM provider_calls ORDER BY id DESC LIMIT 1")
    return str(found[0]["state"])


async def test_a_stranger_asks_nothing(
    imported: str, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    async with visitor(MODEL, SOURCE, "10") as one:
        await one.cause(FeatureState.load)
        await one.cause(FeatureState.open_asking(EXPLAIN))
        assert not one.shown.get("chat_models")
        await one.cause(FeatureState.ask_now(form(chat_server)))
        assert one.sent_to_sign_in()
    assert chat_server.asked() == []
    get_settings.cache_clear()


async def test_a_judgement_that_cannot_be_says_why(reader: Visitor) -> None:
    await reader.cause(FeatureState.open_asking("explanation-10"))
    assert "eleuther_embedding" in [one["name"] for one in reader.shown["ways"]]
    await reader.cause(FeatureState.choose_way("eleuther_embedding"))
    assert not reader.shown["way_asks"]
    await reader.cause(FeatureState.ask_now({"way": "eleuther_embedding", "n": "5", "seed": "0"}))
    assert "stored examples in which it fires" in reader.shown["ask_problem"]
    await reader.cause(FeatureState.ask_now({"way": "eleuther_embedding", "n": "many"}))
    assert reader.shown["ask_problem"] == "“many” is no whole number from 0 on."
