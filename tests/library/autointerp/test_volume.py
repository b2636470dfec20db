"""Many features: what is chosen, what it would take, budgets, stops, and kill -9 in the middle."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library import explanations
from memicos_app.library.autointerp import volume
from memicos_app.library.autointerp.choosing import Wanted, chosen, estimate
from memicos_app.library.autointerp.explaining import question
from memicos_app.library.autointerp.volume import run
from memicos_app.library.errors import BadInputError, ConflictError, NotFoundError, UnavailableError
from memicos_app.library.providers import ChatModel, ProviderError, pace, runs
from memicos_app.library.providers.asking import most_usd
from memicos_app.library.query import row, rows, run_in, writing
from memicos_app.library.watch import Level, Stopped
from memicos_app.settings import ROOT, get_settings
from tests.chat.server import ChatServer
from tests.db.servers import wait_for_locks
from tests.library.autointerp.conftest import WORDS, name
from tests.library.datasets.folder import MODEL, SOURCE, Folder

FINE = {"say": "Explanation: things"}


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FIRST_PAUSE_S", 0.001)


@pytest.fixture
def wanted(source: Folder, chat_server: ChatServer) -> Wanted:
    chat_server.told(always=FINE)
    return Wanted(MODEL, SOURCE, "np_max-act", ChatModel("local", chat_server.model), concurrency=2)


def asked_about(server: ChatServer) -> Counter[str]:
    """How often each word's feature was asked about."""
    texts = [one["messages"][-1]["content"] for one in server.asked()]
    return Counter(word for text in texts for word in WORDS if f" {word}" in text)


async def explained() -> list[int]:
    found = await rows("SELECT index FROM explanations ORDER BY index")
    return [one["index"] for one in found]


class Watcher:
    """Keeps what is told; stops after so many checkpoints."""

    def __init__(self, stop_after: int = 1_000_000) -> None:
        self.lines: list[str] = []
        self.told: list[tuple[float, float]] = []
        self.left = stop_after

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        self.told.append((done, total))

    def log(self, text: str, level: Level = "info") -> None:
        self.lines.append(text)

    async def checkpoint(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped("pause")


async def test_what_is_chosen(wanted: Wanted) -> None:
    assert await chosen(wanted) == list(range(len(WORDS))), "live ones with examples"
    assert await chosen(replace(wanted, indices=(1, 3, 8, 99))) == [1, 3]
    assert await chosen(replace(wanted, max_features=2)) == [0, 1]
    with pytest.raises(NotFoundError):
        await chosen(replace(wanted, source_id="9-none"))
    await run(replace(wanted, indices=(0, 1)))
    assert await chosen(wanted) == [2, 3, 4, 5, 6, 7], "those that lack one by this explainer and model"
    assert len(await chosen(replace(wanted, replace=True))) == 8
    assert len(await chosen(replace(wanted, type_name="eleuther_acts_top20"))) == 8
    assert len(await chosen(replace(wanted, model=ChatModel("local", "other")))) == 8


async def test_a_whole_source(wanted: Wanted, chat_server: ChatServer) -> None:
    chat_server.told(always={**FINE, "delay": 0.2})
    watch = Watcher()
    done = await run(wanted, watch)
    assert (done.explained, done.failed, done.total, done.asked_again, done.why) == (8, 0, 8, 0, "")
    assert await explained() == list(range(8))
    assert asked_about(chat_server) == dict.fromkeys(WORDS, 1), "one feature a call, each once"
    assert chat_server.most_busy() == 2, "as many at once as were asked for"
    assert watch.told[-1] == (8, 8)
    assert await row("SELECT n_explained, n_explanations FROM sources") == {"n_explained": 8, "n_explanations": 8}
    labels = await rows("SELECT DISTINCT description FROM feature_labels")
    assert [one["description"] for one in labels] == ["things"]
    view = (await runs.runs("explain", f"{MODEL}/{SOURCE}"))[0]
    assert (view.state, view.total, view.done, view.spent.calls, view.spent.tokens_in) == ("done", 8, 8, 8, 80)
    again = await run(wanted)
    assert (again.explained, again.total) == (0, 0), "nothing is left to do"


async def test_replacing(wanted: Wanted, chat_server: ChatServer) -> None:
    await run(wanted)
    chat_server.told(always={"say": "Explanation: other things"})
    done = await run(replace(wanted, replace=True))
    assert done.explained == 8
    assert await explained() == list(range(8))
    assert {one.description for one in await explanations.for_feature(MODEL, SOURCE, 3)} == {"other things"}


async def test_an_estimate_before(wanted: Wanted, chat_server: ChatServer) -> None:
    found = await estimate(wanted)
    assert (found.features, found.cost_usd, found.seconds, found.measured) == (8, 0.0, None, False)
    assert 8 * 300 < found.tokens_in < 8 * 900
    assert chat_server.asked() == [], "nobody was asked"
    await run(replace(wanted, indices=(0,)))
    again = await estimate(wanted)
    assert (again.features, again.tokens_out, again.measured) == (7, 7 * 5, True)
    assert again.seconds is not None
    unknown = replace(wanted, model=ChatModel("openrouter", "some/model"))
    assert (await estimate(unknown)).cost_usd is None, "no price is known, and none is made up"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"concurrency": 0}, "concurrency"),
        ({"max_features": 0}, "max_features"),
        ({"budget_usd": 0.0}, "budget_usd"),
        ({"budget_usd": float("nan")}, "budget_usd"),
    ],
)
async def test_what_cannot_be_asked_for(wanted: Wanted, change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInputError) as error:
        await run(replace(wanted, **change))
    assert error.value.field == field


