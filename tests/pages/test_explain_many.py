"""The page for explaining many: checked and estimated as one types, begun as a job, listed with what it cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from memicos_app.library import jobs
from memicos_app.library.autointerp import volume
from memicos_app.library.autointerp.asked import wanted
from memicos_app.pages import explain_many
from memicos_app.pages.explain_many import VolumeState
from memicos_app.settings import get_settings
from tests.api.dataset import MODEL, SOURCE
from tests.chat.server import ChatServer
from tests.pages.events import Visitor, visitor

SUBJECT = f"{MODEL}/{SOURCE}"


@pytest.fixture
async def owner(imported: str, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visitor]:
    """The owner, who opened the page for the source."""
    monkeypatch.setenv("CHAT_MODELS", chat_server.model)
    get_settings.cache_clear()
    async with visitor("a", "b", "0", source=SUBJECT) as one:
        await one.cause(VolumeState.load)
        yield one


async def test_what_it_would_take_is_told_before(owner: Visitor, chat_server: ChatServer) -> None:
    shown = owner.shown
    assert (shown["sources"], shown["problem"]) == ([SUBJECT], "")
    assert shown["begin_with"]["explainer"] == f"local:{chat_server.model}"
    facts = dict(shown["facts"])
    assert (facts["features"], facts["cost"]) == ("3", "about $0")
    assert shown["question"][0][0] == "system"
    assert "cat" in shown["question"][-1][1]
    await owner.cause(VolumeState.typed("indices", "10"))
    assert dict(owner.shown["facts"])["features"] == "1"
    assert chat_server.asked() == [], "nobody is asked anything before it begins"


async def test_nothing_that_is_typed_is_lost_to_what_is_typed_next(owner: Visitor) -> None:
    """Fields are told one right behind the other; only the estimates give way to each other."""
    events = [VolumeState.typed("indices", "0,10"), VolumeState.typed("concurrency", "900")]
    await asyncio.gather(*(owner.cause(one) for one in events), return_exceptions=True)
    assert "Between 1 and 64" in owner.shown["wrong"]["concurrency"]
    await owner.cause(VolumeState.typed("concurrency", "1"))
    assert dict(owner.shown["facts"])["features"] == "2"


@pytest.mark.parametrize(
    ("name", "typed"),
    [("indices", "ten"), ("budget_usd", "-1"), ("concurrency", "900"), ("max_features", "0"), ("explainer", "")],
)
async def test_what_is_wrong_is_said_at_its_field(owner: Visitor, name: str, typed: str) -> None:
    await owner.cause(VolumeState.typed(name, typed))
    assert owner.shown["wrong"][name]
    assert owner.shown["facts"] == []


async def test_a_late_answer_for_earlier_words_is_dropped(owner: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asyncio.Event()
    later = asyncio.Event()
    told = explain_many.preview

    async def slow_for_all(values: dict[str, str], what: str) -> Any:
        if not values["indices"]:
            asked.set()
            await later.wait()
        return await told(values, what)

    monkeypatch.setattr(explain_many, "preview", slow_for_all)
    first = asyncio.create_task(owner.cause(VolumeState.load))
    await asked.wait()
    await owner.cause(VolumeState.typed("indices", "0,10"))
    later.set()
    await first
    assert dict(owner.shown["facts"])["features"] == "2"
    assert not owner.shown["estimating"]


async def test_it_begins_as_a_job_and_is_listed_with_its_cost(owner: Visitor, chat_server: ChatServer) -> None:
    chat_server.told(always={"say": "Explanation: letters"})
    form = {"subject": SUBJECT, "type": "np_max-act", "explainer": f"local:{chat_server.model}", "budget_usd": "1"}
    await owner.cause(VolumeState.send(form | {"indices": "0,10"}))
    (path,) = owner.told("_redirect")
    job = await jobs.job(int(path.rpartition("/")[2]))
    assert (job.kind, job.subject, job.arguments["indices"]) == ("explain", SUBJECT, "0,10")

    await volume.run(wanted(**job.arguments))
    await owner.cause(VolumeState.follow)
    (row,) = owner.shown["runs"]
    assert (row["title"], row["state"], row["progress"]) == (f"Explain {SUBJECT}", "done", "2 of 2")
    assert row["cost"] == "$0 of $1.00"


async def test_judging_is_estimated_and_begun_too(owner: Visitor, chat_server: ChatServer) -> None:
    await owner.cause(VolumeState.choose("score"))
    assert (owner.shown["what"], owner.shown["begin_with"]["type"], owner.shown["asks"]) == (
        "score",
        "recall_alt",
        True,
    )
    assert dict(owner.shown["facts"])["explanations"]
    await owner.cause(VolumeState.typed("explainer", ""))
    assert owner.shown["wrong"]["explainer"]
    await owner.cause(VolumeState.typed("max_features", "0"))
    await owner.cause(VolumeState.typed("type", "eleuther_embedding"))
    assert not owner.shown["asks"]
    assert owner.shown["wrong"]["max_features"] == "At least one explanation has to be judged."
    await owner.cause(VolumeState.typed("max_features", "2"))
    assert dict(owner.shown["facts"])["cost"] == "nothing"
    form = {"subject": SUBJECT, "type": "eleuther_embedding", "max_features": "2", "concurrency": "8"}
    await owner.cause(VolumeState.send(form))
    (path,) = owner.told("_redirect")
    job = await jobs.job(int(path.rpartition("/")[2]))
    assert (job.kind, job.arguments["max_explanations"]) == ("score", "2")
    assert chat_server.asked() == []


async def test_vectors_are_asked_for_as_a_job(owner: Visitor) -> None:
    await owner.cause(VolumeState.index({"subject": SUBJECT}))
    (path,) = owner.told("_redirect")
    assert (await jobs.job(int(path.rpartition("/")[2]))).kind == "embed"


async def test_a_stranger_begins_nothing(imported: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    before = await jobs.jobs()
    async with visitor("a", "b", "0") as one:
        await one.cause(VolumeState.load)
        assert not one.shown.get("sources")
        await one.cause(VolumeState.send({"subject": SUBJECT, "explainer": "local:x"}))
        assert one.sent_to_sign_in()
        await one.cause(VolumeState.index({"subject": SUBJECT}))
        await one.cause(VolumeState.follow)
        assert not one.shown.get("runs")
    assert await jobs.jobs() == before
    get_settings.cache_clear()
