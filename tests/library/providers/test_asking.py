"""Questions to a real server: answers, log-probabilities, costs, faults that pass and faults that do not."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library.providers import (
    Answer,
    BudgetSpent,
    ChatModel,
    Ledger,
    Message,
    ProviderError,
    ask,
    models,
    pace,
)
from memicos_app.library.query import row, rows
from memicos_app.settings import get_settings
from tests.chat.server import KEY, ChatServer

PARIS = [Message("user", "What is the capital of France? Answer with one word.")]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
def model(chat_server: ChatServer, database: str) -> ChatModel:
    return ChatModel("local", chat_server.model)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own; to be asked for before other fixtures read the settings."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    return tmp_path


async def say(model: ChatModel, ledger: Ledger | None = None, **options: Any) -> Answer:
    options = {"temperature": 0.0, "max_tokens": 8, **options}
    return await ask(model, PARIS, ledger=ledger or Ledger("test"), about="m/s/1", **options)


async def test_the_model_really_answers(model: ChatModel) -> None:
    answer = await say(model)
    assert "Paris" in answer.text
    assert answer.tokens_in is not None
    assert answer.tokens_in > 10
    assert answer.cost_usd == 0.0, "a server of one's own is priced 0 in models.toml"
    call = await row("SELECT state, purpose, subject, answer, tokens_in, tokens_out, user_id FROM provider_calls")
    assert call == {
        "state": "answered",
        "purpose": "test",
        "subject": "m/s/1",
        "answer": answer.text,
        "tokens_in": answer.tokens_in,
        "tokens_out": answer.tokens_out,
        "user_id": "owner",
    }


async def test_log_probabilities_are_the_models(model: ChatModel) -> None:
    answer = await say(model, logprobs=True, top_logprobs=3, max_tokens=3)
    assert answer.logprobs
    first = answer.logprobs[0]
    assert first.logprob <= 0
    assert len(first.top) == 3
    assert first.top[0] == (first.token, pytest.approx(first.logprob)), "greedy: the likeliest was chosen"
    assert "".join(one.token for one in answer.logprobs) == answer.text


async def test_a_seed_gives_the_same_answer(model: ChatModel) -> None:
    first, second = [await say(model, temperature=1.0, seed=5) for _ in range(2)]
    assert first.text == second.text


async def test_models_of_the_local_server_are_listed(model: ChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await models() == [model]
    monkeypatch.setenv("CHAT_MODELS", "one,two")
    get_settings.cache_clear()
    assert [one.name for one in await models()] == ["one", "two"]
    monkeypatch.setenv("CHAT_BASE_URL", "")
    get_settings.cache_clear()
    assert await models() == []
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-xxxxxxxxxxxx")
    get_settings.cache_clear()
    assert {one.provider for one in await models()} == {"anthropic"}


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 503}, {"cut": True}, {"status": 429, "headers": {"Retry-After": "0"}}]
)
async def test_what_passes_is_asked_again(model: ChatModel, chat_server: ChatServer, fault: dict[str, Any]) -> None:
    chat_server.told(fault, fault)
    assert "Paris" in (await say(model)).text
    found = await row("SELECT state, attempts FROM provider_calls")
    assert found == {"state": "answered", "attempts": 3}


async def test_retry_after_holds_every_call_of_the_key(model: ChatModel, chat_server: ChatServer) -> None:
    chat_server.told({"status": 429, "headers": {"Retry-After": "1"}}, always={"say": "x"})
    async with Ledger("test") as ledger:
        first = asyncio.create_task(say(model, ledger))
        while not pace.pace("local", "").wait_s:
            await asyncio.sleep(0.01)
        await asyncio.gather(first, *(say(model, ledger) for _ in range(3)))
    times = [one["at"] for one in chat_server.asked()]
    assert len(times) == 5
    assert min(times[1:]) - times[0] >= 0.99


async def test_rate_limit_headers_are_obeyed(model: ChatModel, chat_server: ChatServer) -> None:
    spare = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "700ms"}
    chat_server.told({"say": "x", "headers": spare}, always={"say": "x"})
    async with Ledger("test") as ledger:
        await say(model, ledger)
        await say(model, ledger)
    first, second = [one["at"] for one in chat_server.asked()]
    assert second - first >= 0.65


async def test_a_provider_that_wants_long_rest_is_not_waited_for(model: ChatModel, chat_server: ChatServer) -> None:
    chat_server.told(always={"status": 429, "headers": {"Retry-After": "4000"}})
    began = time.monotonic()
    with pytest.raises(ProviderError) as error:
        await say(model)
    assert (error.value.kind, error.value.retry_after) == ("rate", 4000)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("fault", "kind", "final", "calls"),
    [
        ({"status": 401}, "key", True, 1),
        ({"status": 429, "code": "insufficient_quota"}, "key", True, 1),
        ({"status": 400, "message": "too long"}, "refused", False, 1),
        ({"status": 404}, "refused", True, 1),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}, "refused", True, 1),
        ({"status": 500}, "unreachable", False, 6),
        ({"raw": "<html>", "type": "text/html"}, "bad_answer", False, 1),
        ({"raw": "{}"}, "bad_answer", False, 1),
        ({"raw": '{"choices": []}'}, "bad_answer", False, 1),
    ],
)
async def test_kinds_of_failure(
    model: ChatModel, chat_server: ChatServer, fault: dict[str, Any], kind: str, final: bool, calls: int
) -> None:
    chat_server.told(always=fault)
    with pytest.raises(ProviderError) as error:
        await say(model)
    assert (error.value.kind, error.value.final) == (kind, final)
    assert len(chat_server.asked()) == calls
    found = await row("SELECT state, error_kind, error, cost_usd FROM provider_calls")
    assert found == {"state": "failed", "error_kind": kind, "error": error.value.message, "cost_usd": None}


async def test_a_server_that_is_not_there(model: ChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_BASE_URL", "http://127.0.0.1:9/v1")
    get_settings.cache_clear()
    with pytest.raises(ProviderError, match="cannot be reached") as error:
        await say(model)
    assert error.value.kind == "unreachable"
    assert await models() == []


async def test_only_the_settings_host_may_be_private(
    model: ChatModel, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider's own host that leads inside, as by a poisoned name server, is not asked."""
    from memicos_app.library.providers import endpoints

    inside = endpoints.Provider("inside", "Inside", chat_server.url, "openai_api_key", keyless=True)
    monkeypatch.setattr(endpoints, "_FIXED", (inside,))
    with pytest.raises(ProviderError, match="no address of the public internet") as error:
        await say(ChatModel("inside", "x"))
    assert (error.value.kind, error.value.final) == ("refused", True)
    assert chat_server.asked() == []


