"""Any SAE that SAELens loads: what is stored is what its own encode says, at whatever hook point it sits."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference_worker.dashboards.encoder import Encoder, residual_directions
from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.generation import Generation
from inference_worker.dashboards.run import generate
from inference_worker.engine.encode import counted
from tests import packaged
from tests.inference_worker.dashboards.conftest import CORPUS, Made

D_MODEL, D_MLP, D_SAE, LAYER = 24, 40, 48, 1
RESIDUAL = f"blocks.{LAYER}.hook_resid_post"
KINDS = {
    "standard": {},
    "gated": {},
    "jumprelu": {},
    "topk": {"k": 6},
    "abstopk": {"k": 6},
    "matching_pursuit": {"residual_threshold": 0.5, "max_iterations": 6},
    "transcoder": {"d_out": D_MODEL, "apply_b_dec_to_input": False},
    "skip_transcoder": {"d_out": D_MODEL, "apply_b_dec_to_input": False},
    "jumprelu_transcoder": {"d_out": D_MODEL, "apply_b_dec_to_input": False},
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two small layers with the demo's tokenizer."""
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("model") / "tiny"
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=49_152,
        hidden_size=D_MODEL,
        intermediate_size=D_MLP,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(packaged.model()).save_pretrained(folder)
    return folder


def random_sae(folder: Path, kind: str, hook: str, d_in: int, **options: Any) -> Path:
    """An SAE with random weights, saved as SAELens saves it."""
    torch.manual_seed(1)
    metadata = {"hook_name": hook, "model_name": "tiny", "prepend_bos": True}
    config = {"architecture": kind, "d_in": d_in, "d_sae": D_SAE, "device": "cpu", "dtype": "float32"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about SAELens's own imports
        from sae_lens import SAE

        sae = SAE.from_dict({**config, **KINDS[kind], **options, "metadata": metadata})
    for name, weights in sae.named_parameters():
        spread = 0.02 if name.startswith("b_") else 1.0
        weights.data = torch.randn_like(weights) * spread / (d_in**0.5 if weights.ndim > 1 else 1)
        if name == "threshold":
            weights.data = weights.data.abs() * 0.05
    sae.save_model(folder)
    return folder


def settings(tiny: Path, sae: Path, out: Path) -> Generation:
    return Generation(
        model=str(tiny),
        sae=sae,
        corpus=CORPUS,
        out=out,
        model_id="tiny",
        source_id="1-test",
        set_name="test",
        models_dir=packaged.models(),
        context=32,
        prompts=24,
        batch_prompts=5,
        tokens_per_step=300,
        features_per_batch=20,
        wanted=Wanted(4, 3, 2),
        threads=1,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_stored_values_are_those_of_its_own_encode(tiny: Path, tmp_path: Path, kind: str) -> None:
    sae = random_sae(tmp_path / "sae", kind, RESIDUAL, D_MODEL)
    made = Made(generate(settings(tiny, sae, tmp_path)))
    assert made.json("source.jsonl")["saelensConfig"]["architecture"] == kind
    check_values(made, Encoder(str(tiny), Path(), sae, "1-test"))
    assert all(len(row["pos_str"]) == len(row["neg_str"]) == 10 for row in made.features.values())


@pytest.mark.parametrize(
    ("hook", "d_in"), [(f"blocks.{LAYER}.attn.hook_z", D_MODEL), (f"blocks.{LAYER}.mlp.hook_post", D_MLP)]
)
def test_other_hook_points_write_through_their_matrix(tiny: Path, tmp_path: Path, hook: str, d_in: int) -> None:
    reshape = {"reshape_activations": "hook_z"} if hook.endswith("hook_z") else {}
    sae = random_sae(tmp_path / "sae", "standard", hook, d_in, **reshape)
    made = Made(generate(settings(tiny, sae, tmp_path)))
    encoder = Encoder(str(tiny), Path(), sae, "1-test")
    check_values(made, encoder)
    plain = encoder.model.bridge.original_model
    block = plain.model.layers[LAYER]
    onwards = block.self_attn.o_proj if hook.endswith("hook_z") else block.mlp.down_proj
    with torch.inference_mode():
        residual = torch.nn.functional.linear(encoder.decoder, onwards.weight)
        effect = residual @ (plain.lm_head.weight * plain.model.norm.weight).T
        effect -= effect.mean(dim=1, keepdim=True)
    for feature, row in list(made.features.items())[:10]:
        best = effect[feature].topk(10).values
        np.testing.assert_allclose(row["pos_values"], best.numpy(), rtol=2e-3, atol=1e-6)


def test_a_decoder_that_leads_nowhere_has_no_logits(tiny: Path, tmp_path: Path) -> None:
    sae = random_sae(tmp_path / "sae", "transcoder", RESIDUAL, D_MODEL, d_out=13)
    made = Made(generate(settings(tiny, sae, tmp_path)))
    assert made.features
    assert all(row["pos_str"] == row["logits_hist_data_bar_heights"] == [] for row in made.features.values())
    encoder = Encoder(str(tiny), Path(), sae, "1-test")
    assert residual_directions(encoder.decoder, RESIDUAL, encoder.model.bridge) is None


def test_precision_is_as_asked_and_said(tiny: Path, tmp_path: Path) -> None:
    sae = random_sae(tmp_path / "sae", "standard", RESIDUAL, D_MODEL)
    one = Made(generate(settings(tiny, sae, tmp_path / "float32")))
    other = Made(generate(replace(settings(tiny, sae, tmp_path / "bfloat16"), dtype="bfloat16")))
    assert other.json("generation.json")["dtype"] == "bfloat16"
    assert json.dumps(one.features) != json.dumps(other.features)


def check_values(made: Made, encoder: Encoder) -> None:
    windows = np.load(CORPUS)[:, 1:125].reshape(-1, 31).astype(np.int64)
    compared = 0
    for feature, rows in made.activations.items():
        for row in rows:
            ids = torch.from_numpy(np.concatenate([[1], windows[int(row["dataIndex"])]])[None])
            with torch.inference_mode():
                residual = encoder.residuals(ids)
                exact = encoder.loaded.sae.encode(encoder.loaded.flat(residual))[0, :, feature]
                exact = exact * counted(residual, ids, encoder.loaded, encoder.model.special_ids)[0]
            np.testing.assert_allclose(row["values"], exact[1:].numpy(), rtol=2e-3, atol=2e-4)
            compared += 1
    assert compared > 100