async def test_a_budget_ends_it(wanted: Wanted, chat_server: ChatServer) -> None:
    """What a call could cost at most is set aside before: its real cost here is far lower."""
    (get_settings().data_dir / "models.toml").write_text('[local]\n"*" = { input = 1000.0, output = 1000.0 }\n')
    asked = await question(name(0), wanted.type_name)
    most = most_usd(wanted.model, asked.messages, asked.prompt.max_tokens)
    assert most is not None
    budget = most + 0.05
    done = await run(replace(wanted, budget_usd=budget, concurrency=1))
    assert 0 < done.explained < 8
    assert "the next call could cost" in done.why
    assert done.spent.cost_usd == pytest.approx(0.015 * done.explained)
    assert done.spent.cost_usd <= budget
    assert (await runs.run(done.run_id)).state == "budget"
    more = await run(wanted)
    assert more.explained == 8 - done.explained, "another run goes on with what is left"


async def test_bad_answers_are_failures_and_not_asked_again(wanted: Wanted, chat_server: ChatServer) -> None:
    chat_server.told({"say": "no idea"}, {"status": 400}, always=FINE)
    watch = Watcher(stop_after=4)
    with pytest.raises(Stopped):
        await run(replace(wanted, concurrency=1), watch)
    done = await run(replace(wanted, concurrency=1))
    assert (done.explained, done.failed, done.total) == (6, 2, 8)
    assert asked_about(chat_server) == dict.fromkeys(WORDS, 1)
    assert await explained() == [2, 3, 4, 5, 6, 7]
    kinds = await rows("SELECT error_kind FROM provider_calls WHERE state = 'failed' ORDER BY id")
    assert [one["error_kind"] for one in kinds] == ["bad_answer", "refused"]
    retried = await run(wanted)
    assert retried.explained == 2, "a new run asks about them again"


async def test_a_stop_waits_for_answers_under_way(wanted: Wanted, chat_server: ChatServer) -> None:
    chat_server.told(always={**FINE, "delay": 0.05})
    with pytest.raises(Stopped):
        await run(wanted, Watcher(stop_after=3))
    assert await explained() == [0, 1, 2]
    assert await rows("SELECT id FROM provider_calls WHERE state <> 'used'") == []
    assert (await run(wanted)).explained == 8, "all of the run, before the stop and after"
    assert asked_about(chat_server) == dict.fromkeys(WORDS, 1)


async def test_a_provider_that_is_away_is_worth_trying_again(wanted: Wanted, chat_server: ChatServer) -> None:
    chat_server.told(FINE, always={"status": 500})
    with pytest.raises(UnavailableError, match="answers 500"):
        await run(replace(wanted, concurrency=1))
    chat_server.told(always=FINE)
    done = await run(wanted)
    assert (done.explained, done.failed) == (8, 0)


