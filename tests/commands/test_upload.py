"""`memicos upload` as a person types it, with the real file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from memicos_app.commands import upload
from memicos_app.library import features
from memicos_app.settings import get_settings
from tests.conftest import settle

BATCH = Path(__file__).parents[1] / "data" / "saedashboard-batch-0.json"
app = typer.Typer()
app.command()(upload.upload)


@pytest.fixture
def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the real batch, and one of another feature."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(upload.console, "_width", 200)
    get_settings.cache_clear()
    made = tmp_path / "batches"
    made.mkdir()
    shutil.copy(BATCH, made / "batch-0.json")
    content = json.loads(BATCH.read_text())
    content["features"] = [{**content["features"][0], "feature_index": 4}]
    (made / "batch-1.json").write_text(json.dumps(content))
    return made


def say(*words: str, code: int = 0, answer: str = "") -> str:
    result = CliRunner().invoke(app, words, input=answer)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_a_folder_goes_in_once(folder: Path) -> None:
    (folder / "skipped_indexes.json").write_text('{"skipped_indexes": [6]}')
    said = say(str(folder), "--no-embed")
    assert "batch-0.json: 1 new, 1 dead" in said
    assert "batch-1.json: 1 new" in said
    assert "gpt2-small/0-res-jb: 2 features in 2 files: http://localhost:3000/gpt2-small/0-res-jb" in said
    assert "2 dead or skipped: 1, 6" in said
    again = say(str(folder), "--no-embed")
    assert "batch-0.json: here already (1 features)" in again
    assert "batch-0.json: 1 replaced, 1 dead" in say(str(folder / "batch-0.json"), "--replace", "--no-embed")
    explained: list[str] = []

    async def read() -> None:
        for index in (0, 4):
            view = await features.feature("gpt2-small", "0-res-jb", index)
            explained.extend(one.type_name for one in view.explanations)

    settle(read())
    assert explained == ["top-tokens"] * 2


def test_without_a_folder_it_asks(folder: Path) -> None:
    said = say("--no-embed", "--no-explain", answer=f"{folder}\n")
    assert "Folder of the batch files" in said
    assert "2 features in 2 files" in said


def test_what_cannot_be_uploaded(folder: Path, tmp_path: Path) -> None:
    assert "holds no batch-N.json." in say(str(tmp_path), code=1)
    (folder / "batch-2.json").write_text("{}")
    said = say(str(folder), "--no-embed", code=1)
    assert "batch-1.json: 1 new" in said, "what came before it stays"
    assert "batch-2.json is not a SAEDashboard batch" in said
