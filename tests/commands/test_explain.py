"""`memicos explain` and `memicos keys`: what they say before, while and after; the same as a job."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from memicos_app.cli import app
from memicos_app.db import queue
from memicos_app.jobs import process
from memicos_app.library import explanations, jobs
from memicos_app.library.errors import ConflictError
from memicos_app.library.exporting import export_source
from tests.chat.server import ChatServer
from tests.library.autointerp.conftest import source  # noqa: F401 (a fixture)
from tests.library.datasets.folder import MODEL, SOURCE, Folder

FINE = {"say": "Explanation: things"}
EXPLAIN = ["explain", MODEL, SOURCE, "--model", "local:m"]


@pytest.fixture
def server(source: Folder, chat_server: ChatServer) -> ChatServer:  # noqa: F811
    chat_server.told(always=FINE)
    queue.app.cache_clear()
    return chat_server


def said(*arguments: str, typed: str | None = None, code: int = 0) -> str:
    found = CliRunner().invoke(app, arguments, input=typed)
    assert found.exit_code == code, found.output
    return " ".join(found.output.split())


def test_a_dry_run_asks_nobody(server: ChatServer) -> None:
    assert "8 features: about" in said(*EXPLAIN, "--dry-run")
    assert server.asked() == []


def test_explaining(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from memicos_app.library.embedders import minilm

    monkeypatch.setattr(minilm, "available", lambda: False)
    words = said(*EXPLAIN, "--indices", "0-3", "--max-features", "3", "--concurrency", "2")
    assert "3 of 3 features explained, 0 failed, $0 spent (30 tokens read, 15 written)." in words
    assert "0 of 0 features explained" in said(*EXPLAIN, "--indices", "0-2")


def test_what_is_missing_is_said(server: ChatServer) -> None:
    assert "--model openai:gpt-4o-mini" in said("explain", MODEL, SOURCE, code=1)
    assert "There is no explainer 'x'" in said(*EXPLAIN, "--type", "x", code=1)
    assert "9-none is not imported" in said("explain", MODEL, "9-none", "--model", "local:m", code=1)
    assert "set OPENAI_API_KEY" in said("explain", MODEL, SOURCE, "--model", "gpt-4o-mini", code=1)


def test_top_tokens_need_no_model(server: ChatServer) -> None:
    assert "8 features explained by their top tokens." in said("explain", MODEL, SOURCE, "--type", "top-tokens")


async def test_a_job_does_the_same_and_what_it_made_is_exported(server: ChatServer, tmp_path: Path) -> None:
    from memicos_app.library.autointerp.asked import explain_later

    job = await explain_later(model=MODEL, source=SOURCE, explainer="local:m", max_features=5, budget_usd=1.0)
    assert job.title == f"Explain {MODEL}/{SOURCE} with m (np_max-act)"
    again = await explain_later(model=MODEL, source=SOURCE, explainer="local:m", max_features=5, budget_usd=1.0)
    assert again.id == job.id, "the same words, the same job"
    with pytest.raises(ConflictError, match="wait for its end"):
        await explain_later(model=MODEL, source=SOURCE, explainer="local:other")
    await process.JobProcess(1, drain=True).serve()
    one = await jobs.job(job.id)
    assert one.state == "done", one.error
    assert one.result is not None
    assert (one.result["explained"], one.result["failed"], one.result["cost_usd"]) == (5, 0, 0)
    assert [found.kind for found in await jobs.jobs()] == ["embed", "explain"], "and search learns of them"
    kept = (await explanations.for_feature(MODEL, SOURCE, 4))[0]
    assert kept.description == "things"
    await export_source(MODEL, SOURCE, tmp_path / "out")
    file = tmp_path / "out" / "v1" / MODEL / SOURCE / "explanations" / "batch-0.jsonl.gz"
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert {(line["typeName"], line["explanationModelName"]) for line in lines} == {("np_max-act", "m")}
    assert all(line["promptVersion"].startswith("1+") for line in lines)
    types = (tmp_path / "out" / "v1" / "config" / "explanation_type.jsonl").read_text()
    assert "Max activations" in types


def test_keys(server: ChatServer) -> None:
    assert "that ends with 1234 is kept" in said("keys", "set", "openai", typed="sk-abcdefghijkl1234\n")
    listed = said("keys", "list")
    assert "sk-abc" not in listed
    assert "1234" in listed
    assert "1 keys are sealed anew." in said("keys", "rotate")
    said("keys", "forget", "openai")
    assert "No key of your own" in said("keys", "forget", "openai", code=1)
