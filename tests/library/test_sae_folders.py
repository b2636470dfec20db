"""SAE folders that somebody brings: what is whole is read, and what is not is said in a sentence that helps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from memicos_app.library.errors import BadInputError
from memicos_app.library.model_shapes import ModelShape, shape_of
from memicos_app.library.sae_folders import Names, names_of, read_sae_folder
from memicos_app.settings import get_settings

WIDTH, FEATURES = 8, 12
HOOK = "blocks.3.hook_resid_post"


def write(folder: Path, *, weights: dict[str, tuple[int, ...]] | None = None, **config: Any) -> Path:
    """An SAE of zeros; `weights` puts other shapes in place, a shape of () leaves one out."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {"architecture": "standard", "d_in": WIDTH, "d_sae": FEATURES, "metadata": {"hook_name": HOOK}, **config}
    (folder / "cfg.json").write_text(json.dumps({name: value for name, value in said.items() if value is not None}))
    shapes: dict[str, tuple[int, ...]] = {
        "W_enc": (WIDTH, FEATURES),
        "b_enc": (FEATURES,),
        "W_dec": (FEATURES, WIDTH),
        "b_dec": (WIDTH,),
    } | (weights or {})
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes.items() if shape}
    save_file(tensors, folder / "sae_weights.safetensors")
    return folder


def test_what_a_folder_says(tmp_path: Path) -> None:
    found = read_sae_folder(write(tmp_path / "sae"))
    assert (found.d_in, found.d_sae, found.d_out, found.layer) == (WIDTH, FEATURES, WIDTH, 3)
    assert (found.hook_name, found.hook_name_out, found.architecture) == (HOOK, HOOK, "standard")


def test_a_transcoder_writes_elsewhere(tmp_path: Path) -> None:
    metadata = {"hook_name": "blocks.3.ln2.hook_normalized", "hook_name_out": "blocks.3.hook_mlp_out"}
    found = read_sae_folder(
        write(tmp_path / "t", weights={"W_dec": (FEATURES, 6), "b_dec": (6,)}, d_out=6, metadata=metadata)
    )
    assert (found.d_out, found.hook_name_out) == (6, "blocks.3.hook_mlp_out")


def test_names(tmp_path: Path) -> None:
    found = read_sae_folder(write(tmp_path / "sae"))
    assert names_of(found, set_name="mine") == Names("3-mine", "mine")
    assert names_of(found, source_id="3-mine__wide") == Names("3-mine__wide", "mine")
    public = read_sae_folder(write(tmp_path / "public", metadata={"hook_name": HOOK, "neuronpedia_id": "m/3-res-jb"}))
    assert names_of(public) == Names("3-res-jb", "res-jb")
    assert names_of(public, set_name="mine") == Names("3-mine", "mine")
    with pytest.raises(BadInputError, match="name its set") as caught:
        names_of(found)
    assert caught.value.field == "set_name"
    for name in ("../up", "a b", "-a", "a/b"):
        with pytest.raises(BadInputError, match="is no name"):
            names_of(found, set_name=name)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"d_in": None}, "does not say its d_in"),
        ({"d_sae": "many"}, "does not say its d_sae"),
        ({"d_in": 16}, r"has the shape \[12, 8\], but by cfg.json it is \[d_sae, d_out\] = \[12, 16\]"),
        ({"d_in": 16, "d_out": 8}, r"W_enc in sae_weights.safetensors has the shape \[8, 12\], but .* = \[16, 12\]"),
        ({"weights": {"W_dec": (WIDTH, FEATURES)}}, r"W_dec .* has the shape \[8, 12\]"),
        ({"weights": {"W_dec": ()}}, "has no W_dec; it holds W_enc, b_dec, b_enc"),
        ({"metadata": {}}, "does not say its hook_name"),
        ({"metadata": {"hook_name": "layer three"}}, "“layer three” in .* is no hook point of a block"),
    ],
)
def test_what_is_wrong_with_a_folder(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInputError, match=said) as caught:
        read_sae_folder(write(tmp_path / "sae", **options))
    assert caught.value.field == "sae"


def test_what_is_no_sae_folder(tmp_path: Path) -> None:
    whole = write(tmp_path / "all" / "layer_3")
    with pytest.raises(BadInputError, match="is not there"):
        read_sae_folder(tmp_path / "nowhere")
    with pytest.raises(BadInputError, match="is a file; give the folder"):
        read_sae_folder(whole / "cfg.json")
    with pytest.raises(BadInputError, match=r"has no cfg\.json\. layer_3 in it is one"):
        read_sae_folder(tmp_path / "all")
    (whole / "cfg.json").write_text("[1]")
    with pytest.raises(BadInputError, match="holds no JSON object"):
        read_sae_folder(whole)


def test_pickles_are_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = write(tmp_path / "sae")
    (folder / "sae_weights.safetensors").rename(folder / "sae.pt")
    with pytest.raises(BadInputError, match=r"sae\.pt is a pickle, .* save it with sae\.save_model"):
        read_sae_folder(folder)


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_weights_that_are_cut_off(tmp_path: Path, kept: int) -> None:
    file = write(tmp_path / "sae") / "sae_weights.safetensors"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(BadInputError, match=r"sae_weights\.safetensors cannot be read"):
        read_sae_folder(tmp_path / "sae")


def test_shapes_of_models_from_their_configuration(tmp_path: Path) -> None:
    gpt2 = {"n_embd": 32, "n_layer": 3, "n_head": 4}
    llama = {
        "hidden_size": 576,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "head_dim": 64,
        "intermediate_size": 1536,
    }
    for name, config in (("gpt2", gpt2), ("llama", llama), ("nested", {"text_config": llama}), ("odd", {"x": 1})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(config))
    assert shape_of(str(tmp_path / "gpt2")) == ModelShape(3, 32, 4, 8, 128)
    assert shape_of(str(tmp_path / "llama")) == shape_of(str(tmp_path / "nested")) == ModelShape(30, 576, 9, 64, 1536)
    assert shape_of(str(tmp_path / "odd")) is None
    assert shape_of("no-such/model-anywhere") is None


def test_the_packaged_model_is_known_before_it_is_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "data_dir", tmp_path)
    assert not get_settings().models_dir.exists()
    assert shape_of("smollm2-135m-it") == ModelShape(layers=30, d_model=576, heads=9, d_head=64, d_mlp=1536)


@pytest.mark.parametrize(
    ("hook", "width"),
    [("blocks.2.hook_resid_post", 32), ("blocks.0.attn.hook_z", 24), ("blocks.1.mlp.hook_post", 128)],
)
def test_an_sae_has_to_fit_its_model(hook: str, width: int) -> None:
    shape = ModelShape(layers=3, d_model=32, heads=4, d_head=6, d_mlp=128)
    shape.require_fits(hook, width)
    with pytest.raises(BadInputError, match=f"has 5 dimensions at {hook}, and the model has {width} there"):
        shape.require_fits(hook, 5)
    with pytest.raises(BadInputError, match="has layers 0 to 2"):
        shape.require_fits(hook.replace(hook[7], "3", 1), width)
    shape.require_fits("blocks.1.hook_of_its_own", 7)
