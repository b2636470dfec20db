"""The settings files of models: each that is shipped can be right, and what is written in one counts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from inference_worker.engine import registry
from inference_worker.engine.saes import set_name
from memicos_app.cli import app
from memicos_app.commands.inference import config_names
from memicos_app.settings import ROOT, SettingsFileError, configured

SHIPPED = [
    "deepseek-r1-distill-llama-8b.llamascope-slimpj-res-32k",
    "gemma-2-2b-it.gemmascope-res-16k",
    "gpt2-small.res-jb",
    "smollm2-135m-it.res-4k",
]


def test_these_are_shipped() -> None:
    assert set(SHIPPED) <= set(config_names())


@pytest.mark.parametrize("name", SHIPPED)
def test_each_names_saes_that_exist(name: str) -> None:
    settings = configured(name)
    assert settings.model_names[0] == name.rpartition(".")[0]
    registered = registry.find(settings.sae_sets, settings.model_names)
    folders = [path.name for path in (ROOT / "demo" / "saes").glob(f"{settings.model_id}/*")]
    sources = [*registered, *folders] if name.startswith("smollm2") else list(registered)
    assert sources
    assert {set_name(source) for source in sources} == set(settings.sae_sets)


@pytest.mark.parametrize(
    ("name", "weights", "names"),
    [
        ("gpt2-small.res-jb", "gpt2-small", ["gpt2-small"]),
        ("gemma-2-2b-it.gemmascope-res-16k", "gemma-2-2b-it", ["gemma-2-2b-it", "gemma-2-2b"]),
        (
            "deepseek-r1-distill-llama-8b.llamascope-slimpj-res-32k",
            "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
            ["deepseek-r1-distill-llama-8b", "Llama-3.1-8B"],
        ),
    ],
)
def test_whose_weights_and_by_which_names(name: str, weights: str, names: list[str]) -> None:
    settings = configured(name)
    assert (settings.weights_id, settings.model_names) == (weights, names)


def test_a_file_counts_more_than_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_ID", "from-the-environment")
    monkeypatch.setenv("TOKEN_LIMIT", "77")
    path = tmp_path / ".env.inference.tuned-7b.res-8k"
    path.write_text('MODEL_ID="base-7b"\nSAE_SETS=\'["res-8k", "mlp-8k"]\'\nINCLUDE_SAE=["^1[0-2]-", "^3-"]\n')
    settings = configured(str(path))
    assert (settings.model_id, settings.token_limit) == ("base-7b", 77)
    assert settings.sae_sets == ["res-8k", "mlp-8k"]
    assert settings.include_sae == ["^1[0-2]-", "^3-"]
    assert settings.model_names == ["tuned-7b", "base-7b"]


def test_what_cannot_be_right_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsFileError, match=r"no settings file .*\.env\.inference\.nothing"):
        configured("nothing")
    path = tmp_path / ".env.inference.a.b"
    path.write_text("MODEL_ID=a\nMODELL_DTYPE=float16\nFORCE_BACKEND=vllm\n")
    with pytest.raises(SettingsFileError, match="settings that do not exist: FORCE_BACKEND, MODELL_DTYPE"):
        configured(str(path))


def test_the_list_says_how_each_is_started() -> None:
    run = CliRunner().invoke(app, ["inference-configs"])
    assert run.exit_code == 0
    for name in SHIPPED:
        assert f"make inference-dev MODEL_SOURCESET={name}" in run.output
    assert "weights of deepseek-ai/DeepSeek-R1-Distill-Llama-8B" in run.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["inference-dev", "MODEL_SOURCESET=gpt2-small.res-jb"], '--config "gpt2-small.res-jb" --reload'),
        (["inference-localhost-dev", "MODEL_SOURCESET=a.b", "NO_RELOAD=1"], '-m inference_worker --config "a.b"\n'),
        (["inference-list-configs"], "memicos inference-configs"),
    ],
)
def test_make_targets(arguments: list[str], expected: str) -> None:
    run = subprocess.run(["make", "-n", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    assert expected in re.sub(" +", " ", run.stdout).replace(" \n", "\n")
