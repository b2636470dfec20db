"""The model: its hook points are Hugging Face's numbers, and its two forms are one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer as Backend
from tokenizers import models as tokenizer_models
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from inference_worker.engine.errors import BadInput, Unusable
from inference_worker.engine.loading import load_model, served_name
from inference_worker.engine.model import LanguageModel, token_rows
from tests.inference_worker import plain

TEXT = "The treaty was signed in 1648, and of the degree of freedom it spoke little."


@pytest.fixture(scope="module")
def ids(language_model: LanguageModel) -> torch.Tensor:
    return torch.tensor([language_model.tokenizer.tokenize(TEXT).ids])


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two layers with a tokenizer of twelve words and no BOS."""
    folder = tmp_path_factory.mktemp("models") / "small-model"
    words = {word: i for i, word in enumerate("abcdefghijkl")}
    backend = Backend(tokenizer_models.WordLevel(words, unk_token="a"))
    PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="a").save_pretrained(folder)
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=12,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=32,
        bos_token_id=None,
        eos_token_id=None,
    )
    LlamaForCausalLM(shape).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("layer", [0, 15, 28])
def test_residuals_are_hugging_faces(language_model: LanguageModel, ids: torch.Tensor, layer: int) -> None:
    name = f"blocks.{layer}.hook_resid_post"
    ours = language_model.capture(ids, [name])[name][0]
    theirs = plain.residual(ids[0].tolist(), layer)
    assert (ours - theirs).norm(dim=-1).div(theirs.norm(dim=-1)).max() < 5e-5


def test_the_last_layer_is_taken_before_the_final_norm(language_model: LanguageModel, ids: torch.Tensor) -> None:
    name = "blocks.29.hook_resid_post"
    after = plain.hugging_face().model.norm(language_model.capture(ids, [name])[name][0])
    assert torch.allclose(after, plain.residual(ids[0].tolist(), 29), rtol=1e-3, atol=1e-3)


def test_before_a_layer_is_after_the_one_before(language_model: LanguageModel, ids: torch.Tensor) -> None:
    names = ["blocks.8.hook_resid_pre", "blocks.7.hook_resid_post"]
    seen = language_model.capture(ids, names)
    assert torch.equal(seen[names[0]], seen[names[1]])


def test_a_layer_adds_what_its_parts_write(language_model: LanguageModel, ids: torch.Tensor) -> None:
    """resid_pre + attn_out + mlp_out == resid_post, at hook points that only the bridge has."""
    names = [f"blocks.4.hook_{part}" for part in ("resid_pre", "attn_out", "mlp_out", "resid_post")]
    before, attention, mlp, after = language_model.capture(ids, names).values()
    torch.testing.assert_close(before + attention + mlp, after)


def test_plain_and_bridge_agree(language_model: LanguageModel, ids: torch.Tensor) -> None:
    name, other = "blocks.15.hook_resid_post", "blocks.15.hook_mlp_out"
    fast = language_model.capture(ids, [name])[name]
    slow = language_model.capture(ids, [name, other])[name]
    assert (fast - slow).norm() / slow.norm() < 5e-5


def test_both_forms_share_their_weights(language_model: LanguageModel) -> None:
    ours = language_model.plain.model.layers[3].input_layernorm.weight
    theirs = language_model.bridge.blocks[3].ln1.original_component.weight
    assert ours.data_ptr() == theirs.data_ptr()


def test_padding_on_the_right_changes_nothing(language_model: LanguageModel, ids: torch.Tensor) -> None:
    name = "blocks.15.hook_resid_post"
    alone = language_model.capture(ids, [name])[name]
    rows = token_rows([ids[0].tolist(), [1, *range(100, 140)]], language_model.n_vocab)
    beside = language_model.capture(rows, [name])[name][:1, : ids.shape[1]]
    assert (alone - beside).norm() / alone.norm() < 5e-5


def test_the_forward_pass_ends_after_the_last_hook_point(language_model: LanguageModel, ids: torch.Tensor) -> None:
    reached = []
    block = language_model.plain.model.layers[16]
    handle = block.register_forward_pre_hook(lambda *_: reached.append(True))
    try:
        language_model.capture(ids, ["blocks.15.hook_resid_post"])
        assert not reached
        language_model.capture(ids, ["blocks.16.hook_resid_post"])
        assert reached
    finally:
        handle.remove()


def test_no_hook_stays_behind(language_model: LanguageModel, ids: torch.Tensor) -> None:
    language_model.capture(ids, ["blocks.3.hook_resid_post"])
    assert not language_model.plain.model.layers[3]._forward_hooks


@pytest.mark.parametrize("name", ["blocks.30.hook_resid_post", "blocks.1.hook_nothing", "nonsense"])
def test_an_unknown_hook_point_is_refused(language_model: LanguageModel, ids: torch.Tensor, name: str) -> None:
    with pytest.raises(Unusable, match="no hook point"):
        language_model.capture(ids, [name])


def test_what_is_known_of_the_demo_model(language_model: LanguageModel) -> None:
    assert (language_model.name, language_model.n_layers, language_model.d_model) == ("smollm2-135m-it", 30, 576)
    assert language_model.bos_id == 1
    assert language_model.tokenizer.prepends_bos
    assert language_model.eos_ids == {2}
    assert language_model.is_packed


def test_a_folder_is_a_model(small_folder: Path, tmp_path: Path) -> None:
    model = load_model(str(small_folder), models_dir=tmp_path)
    assert (model.name, model.n_layers, model.d_model, model.bos_id) == ("small-model", 2, 16, None)
    assert model.capture(torch.tensor([[1, 2]]), ["blocks.1.hook_resid_post"])
    assert not model.tokenizer.prepends_bos
    assert model.eos_ids == frozenset()


def test_other_precisions_run_unpacked(small_folder: Path, tmp_path: Path) -> None:
    model = load_model(str(small_folder), models_dir=tmp_path, dtype=torch.bfloat16)
    name = "blocks.0.hook_resid_post"
    assert not model.is_packed
    assert model.capture(torch.tensor([[1, 2]]), [name])[name].dtype == torch.bfloat16
    assert model.logits(torch.tensor([[1, 2]])).dtype == torch.float32


def test_a_folder_without_weights_is_refused_with_a_reason(small_folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(small_folder, broken)
    (broken / "model.safetensors").unlink()
    with pytest.raises(Unusable, match="broken cannot be loaded"):
        load_model(str(broken), models_dir=tmp_path)


def test_a_model_is_called_by_the_last_part_of_its_name() -> None:
    assert served_name("google/gemma-2-2b") == "gemma-2-2b"
    assert served_name("/models/small-model/") == "small-model"


@pytest.mark.parametrize(
    ("rows", "field"), [([[]], "prompt"), ([[1], []], "prompt"), ([[12]], "tokens"), ([[-1]], "tokens")]
)
def test_rows_that_no_model_can_read(rows: list[list[int]], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        token_rows(rows, 12)
    assert caught.value.field == field
