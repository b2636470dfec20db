"""`memicos add`: a folder becomes a source that can be browsed, once and not twice; what is wrong is one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from memicos_app.commands import add, generation_options
from memicos_app.library import catalog, features
from memicos_app.settings import get_settings
from tests.conftest import PostgresServer, fresh_database, settle
from tests.inference_worker import tiny

TEXTS = [f"{word} number {n} of a small corpus, with some text" for n in range(40) for word in ("This", "That", "It")]

app = typer.Typer()
app.command()(add.add)


@pytest.fixture(scope="module")
def place(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with a corpus, and a database of its own."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "corpus.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    with pytest.MonkeyPatch.context() as patch, fresh_database(postgres_server):
        patch.setenv("DATA_DIR", str(folder / "data"))
        patch.setenv("SAE_DIR", str(folder / "none"))
        patch.setenv("DATASET_ORIGINS", "")
        patch.setenv("COLUMNS", "200")
        patch.setattr(add.console, "_width", 200)
        get_settings.cache_clear()
        yield folder
    get_settings.cache_clear()


def sae(source: str = "0-res") -> Path:
    return tiny.folder() / "saes" / tiny.MODEL / source


def say(place: Path, *words: str, code: int = 0, questions: str | None = None) -> str:
    result = CliRunner().invoke(app, words, input=questions)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def common(place: Path, of: Path, *more: str) -> list[str]:
    model = str(tiny.folder() / tiny.MODEL)
    small = ["--context", "16", "--prompts", "60", "--processes", "1", "--no-embed"]
    return [str(of), "--model", model, "--corpus", str(place / "corpus.jsonl"), *small, *more]


@pytest.fixture(scope="module")
def mine(place: Path) -> str:
    """A source that was added, and what was said at the end."""
    said = say(place, *common(place, sae(), "--set", "mine"))
    return said[said.index("tiny-gpt2/0-mine:") :]


def test_from_a_folder_to_pages(place: Path, mine: str) -> None:
    assert mine == (
        "tiny-gpt2/0-mine: 40 features with dashboards, 40 explained. http://localhost:3000/tiny-gpt2/0-mine"
    )
    served = place / "data" / "saes" / tiny.MODEL / "0-mine"
    assert (served / "sae_weights.safetensors").read_bytes() == (sae() / "sae_weights.safetensors").read_bytes()

    async def look() -> None:
        source = await catalog.source(tiny.MODEL, "0-mine")
        assert source.source.state == "ready"
        assert source.source.n_features == 40
        assert source.source.n_explained == source.source.n_dashboards == 40
        assert source.source.hook_name == tiny.RESIDUAL.format(0)
        assert source.made_from["dataset"] == "corpus.jsonl"
        assert (source.made_from["n_prompts"], source.made_from["n_tokens_in_prompt"]) == (60, 16)
        assert source.made_from["command"].startswith("memicos generate --sae ")
        model = await catalog.model(tiny.MODEL)
        assert (model.layers, model.dimension) == (tiny.LAYERS, tiny.D_MODEL)
        assert (await catalog.source_set(tiny.MODEL, "mine")).description == "Residual stream, 40 features a layer"
        index = (await features.random_feature(tiny.MODEL, "0-mine"))[2]
        assert (await features.feature(tiny.MODEL, "0-mine", index)).activations

    settle(look())


def test_added_again_nothing_is_done_twice(place: Path, mine: str) -> None:
    before = stamps(place / "data")
    assert say(place, *common(place, sae(), "--set", "mine")).endswith(mine)
    assert stamps(place / "data") == before


def test_another_sae_of_the_same_name_is_refused(place: Path, mine: str) -> None:
    other = sae("1-mlp")
    wrong = say(place, *common(place, other, "--source", "0-mine"), code=1)
    assert "Another SAE is tiny-gpt2/0-mine already" in wrong


def test_other_settings_replace_what_was_made_when_asked_to(place: Path, mine: str) -> None:
    said = say(place, *common(place, sae(), "--set", "mine", "--prompts", "50", "--replace"))
    assert "40 features with dashboards" in said

    async def look() -> None:
        assert (await catalog.source(tiny.MODEL, "0-mine")).made_from["n_prompts"] == 50

    settle(look())


def test_vectors_become_features_with_their_names(place: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(2, tiny.D_MODEL)).tolist()
    (place / "moods.json").write_text(json.dumps({"glad": rows[0], "sad": rows[1]}))
    said = say(place, *common(place, place / "moods.json", "--set", "moods", "--hook", tiny.RESIDUAL.format(2)))
    assert "tiny-gpt2/2-moods: 2 features with dashboards, 2 explained." in said

    async def look() -> None:
        found = await features.feature(tiny.MODEL, "2-moods", 1)
        assert [one.description for one in found.explanations] == ["sad"]
        assert found.has_vector
        vector = await features.vector(tiny.MODEL, "2-moods", 1)
        assert vector.vector == pytest.approx(rows[1], rel=1e-6)
        assert vector.hook_name == tiny.RESIDUAL.format(2)

    settle(look())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/no/where"], "/no/where is not there."),
        (["SAE", "--set", "x", "--corpus", "/no/corpus.txt"], "There is no corpus /no/corpus.txt."),
        (["SAE", "--set", "x", "--context", "1"], "context: Input should be greater than or equal to 2."),
        (["SAE"], "does not say what the source is called: name its set."),
        (["SAE", "--set", "x", "--model", "smollm2-135m-it"], "has 32 dimensions at blocks.0.hook_resid_post, and"),
    ],
)
def test_what_cannot_be_added(place: Path, arguments: list[str], sentence: str) -> None:
    get_settings().models_dir.mkdir(parents=True, exist_ok=True)
    shape = get_settings().models_dir / "smollm2-135m-it"
    shape.mkdir(exist_ok=True)
    (shape / "config.json").write_text('{"hidden_size": 576, "num_hidden_layers": 30, "num_attention_heads": 9}')
    words = [str(sae()) if word == "SAE" else word for word in arguments]
    if "--model" not in words:
        words += ["--model", str(tiny.folder() / tiny.MODEL)]
    assert sentence in say(place, *words, code=1)
    assert not (place / "data" / "saes" / tiny.MODEL / "0-x").exists()


def test_without_arguments_it_asks_and_says_which_command_that_is(place: Path) -> None:
    said = say(place, questions="my-set\n/no/where\n\n\n\n\n\n\n", code=1)
    for question in generation_options.questions(""):
        assert question.text in said
    assert "memicos add --set my-set /no/where --corpus" in said
    assert "/no/where is not there." in said


def stamps(folder: Path) -> dict[str, int]:
    """When each file of datasets and SAEs was written."""
    files = [path for name in ("datasets", "saes") for path in (folder / name).rglob("*") if path.is_file()]
    return {str(path): path.stat().st_mtime_ns for path in files}
