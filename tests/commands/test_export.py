"""`memicos export` as a person types it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from memicos_app.commands import export, imports
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, two_features

app = typer.Typer()
app.command("import")(imports.import_)
app.command("export")(export.export)


@pytest.fixture
def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(export.console, "_width", 200)
    get_settings.cache_clear()
    return two_features(tmp_path / "origin")


def say(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_out_and_in(folder: Folder, tmp_path: Path) -> None:
    assert "There is no source toy/3-res-tiny here." in say("export", MODEL, SOURCE, str(tmp_path / "out"), code=1)
    say("import", str(folder.origin), MODEL, SOURCE, "--no-embed")
    said = say("export", MODEL, SOURCE, str(tmp_path / "out"))
    assert "toy/3-res-tiny: 2 features, 2 examples, 2 explanations in 8 files, 0.0 MB." in said
    assert "2 features, 2 examples" in say("import", str(tmp_path / "out"), MODEL, SOURCE, "--no-embed")
    assert "files that are not of an export" in say("export", MODEL, SOURCE, str(folder.origin), code=1)
    say("export", MODEL, SOURCE, str(folder.origin), "--overwrite")


def test_pages_that_open_from_disk(folder: Folder, tmp_path: Path) -> None:
    say("import", str(folder.origin), MODEL, SOURCE, "--no-embed")
    out = tmp_path / "new" / "out"
    say("export", MODEL, SOURCE, f"{out}.html", "--html")
    assert "2 of 16 features live" in "".join(out.with_suffix(".html").read_text().split("<b>")).replace("</b>", "")
    say("export", MODEL, SOURCE, f"{out}.html", "--features", "1")
    assert "[red]cat" in out.with_suffix(".html").read_text()
    assert "out.zip: " in say("export", MODEL, SOURCE, f"{out}.zip", "--html", "--features", "0-1")
    with zipfile.ZipFile(out.with_suffix(".zip")) as archive:
        assert archive.namelist() == ["style.css", "index.html", "features/0.html", "features/1.html"]
    assert "no dashboard" in say("export", MODEL, SOURCE, f"{out}.html", "--features", "7", code=1)
    assert "name TARGET ….zip" in say("export", MODEL, SOURCE, f"{out}.html", "--features", "0,1", code=1)
    assert "TARGET is a file" in say("export", MODEL, SOURCE, str(out), "--html", code=1)
    assert sorted(path.name for path in out.parent.iterdir()) == ["out.html", "out.zip"]
