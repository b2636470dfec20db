"""SAE folders: what is read, what is refused with a reason, what stays in memory."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference_worker.engine.errors import Unknown, Unusable
from inference_worker.engine.saes import CONFIG, WEIGHTS, LoadedSae, SaeShelf, load_sae, set_name
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


def test_another_models_sae_is_refused(tmp_path: Path) -> None:
    write_sae(tmp_path / "m" / "3-a")
    with pytest.raises(Unusable, match="reads 8 dimensions, but m has 576"):
        SaeShelf([tmp_path], "m", 576).get("3-a")


@pytest.mark.parametrize("source_id", ["4-a", "../m/3-a", "3-a/", "", "/etc", ".", "3-a\x00"])
def test_unknown_sources(tmp_path: Path, source_id: str) -> None:
    write_sae(tmp_path / "m" / "3-a")
    with pytest.raises(Unknown) as caught:
        SaeShelf([tmp_path], "m", WIDTH).get(source_id)
    assert caught.value.field == "source"


@pytest.mark.parametrize("index", [-1, FEATURES, 10**9])
def test_features_outside_the_sae(tmp_path: Path, index: int) -> None:
    with pytest.raises(Unknown, match="features 0 to 5") as caught:
        load_sae(write_sae(tmp_path / "3-a"), "3-a").direction(index)
    assert caught.value.field == "index"


def test_sources_are_listed_by_layer_and_only_of_the_sets_served(tmp_path: Path) -> None:
    for name in ("15-res-4k", "7-res-4k", "7-mlp-4k", "7-res-4k__l0-30"):
        write_sae(tmp_path / "m" / name)
    assert SaeShelf([tmp_path], "m", WIDTH).sources() == ["7-mlp-4k", "7-res-4k", "7-res-4k__l0-30", "15-res-4k"]
    shelf = SaeShelf([tmp_path], "m", WIDTH, sets=["res-4k"])
    assert shelf.sources() == ["7-res-4k", "7-res-4k__l0-30", "15-res-4k"]
    with pytest.raises(Unknown):
        shelf.get("7-mlp-4k")


def test_the_first_folder_that_has_a_source_wins(tmp_path: Path) -> None:
    write_sae(tmp_path / "one" / "m" / "3-a", sink_norm=1)
    write_sae(tmp_path / "two" / "m" / "3-a", sink_norm=2)
    write_sae(tmp_path / "two" / "m" / "3-b", sink_norm=3)
    shelf = SaeShelf([tmp_path / "one", tmp_path / "two"], "m", WIDTH)
    assert [shelf.get(name).sink_norm for name in ("3-a", "3-b")] == [1, 3]


def test_a_source_that_arrives_later_is_found(tmp_path: Path) -> None:
    shelf = SaeShelf([tmp_path], "m", WIDTH)
    with pytest.raises(Unknown):
        shelf.get("3-a")
    write_sae(tmp_path / "m" / "3-a")
    assert shelf.get("3-a").d_sae == FEATURES


def test_the_least_recently_used_is_put_back(tmp_path: Path) -> None:
    for name in ("1-a", "2-a", "3-a"):
        write_sae(tmp_path / "m" / name)
    shelf = SaeShelf([tmp_path], "m", WIDTH, capacity=2)
    first, second = shelf.get("1-a"), shelf.get("2-a")
    assert shelf.get("1-a") is first
    shelf.get("3-a")
    shutil.rmtree(tmp_path / "m")
    assert shelf.get("1-a") is first
    with pytest.raises(Unknown):
        shelf.get("2-a")
    assert isinstance(second, LoadedSae)


@pytest.mark.parametrize(
    ("source_id", "expected"), [("15-res-4k", "res-4k"), ("0-res-jb", "res-jb"), ("9-res_fs768__x", "res_fs768")]
)
def test_set_names(source_id: str, expected: str) -> None:
    assert set_name(source_id) == expected
