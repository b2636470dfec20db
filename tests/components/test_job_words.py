"""Jobs in words that people read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from memicos_app.components import job_words
from memicos_app.library.job_views import JobView

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
JOB = JobView(
    id=1,
    kind="import",
    title="Import",
    subject="m/s",
    arguments={},
    state="running",
    wish="",
    step="activations",
    done=1_250_000,
    total=12_617_235,
    unit="bytes",
    rate=310_000,
    error="",
    result=None,
    attempts=1,
    holder="one/2/three",
    not_before=None,
    created_at=NOW - timedelta(minutes=3),
    started_at=NOW - timedelta(minutes=2),
    news_at=NOW,
    finished_at=None,
    silent=False,
)


def test_progress_with_its_unit() -> None:
    assert job_words.progress(JOB) == "1.2 MB of 12.6 MB"
    assert job_words.progress(replace(JOB, total=0)) == "1.2 MB"
    texts = replace(JOB, done=512, total=4485, unit="explanations")
    assert job_words.progress(texts) == "512 of 4,485 explanations"
    assert job_words.progress(replace(JOB, step="")) == ""


def test_pace_only_while_it_runs_and_is_known() -> None:
    assert job_words.pace(JOB) == "310 kB/s, 37 s left"
    assert job_words.pace(replace(JOB, total=0)) == "310 kB/s"
    assert job_words.pace(replace(JOB, rate=0)) == job_words.pace(replace(JOB, state="paused")) == ""
    assert job_words.pace(replace(JOB, unit="", rate=0.25, done=0, total=1)) == "0.25/s, 4 s left"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "running"),
        ({"wish": "pause"}, "pausing"),
        ({"wish": "cancel"}, "cancelling"),
        ({"silent": True}, "no news of its process"),
        ({"state": "waiting", "not_before": NOW + timedelta(seconds=90)}, "tried again in 2 min"),
        ({"state": "waiting", "not_before": NOW - timedelta(seconds=1)}, "waiting"),
        ({"state": "failed"}, "failed"),
    ],
)
def test_state(change: dict[str, object], words: str) -> None:
    assert job_words.state(replace(JOB, **change), NOW)[0] == words  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3600, "1 h"), (7500, "2 h 5 min"), (4 * 86_400, "4 d")],
)
def test_duration(seconds: float, words: str) -> None:
    assert job_words.duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 B"), (999, "999 B"), (12_617_235, "12.6 MB"), (5e11, "500 GB"), (2e15, "2,000.0 TB")]
)
def test_size(number: float, words: str) -> None:
    assert job_words.size(number) == words


def test_when_and_how_long() -> None:
    assert job_words.since(NOW - timedelta(seconds=2), NOW) == "just now"
    assert job_words.since(JOB.created_at, NOW) == "3 min ago"
    assert job_words.took(JOB) == ""
    assert job_words.took(replace(JOB, finished_at=NOW)) == "2 min"


def test_result_in_one_line() -> None:
    assert job_words.result({"features": 4095, "kept_files": 2, "parts": [1, 2], "verdict": "complete"}) == (
        "features 4,095, kept files 2, verdict complete"
    )
    assert job_words.result(None) == ""


def test_a_job_knows_what_can_be_asked_of_it() -> None:
    assert JOB.verbs == ("pause", "cancel")
    assert replace(JOB, wish="pause").verbs == ("resume",)
    assert replace(JOB, wish="cancel").verbs == ()
    assert replace(JOB, state="failed").verbs == ("retry",)
    assert JOB.machine == "one"
