"""How sources are worded on the admin page, and which verbs each state has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from memicos_app.components.admin_origins import held_words, title
from memicos_app.components.admin_rows import ago, duration, job_words, matches, row, shelf
from memicos_app.components.figures import size_words
from memicos_app.library.datasets.standing import SetStanding, Standing
from memicos_app.library.datasets.upstream import OriginStanding
from memicos_app.library.job_views import JobView
from memicos_app.settings import ROOT

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def standing(state: Any, **more: Any) -> Standing:
    return Standing("gpt2-small", "res-jb", "3-res-jb", 3, state, **{"origin": "s3://data", **more})


def job(state: Any = "running", **more: Any) -> JobView:
    known: dict[str, Any] = {
        "id": 7,
        "kind": "import",
        "title": "Import gpt2-small/3-res-jb",
        "subject": "gpt2-small/3-res-jb",
        "arguments": {},
        "state": state,
        "wish": "",
        "step": "activations",
        "done": 42e6,
        "total": 1e8,
        "unit": "bytes",
        "rate": 3.1e6,
        "error": "",
        "result": None,
        "attempts": 1,
        "holder": "",
        "not_before": None,
        "created_at": NOW,
        "started_at": NOW,
        "news_at": NOW,
        "finished_at": None,
        "silent": False,
    }
    return JobView(**{**known, **more})


@pytest.mark.parametrize(
    ("one", "verbs"),
    [
        (standing("away"), ["download"]),
        (standing("away", origin=""), []),
        (standing("weights", origin=""), ["generate"]),
        (standing("importing"), []),
        (standing("unfinished"), ["finish", "delete"]),
        (standing("partly"), ["finish", "verify", "delete"]),
        (standing("here"), ["re-sync", "verify", "delete"]),
        (standing("here", origin=""), ["verify", "delete"]),
        (standing("newer"), ["re-sync", "verify", "delete"]),
        (standing("away", job=job()), ["pause", "cancel"]),
        (standing("here", job=job("paused")), ["resume", "cancel"]),
        (standing("away", job=job("failed", error="no room")), ["download"]),
    ],
)
def test_verbs_that_make_sense(one: Standing, verbs: list[str]) -> None:
    assert row(one)["verbs"] == verbs


def test_a_running_import_says_how_far_it_is() -> None:
    line = row(standing("away", job=job(), size=100_000_000))
    assert line["job_words"] == "activations · 42 % · 3.10 MB/s · 19 s left"
    assert (line["job_share"], line["job_href"], line["size"]) == ("42.0%", "/admin/jobs/7", "100 MB")


def test_what_is_missing_and_what_failed_stand_below_the_name() -> None:
    assert row(standing("partly", missing=("a was not imported", "b is damaged")))["note"] == (
        "Missing: a was not imported and 1 more"
    )
    failed = row(standing("away", job=job("failed", error="The disk is full.")))
    assert failed["note"] == "Import gpt2-small/3-res-jb failed: The disk is full."
    assert failed["trouble"]
    assert failed["job"] == ""
    aside = row(standing("here", set_aside=2))
    assert (aside["note"], aside["trouble"]) == ("2 lines set aside", False)


def test_a_waiting_job_has_no_rate() -> None:
    assert job_words(job("waiting", rate=0)) == "waits for its turn"
    assert job_words(job("running", total=0, rate=12.4, unit="rows", step="removing")) == "removing · 12 rows/s"


def test_only_open_sets_carry_their_rows() -> None:
    sets = [SetStanding("gpt2-small", "res-jb", [standing("here"), standing("away"), standing("away", job=job())])]
    closed = shelf(sets, set())[0]
    assert (closed["rows"], closed["words"], closed["share"], closed["away"], closed["busy"]) == (
        [],
        "1 of 3 here",
        "33%",
        1,
        "1 in work",
    )
    assert len(shelf(sets, {"gpt2-small/res-jb"})[0]["rows"]) == 3
    assert len(shelf(sets, {"gpt2-small/res-jb"}, show="here")[0]["rows"]) == 1
    assert shelf(sets, set(), words="llama") == []


def test_the_list_narrows_by_words_and_state() -> None:
    assert matches(standing("here"), "GPT2 jb", "here")
    assert not matches(standing("here"), "gpt2 mlp", "all")
    assert not matches(standing("away"), "", "here")
    assert matches(standing("away", job=job("failed")), "", "partly")
    assert matches(standing("newer"), "", "newer")


def test_times_and_sizes_in_words() -> None:
    assert [duration(s) for s in (3.2, 89, 200, 7_800, 400_000)] == ["3 s", "89 s", "3 min", "2 h 10 min", "5 d"]
    assert ago(NOW - timedelta(seconds=20), NOW) == "just now"
    assert ago(NOW - timedelta(hours=3), NOW) == "3 h 0 min ago"
    assert ago(NOW - timedelta(days=90), NOW) == "2026-02-03"
    assert [size_words(n) for n in (912, 999_600, 74_230_000, 1_080_000_000)] == [
        "912 B",
        "1.00 MB",
        "74.2 MB",
        "1.08 GB",
    ]


def test_origins_are_named_as_people_say_them() -> None:
    assert title("s3://neuronpedia-datasets?region=us-east-1") == "s3://neuronpedia-datasets"
    assert title(str(ROOT / "demo" / "datasets")) == "demo/datasets"
    assert title("https://example.org/data/?x=1") == "https://example.org/data"
    unseen = OriginStanding("s3://data", False, 0, 0, 0, 0, None, None)
    assert held_words(unseen) == "not looked through yet"
    seen = OriginStanding("/data", True, 1, 0, 3, 74_230_000, None, None)
    assert held_words(seen) == "3 sources of 1 model, 74.2 MB"
