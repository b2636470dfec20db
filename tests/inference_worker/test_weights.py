"""Where weights lie, on which device they go, and the sentences for what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inference_worker.engine import weights
from inference_worker.engine.errors import Unusable
from inference_worker.engine.loading import load_model
from inference_worker.engine.weights import device_for, locate, require_room, size_of_weights
from tests.inference_worker import tiny


def test_devices_of_this_machine() -> None:
    assert device_for("cpu") == torch.device("cpu")
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert device_for("auto").type == best


@pytest.mark.parametrize("asked", ["cuda:99", "gpu", "nonsense:1"])
def test_devices_that_are_not_here(asked: str) -> None:
    with pytest.raises(Unusable, match=f"DEVICE is {asked}"):
        device_for(asked)


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="an Apple machine")
def test_an_apple_device_elsewhere() -> None:
    with pytest.raises(Unusable, match="no Apple machine"):
        device_for("mps")


def test_names_of_transformer_lens_are_the_hubs(tmp_path: Path) -> None:
    assert locate("gpt2-small", tmp_path) == "gpt2"
    assert locate("gemma-2-2b-it", tmp_path) == "google/gemma-2-2b-it"
    assert locate("someone/some-model", tmp_path) == "someone/some-model"
    assert locate(str(tmp_path), tmp_path) == tmp_path


@pytest.mark.parametrize("path", ["/no/such/folder", "./none", "~/none-of-this-name"])
def test_a_path_that_leads_nowhere(path: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="no folder"):
        locate(path, tmp_path)


def test_the_size_of_weights_follows_the_precision() -> None:
    folder = tiny.folder() / tiny.MODEL
    parameters = sum(parameter.numel() for parameter in tiny.engine().model.plain.parameters())
    assert size_of_weights(folder, torch.float32) == 4 * parameters
    assert size_of_weights(folder, torch.bfloat16) == 2 * parameters
    assert size_of_weights(folder, "auto") == 4 * parameters
    assert size_of_weights("never/downloaded", torch.float32) is None


def test_a_model_too_large_for_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "free_memory", lambda _: 1000)
    with pytest.raises(Unusable, match=r"The model tiny-gpt2 needs about 0 MB on cpu, where 0 MB are free"):
        require_room(tiny.folder() / tiny.MODEL, torch.device("cpu"), torch.float32)


def test_a_model_of_the_hub_without_a_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(Unusable, match=r"gpt2-small is not on this machine .* cannot be reached"):
        load_model("gpt2-small", models_dir=tmp_path)


def test_a_model_may_have_several_names_and_stored_precision() -> None:
    folder = tiny.folder() / tiny.MODEL
    said: list[str] = []
    model = load_model(str(folder), models_dir=Path(), dtype="auto", names=["tuned", "base"], report=said.append)
    assert (model.name, model.names, model.dtype) == ("tuned", ("tuned", "base"), torch.float32)
    assert "reading the weights" in said
