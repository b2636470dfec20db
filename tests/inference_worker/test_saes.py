"""SAE folders: what is read, what is refused with a reason, what stays in memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference_worker.engine.errors import Unknown, Unusable
from inference_worker.engine.saes import CONFIG, WEIGHTS, load_sae
from tests.inference_worker.serving import MODEL, SOURCE, sae_folder

WIDTH, FEATURES = 8, 6


def write_sae(folder: Path, *, dtype: torch.dtype = torch.float32, d_in: int = WIDTH, **metadata: object) -> Path:
    """A small standard SAE in SAELens's format."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    shapes = {"W_enc": (d_in, FEATURES), "W_dec": (FEATURES, d_in), "b_enc": (FEATURES,), "b_dec": (d_in,)}
    save_file({name: torch.randn(shape).to(dtype) for name, shape in shapes.items()}, folder / WEIGHTS)
    config = {
        "architecture": "standard",
        "d_in": d_in,
        "d_sae": FEATURES,
        "dtype": str(dtype).removeprefix("torch."),
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": "6.54.12", "hook_name": "blocks.3.hook_resid_post", **metadata},
    }
    (folder / CONFIG).write_text(json.dumps(config))
    return folder


def test_the_demos_sae() -> None:
    loaded = load_sae(sae_folder() / MODEL / SOURCE, SOURCE)
    assert (loaded.hook_name, loaded.layer, loaded.d_in, loaded.d_sae) == ("blocks.15.hook_resid_post", 15, 576, 4096)
    assert loaded.steer_hook_name == loaded.hook_name
    assert loaded.sae.W_dec.dtype == torch.float32
    config = json.loads((sae_folder() / MODEL / SOURCE / CONFIG).read_text())
    assert loaded.sink_norm == config["metadata"].get("sink_norm")


def test_sixteen_bits_become_thirty_two(tmp_path: Path) -> None:
    folder = write_sae(tmp_path / "3-a", dtype=torch.bfloat16)
    loaded = load_sae(folder, "3-a")
    assert {p.dtype for p in loaded.sae.parameters()} == {torch.float32}
    assert torch.equal(loaded.sae.W_dec, load_file(folder / WEIGHTS)["W_dec"].float())
    assert loaded.sae.encode(torch.randn(2, WIDTH, dtype=torch.bfloat16)).dtype == torch.float32


def test_the_sink_norm_comes_from_the_metadata(tmp_path: Path) -> None:
    assert load_sae(write_sae(tmp_path / "3-a", sink_norm=684), "3-a").sink_norm == 684.0
    assert load_sae(write_sae(tmp_path / "3-b"), "3-b").sink_norm is None


def test_a_transcoder_writes_elsewhere_than_it_reads(tmp_path: Path) -> None:
    loaded = load_sae(write_sae(tmp_path / "3-a", hook_name_out="blocks.3.hook_mlp_out"), "3-a")
    assert loaded.steer_hook_name == "blocks.3.hook_mlp_out"


@pytest.mark.parametrize("name", ["sae.pt", "weights.bin", "ae.pkl", "model.ckpt"])
def test_pickles_are_refused_and_never_opened(tmp_path: Path, name: str) -> None:
    folder = write_sae(tmp_path / "3-a")
    (folder / WEIGHTS).unlink()
    (folder / name).write_bytes(b"cos\nsystem\n(S'touch /tmp/opened'\ntR.")
    with pytest.raises(Unusable, match=f"{name}, a pickle"):
        load_sae(folder, "3-a")


def test_no_weights_and_no_configuration(tmp_path: Path) -> None:
    folder = write_sae(tmp_path / "3-a")
    (folder / CONFIG).write_text("{")
    with pytest.raises(Unusable, match=r"no readable cfg\.json"):
        load_sae(folder, "3-a")
    (folder / WEIGHTS).unlink()
    with pytest.raises(Unusable, match=r"no sae_weights\.safetensors"):
        load_sae(folder, "3-a")


def test_damaged_weights(tmp_path: Path) -> None:
    folder = write_sae(tmp_path / "3-a")
    (folder / WEIGHTS).write_bytes(b"not safetensors at all")
    with pytest.raises(Unusable, match="cannot be read"):
        load_sae(folder, "3-a")


def test_a_configuration_without_a_hook(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="hook_name"):
        load_sae(write_sae(tmp_path / "3-a", hook_name=None), "3-a")


@pytest.mark.parametrize("index", [-1, FEATURES, 10**9])
def test_features_outside_the_sae(tmp_path: Path, index: int) -> None:
    with pytest.raises(Unknown, match="features 0 to 5") as caught:
        load_sae(write_sae(tmp_path / "3-a"), "3-a").direction(index)
    assert caught.value.field == "index"
