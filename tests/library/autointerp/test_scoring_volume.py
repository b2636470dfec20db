"""Many explanations judged: all of them once, within a budget, gone on with after a stop and after a kill."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from memicos_app.library import explanations, scores
from memicos_app.library.autointerp import scoring_volume
from memicos_app.library.autointerp.scoring_choosing import Wanted
from memicos_app.library.autointerp.scoring_estimate import estimate
from memicos_app.library.autointerp.scoring_volume import run
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError, NotFoundError, UnavailableError
from memicos_app.library.providers import ChatModel, ProviderError
from memicos_app.library.query import rows
from memicos_app.library.watch import Stopped, Unwatched
from memicos_app.settings import ROOT, get_settings
from tests.db.servers import wait_for_locks
from tests.library.autointerp import source
from tests.library.autointerp.judge import MODEL as RULE
from tests.library.autointerp.judge import Judge, judging
from tests.library.datasets.folder import MODEL, SOURCE

WANTED = Wanted(MODEL, SOURCE, "eleuther_recall", ChatModel("local", RULE), n=5, check=False)
CALLS = 2
"""Questions that one of them takes: ten texts, five at a time."""


@pytest.fixture(scope="module")
def served_judge() -> Iterator[Judge]:
    """The judge of this module."""
    with judging() as one:
        yield one


@pytest.fixture
async def rule(served_judge: Judge, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Eight explanations, and the judge as the local provider, at a dollar for a thousand of his tokens."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "models.toml").write_text('[local]\n"rule" = { input = 0.0, output = 1000.0 }\n')
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CHAT_BASE_URL", served_judge.url)
    get_settings.cache_clear()
    served_judge.mood, served_judge.spoil, served_judge.delay = "right", {}, 0.0
    served_judge.asked.clear()
    await import_source(source.by_hand(tmp_path / "origin"), MODEL, SOURCE)
    return served_judge


class Stopping(Unwatched):
    """Wants the work to stop at a checkpoint."""

    def __init__(self, at: int) -> None:
        self.left = at

    async def checkpoint(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped


def questions(rule: Judge) -> Counter[str]:
    return Counter(body["messages"][-1]["content"] for body in rule.asked)


async def test_all_are_judged_once_and_reading_order_follows(rule: Judge) -> None:
    told = await estimate(WANTED)
    done = await run(WANTED)
    assert (done.scored, done.failed, done.total, done.mean, done.why) == (8, 0, 8, 1.0, "")
    assert (told.explanations, told.calls) == (8, 8 * CALLS) == (done.total, len(rule.asked))
    assert done.spent.cost_usd == pytest.approx(8 * CALLS * 0.01)
    assert (await explanations.for_feature(MODEL, SOURCE, 3))[0].scores[0]["value"] == 1.0
    order = await rows("SELECT own_score FROM explanations ORDER BY index")
    assert [one["own_score"] for one in order] == [1.0] * 8
    again = await run(WANTED)
    assert (again.scored, again.total) == (0, 0), "what has such a score is not judged again"
    assert (await run(replace(WANTED, again=True, indices=(2,)))).scored == 1
    assert len(await scores.of_explanation("e2")) == 2


async def test_an_estimate_knows_earlier_answers(rule: Judge) -> None:
    before = await estimate(WANTED)
    assert (before.measured, before.seconds) == (False, None)
    await run(replace(WANTED, indices=(0,)))
    after = await estimate(WANTED)
    assert (after.measured, after.explanations, after.tokens_out) == (True, 7, 7 * CALLS * 10)
    assert after.cost_usd == pytest.approx(7 * CALLS * 0.01)
    assert after.seconds is not None
    free = await estimate(replace(WANTED, type_name="eleuther_embedding", model=None))
    assert (free.explanations, free.calls, free.cost_usd) == (8, 0, 0.0)


async def test_it_stops_at_the_budget_and_pays_for_nothing_twice(rule: Judge) -> None:
    few = await run(replace(WANTED, budget_usd=0.12, concurrency=1))
    assert 0 < few.scored < 8
    assert "of $0.1200 are spent" in few.why
    assert few.spent.cost_usd <= 0.12
    rest = await run(replace(WANTED, budget_usd=5.0))
    assert few.scored + rest.scored == 8
    assert set(questions(rule).values()) == {1}, "also not the half of one for which the budget was not enough"
    assert len(rule.asked) == 8 * CALLS


async def test_a_stopped_run_goes_on(rule: Judge) -> None:
    with pytest.raises(Stopped):
        await run(replace(WANTED, concurrency=2), Stopping(9))
    assert (await rows("SELECT state FROM provider_runs"))[0]["state"] == "open"
    done = await run(replace(WANTED, concurrency=3))
    assert (done.scored, done.total, done.asked_again) == (8, 8, 0)
    assert set(questions(rule).values()) == {1}
    assert (await rows("SELECT count(DISTINCT run_id) AS n, count(*) AS scores FROM explanation_scores"))[0] == {
        "n": 1,
        "scores": 8,
    }


async def test_a_killed_run_loses_and_repeats_nothing_that_was_answered(rule: Judge, database: str) -> None:
    rule.delay = 0.15
    at_once = 3
    repeated = 0
    for survives in (5, 11):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.library.autointerp.scoring", str(at_once)],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database},
        )
        try:
            async with asyncio.timeout(120):
                while len(rule.asked) < survives:
                    assert process.poll() is None, "it ended before it could be killed"
                    await asyncio.sleep(0.02)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            wait_for_locks(database)
        repeated += at_once
    await asyncio.sleep(2 * rule.delay)  # the judge answers the last questions of a process that is gone
    done = await run(replace(WANTED, concurrency=at_once))
    assert (done.scored, done.failed, done.total) == (8, 0, 8)
    again = sum(n - 1 for n in questions(rule).values())
    assert again <= done.asked_again <= repeated
    assert len(questions(rule)) == 8 * CALLS
    assert len(rule.asked) == 8 * CALLS + again
    kept = await rows("SELECT explanation_id, count(*) AS n FROM explanation_scores GROUP BY 1")
    assert {one["n"] for one in kept} == {1}


async def test_what_is_wrong_for_all_ends_it(rule: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_volume, "MOST_IN_A_ROW", 3)
    rule.mood = "mute"
    with pytest.raises(ProviderError, match="3 explanations in a row came to no value"):
        await run(replace(WANTED, concurrency=1))
    kept = await scores.of_explanation("e0")
    assert (kept[0].value, kept[0].n_failed) == (None, 10)
    rule.mood, rule.spoil = "right", {len(rule.asked): 401}
    with pytest.raises(ProviderError, match="answers 401"):
        await run(replace(WANTED, concurrency=1))


async def test_a_provider_that_is_away_leaves_the_run_open(rule: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setattr("memicos_app.library.providers.asking.pause", lambda attempt: 0.0)
    get_settings.cache_clear()
    with pytest.raises(UnavailableError):
        await run(replace(WANTED, indices=(1,)))
    assert (await rows("SELECT state FROM provider_runs"))[0]["state"] == "open"
    assert await scores.of_explanation("e1") == [], "nobody judged, so nothing is kept"


async def test_without_a_model_vectors_judge_them_all(rule: Judge) -> None:
    done = await run(replace(WANTED, type_name="eleuther_embedding", model=None, max_explanations=3))
    assert (done.scored, done.spent.calls) == (3, 0)
    assert rule.asked == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": None}, "Detection needs a model"),
        ({"type_name": "x"}, "no scorer 'x'"),
        ({"n": 1}, "Between 3 and 100"),
        ({"concurrency": 0}, "Between 1 and 64"),
        ({"budget_usd": 0.0}, "above 0"),
        ({"max_explanations": 0}, "At least one"),
    ],
)
async def test_a_wish_that_cannot_be_is_told_by_field(changes: dict[str, object], message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        await estimate(replace(WANTED, **changes))  # type: ignore[arg-type]


async def test_a_source_that_is_not_imported(rule: Judge) -> None:
    with pytest.raises(NotFoundError, match="nowhere is not imported"):
        await run(replace(WANTED, source_id="nowhere"))
