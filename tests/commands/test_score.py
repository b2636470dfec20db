"""`memicos score` as a person types it, and the job that does the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from memicos_app.commands import score
from memicos_app.db import session
from memicos_app.jobs import kinds
from memicos_app.library import jobs, scores
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.watch import UNWATCHED
from memicos_app.settings import get_settings
from tests.library.autointerp import source
from tests.library.autointerp.judge import Judge, judging
from tests.library.datasets.folder import MODEL, SOURCE

app = typer.Typer()
app.command("score")(score.score)
app.command("other")(lambda: None)


@pytest.fixture(scope="module")
def served_judge() -> Iterator[Judge]:
    """The judge of this module."""
    with judging() as one:
        yield one


@pytest.fixture
def rule(served_judge: Judge, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Eight explanations to judge, and who judges them."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CHAT_BASE_URL", served_judge.url)
    monkeypatch.setattr(score.console, "_width", 300)
    get_settings.cache_clear()
    served_judge.asked.clear()
    session.run(import_source(source.by_hand(tmp_path / "origin"), MODEL, SOURCE))
    return served_judge


def say(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["score", MODEL, SOURCE, *words])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_an_estimate_then_the_scores(rule: Judge) -> None:
    how = ("--model", "local:rule", "--n", "5", "--no-check")
    said = say(*how, "--dry-run")
    assert said.startswith("8 explanations, 16 calls: about ")
    assert said.endswith("tokens to read and 240 to write, about $0.")
    assert rule.asked == [], "a dry run asks nobody"
    assert "2 of 2 explanations have a score, mean 1.000; 0 have none; $0 spent." in say(*how, "--indices", "0-1")
    assert "6 of 6 explanations have a score" in say(*how)
    assert "0 of 0 explanations" in say(*how)


def test_without_a_model(rule: Judge) -> None:
    said = say("--type", "eleuther_embedding", "--max-explanations", "2", "--n", "5", "--no-check")
    assert "8 explanations" not in said
    assert "2 explanations; no language model is asked." in said
    assert "2 of 2 explanations have a score" in said


def test_what_is_wrong_is_said_in_a_sentence(rule: Judge) -> None:
    assert "Detection needs a model that judges." in say(code=1)
    assert "There is no scorer 'x'" in say("--type", "x", "--model", "local:rule", code=1)
    assert "There is no embedder 'x'; there are all-minilm-l6-v2." in say(
        "--type", "eleuther_embedding", "--model", "x", code=1
    )


def test_a_job_does_the_same(rule: Judge) -> None:
    said = say("--model", "local:rule", "--n", "5", "--no-check", "--indices", "3", "--job")
    assert "Score explanations of toy/3-res-tiny by rule (detection)" in said
    assert rule.asked == []

    async def work() -> tuple[dict[str, object], list[scores.ScoreView]]:
        (asked,) = await jobs.jobs()
        result = await kinds.find(asked.kind)(UNWATCHED, asked.arguments)
        return dict(result), await scores.of_explanation("e3")

    result, kept = session.run(work())
    assert (result["scored"], result["failed"], result["mean"], result["cost_usd"]) == (1, 0, 1.0, 0.0)
    assert [one.value for one in kept] == [1.0]