async def test_without_a_key_nobody_is_asked(model: ChatModel) -> None:
    with pytest.raises(ProviderError, match="set OPENAI_API_KEY") as error:
        await say(ChatModel("openai", "gpt-4o-mini"))
    assert error.value.kind == "key"
    assert await rows("SELECT id FROM provider_calls") == []


async def test_a_key_is_never_told(
    model: ChatModel, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The server repeats the key in its refusal; logs are at their most talkative."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CHAT_API_KEY", KEY)
    get_settings.cache_clear()
    chat_server.told(key="another")
    with pytest.raises(ProviderError) as error:
        await say(model)
    assert chat_server.asked()[0]["authorization"] == f"Bearer {KEY}", "it was really sent"
    assert "…WXYZ" in error.value.message, "the server's sentence, without the key"
    written = await row("SELECT error FROM provider_calls")
    told = [error.value.message, str(written), repr(get_settings()), caplog.text]
    told += [str(record.exc_info) for record in caplog.records]
    assert all(KEY not in text for text in told)


async def test_a_budget_is_kept(data_dir: Path, model: ChatModel) -> None:
    (data_dir / "models.toml").write_text('[local]\n"*" = { input = 1000.0, output = 1000.0 }\n')
    ledger = Ledger("test", budget_usd=0.25)
    answer = await say(model, ledger)
    assert answer.tokens_in is not None
    assert answer.tokens_out is not None
    assert answer.cost_usd == pytest.approx((answer.tokens_in + answer.tokens_out) / 1000)
    assert ledger.spent.cost_usd == pytest.approx(answer.cost_usd)
    with pytest.raises(BudgetSpent, match="are spent, and the next call could cost"):
        for _ in range(5):
            await say(model, ledger)
    assert ledger.spent.cost_usd <= 0.25


async def test_calls_side_by_side_do_not_pass_the_budget_together(data_dir: Path, model: ChatModel) -> None:
    (data_dir / "models.toml").write_text('[local]\n"*" = { input = 1000.0, output = 1000.0 }\n')
    async with Ledger("test", budget_usd=0.25) as ledger:
        ends = await asyncio.gather(*(say(model, ledger) for _ in range(6)), return_exceptions=True)
        assert {type(one) for one in ends} == {Answer, BudgetSpent}
        assert ledger.spent.cost_usd <= 0.25


async def test_an_unknown_price_is_unknown(data_dir: Path, model: ChatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    from memicos_app.library.providers import prices

    empty = data_dir / "none.toml"
    empty.touch()
    monkeypatch.setattr(prices, "SHIPPED", empty)
    ledger = Ledger("test")
    assert (await say(model, ledger)).cost_usd is None
    assert (ledger.spent.cost_usd, ledger.spent.unpriced) == (0.0, 1)
    with pytest.raises(BudgetSpent, match="price is unknown"):
        await say(model, Ledger("test", budget_usd=1.0))


async def test_who_stops_waiting_leaves_a_lost_call(model: ChatModel, chat_server: ChatServer) -> None:
    chat_server.told(always={"say": "x", "delay": 30})
    task = asyncio.create_task(say(model))
    while not chat_server.asked():
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await row("SELECT state FROM provider_calls") == {"state": "lost"}
