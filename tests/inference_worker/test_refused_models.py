"""Models and SAEs that cannot be had: a hub of our own refuses them, as the real one does, and each is a sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import Response
from transformers import CTRLConfig, CTRLLMHeadModel, PreTrainedConfig, T5Config, T5ForConditionalGeneration

from inference_worker.engine.errors import Unusable
from inference_worker.engine.loading import load_model
from inference_worker.engine.saes import load_sae
from memicos_app.settings import ROOT
from tests.inference_worker import serving, tiny

SHAPE = {"vocab_size": 257, "d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2}
ASK = """
import json, sys
from pathlib import Path
from inference_worker.engine.errors import Unusable
from inference_worker.engine.loading import load_model
from inference_worker.engine.registry import RegistryId, fetch

found = {}
for name in sys.argv[1:]:
    try:
        load_model(name, models_dir=Path("models"))
    except Unusable as error:
        found[name] = str(error)
try:
    fetch(RegistryId("gpt2-small-res-jb", "blocks.5.hook_resid_pre"), "5-res-jb", device="cpu")
except Unusable as error:
    found["sae"] = str(error)
print(json.dumps(found))
"""


@contextmanager
def hub() -> Iterator[str]:
    """A hub whose models are all gated, or not there; its address."""
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "HEAD"])
    def answer(path: str) -> Response:
        told = {"x-error-code": "RepoNotFound", "x-error-message": "Repository not found"}
        if "nowhere" not in path and "gema" not in path:
            told = {"x-error-code": "GatedRepo", "x-error-message": "Access to this model is restricted."}
        return Response(status_code=403 if "forbidden" in path else 401, headers=told)

    with serving.served(app) as url:
        yield url


def said(*names: str, endpoint: str, home: Path) -> dict[str, str]:
    """What a worker of its own says of each model, and of an SAE of the registry."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK, *names],
        env={**surroundings, "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    answer: dict[str, str] = json.loads(found.stdout.splitlines()[-1])
    return answer


def test_what_the_hub_refuses_is_said(tmp_path: Path) -> None:
    with hub() as endpoint:
        names = ("someone/gated", "someone/forbidden", "someone/nowhere", "gema-2-2b-it")
        found = said(*names, endpoint=endpoint, home=tmp_path)
    for name in names[:2]:
        assert (
            found[name] == f"The model {name} is not open to everybody: accept its terms on the hub and set HF_TOKEN."
        )
    assert "There is no model someone/nowhere" in found["someone/nowhere"]
    assert "HF_TOKEN" in found["someone/nowhere"]
    assert found["gema-2-2b-it"].endswith("Did you mean gemma-2-2b-it?")
    assert "The SAE 5-res-jb is not open to everybody (jbloom/" in found["sae"]
    assert "HF_TOKEN" in found["sae"]


def test_no_hub_at_all_is_said(tmp_path: Path) -> None:
    found = said("gemma-2-2b-it", endpoint="http://127.0.0.1:9", home=tmp_path)
    assert "The model gemma-2-2b-it is not on this machine" in found["gemma-2-2b-it"]
    assert "cannot be reached" in found["gemma-2-2b-it"]
    assert "cannot be reached" in found["sae"]


def model_folder(folder: Path, config: PreTrainedConfig, model: Any) -> Path:
    """A random model of another shape, with a tokenizer."""
    shutil.copytree(tiny.folder() / tiny.MODEL, folder)
    for weights in folder.glob("*.safetensors"):
        weights.unlink()
    model(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("config", "model", "sentence"),
    [
        (T5Config(**SHAPE), T5ForConditionalGeneration, "does not write text token after token: it is a T5."),
        (
            CTRLConfig(vocab_size=257, n_embd=8, n_layer=1, n_head=2, dff=8, n_positions=32),
            CTRLLMHeadModel,
            "has an architecture that TransformerLens does not support.",
        ),
    ],
    ids=["an encoder with a decoder", "unknown to TransformerLens"],
)
def test_a_model_of_another_kind_is_said(tmp_path: Path, config: Any, model: Any, sentence: str) -> None:
    folder = model_folder(tmp_path / "other", config, model)
    with pytest.raises(Unusable) as caught:
        load_model(str(folder), models_dir=tmp_path)
    assert str(caught.value).endswith(sentence)


def test_a_model_that_transformers_does_not_know_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "strange"
    shutil.copytree(tiny.folder() / tiny.MODEL, folder)
    change(folder / "config.json", model_type="strange", architectures=["StrangeForCausalLM"])
    with pytest.raises(Unusable, match="model type `strange`"):
        load_model(str(folder), models_dir=tmp_path)


def test_an_sae_of_an_architecture_that_saelens_does_not_know_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "0-res"
    shutil.copytree(tiny.folder() / "saes" / tiny.MODEL / "0-res", folder)
    change(folder / "cfg.json", architecture="strange")
    with pytest.raises(
        Unusable, match=r"its architecture 'strange' is none that SAELens knows: .*jumprelu.*standard"
    ):
        load_sae(folder, "0-res")


def change(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
