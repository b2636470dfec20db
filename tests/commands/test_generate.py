"""`memicos generate`: flags and questions lead to the same run; what is missing is said in a sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from demo import make_datasets
from memicos_app.commands import generate, generation_options
from memicos_app.library.sae_folders import Names, names_of, read_sae_folder
from memicos_app.settings import ROOT
from tests import packaged

CORPUS = ROOT / "demo" / "heldout_sample.npy"
DEMO = ROOT / "demo" / "saes" / "smollm2-135m-it" / "15-res-4k"
STARTER = ROOT.parent / "shared" / "data" / "sae-smollm2-l15-4k"

app = typer.Typer()
app.command()(generate.generate)


@pytest.fixture(scope="module")
def sae(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SAE folder of the user's, with spaces in its path."""
    folder = tmp_path_factory.mktemp("my saes") / "layer 15"
    folder.mkdir()
    origin = DEMO if (DEMO / "sae_weights.safetensors").is_file() else STARTER
    for name in ("cfg.json", "sae_weights.safetensors"):
        shutil.copyfile(origin / name, folder / name)
    return folder


def test_guided_mode_asks_what_the_flags_say_prints_the_command_and_runs_it(
    sae: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    (tmp_path / "models").symlink_to(packaged.models())
    from memicos_app.settings import get_settings

    get_settings.cache_clear()
    answers = ["my-set", str(sae), str(CORPUS), "-3", "2048", "1", "2", "8"]
    result = CliRunner().invoke(app, [], input="\n".join(answers) + "\n")
    get_settings.cache_clear()
    assert result.exit_code == 0, result.output
    for question in generation_options.questions("--sae"):
        assert question.text in result.output
    assert f"--sae '{sae}'" in result.output
    assert "memicos generate --set my-set" in result.output
    source = tmp_path / "datasets" / "v1" / "smollm2-135m-it" / "15-my-set"
    assert json.loads((source / "source.jsonl").read_text())["num_prompts"] == 8
    assert json.loads((source / "skipped_indexes.json").read_text())["log_sparsity"] == -3.0
    assert [path.name for path in (source / "features").iterdir()] == ["batch-1.jsonl.gz"]  # batch 0 left out


def test_what_other_sources_say_of_model_and_set_is_kept() -> None:
    known = generate._known_cards("smollm2-135m-it", "res-4k")
    assert known["model_card"] == make_datasets.MODEL_CARD
    assert known["card"] == make_datasets.SET_CARD
    assert generate._known_cards("smollm2-135m-it", "another-set") == {"model_card": make_datasets.MODEL_CARD}
    assert generate._known_cards("another-model", "res-4k") == {}


def test_names_come_from_the_configuration(sae: Path) -> None:
    assert names_of(read_sae_folder(sae)) == Names("15-res-4k", "res-4k")
    assert names_of(read_sae_folder(sae), "", "mine") == Names("15-mine", "mine")
    assert names_of(read_sae_folder(sae), "15-mine__wide") == Names("15-mine__wide", "mine")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prompts", "5"], "--sae"),
        (["--sae", "/nowhere"], "/nowhere is not there"),
        (["--sae", "SAE", "--corpus", "/nowhere.npy"], "/nowhere.npy"),
        (["--sae", "SAE", "--corpus", str(CORPUS), "--prompts", "0"], "prompts must be at least 1"),
    ],
)
def test_what_is_wrong_is_one_sentence(sae: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    filled = [str(sae) if argument == "SAE" else argument for argument in arguments]
    result = CliRunner().invoke(app, [*filled, "--out", str(tmp_path)])
    assert result.exit_code in (1, 2)
    assert said in result.output
    assert "Traceback" not in result.output