async def test_a_refused_key_ends_it_at_once(wanted: Wanted, chat_server: ChatServer) -> None:
    chat_server.told(always={"status": 401})
    with pytest.raises(ProviderError) as error:
        await run(wanted)
    assert error.value.kind == "key"
    assert len(chat_server.asked()) <= 2


async def test_failure_after_failure_ends_it(
    wanted: Wanted, chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "MOST_IN_A_ROW", 3)
    chat_server.told(always={"say": "what?"})
    with pytest.raises(ProviderError, match="3 features in a row failed"):
        await run(replace(wanted, concurrency=1))
    assert len(chat_server.asked()) == 3


async def test_one_process_at_a_time(wanted: Wanted, chat_server: ChatServer) -> None:
    chat_server.told(always={**FINE, "delay": 0.3})
    first = asyncio.create_task(run(wanted))
    while not chat_server.asked():
        await asyncio.sleep(0.02)
    with pytest.raises(ConflictError, match="another process"):
        await run(wanted)
    assert (await first).explained == 8


async def test_killed_again_and_again_nothing_is_lost_or_repeated(
    wanted: Wanted, chat_server: ChatServer, short_prompt: None, tmp_path: Path
) -> None:
    """kill -9 of real commands while the real model answers; only what was being asked then is asked twice."""
    chat_server.told()
    kills = 0
    for enough in (2, 5):
        kills += _killed(chat_server, enough, tmp_path)
    done = await run(wanted)
    counts = asked_about(chat_server)
    assert kills == 2
    assert set(counts) == set(WORDS)
    assert done.asked_again <= kills * wanted.concurrency
    repeated = sum(counts.values()) - len(WORDS)
    assert 0 <= repeated <= done.asked_again, "what was asked twice was in the air, and is counted"
    assert done.total == len(WORDS)
    assert done.explained + done.failed == len(WORDS)
    assert len(await explained()) == len(set(await explained())) == done.explained
    states = await rows("SELECT state, count(*) AS n FROM provider_calls GROUP BY state ORDER BY state")
    found = {one["state"]: one["n"] for one in states}
    assert found.get("lost", 0) == done.asked_again
    assert found["used"] == done.explained
    assert (await runs.run(done.run_id)).state == "done"


def _killed(server: ChatServer, enough: int, folder: Path) -> int:
    """Begin the command and kill it once the server was asked so often; 1 where it was still at work."""
    command = [sys.executable, "-m", "memicos_app.cli", "explain", MODEL, SOURCE]
    options = ["--model", f"local:{server.model}", "--concurrency", "2"]
    with (folder / "explain.log").open("ab") as log:
        process = subprocess.Popen([*command, *options], cwd=ROOT, env=dict(os.environ), stdout=log, stderr=log)
    deadline = time.monotonic() + 240
    while len(server.asked()) < enough and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None, (folder / "explain.log").read_text()
    process.send_signal(signal.SIGKILL)
    died = process.wait() == -signal.SIGKILL
    wait_for_locks(os.environ["DATABASE_URL"])
    return int(died)


async def test_an_answer_that_was_paid_for_is_used_after_the_kill(wanted: Wanted, chat_server: ChatServer) -> None:
    """The moment between the answer's arrival and its explanation: the ledger has it."""
    with pytest.raises(Stopped):
        await run(replace(wanted, concurrency=1), Watcher(stop_after=1))
    found = await rows("SELECT id FROM provider_calls")
    async with writing() as writer:
        await run_in(writer, "DELETE FROM explanations")
        await run_in(
            writer,
            "UPDATE provider_calls SET state = 'answered', answer = 'Explanation: paid' WHERE id = :id",
            id=found[0]["id"],
        )
        await writer.commit()
    done = await run(wanted)
    assert done.explained == 8
    assert asked_about(chat_server) == dict.fromkeys(WORDS, 1)
    assert (await explanations.for_feature(MODEL, SOURCE, 0))[0].description == "paid"
