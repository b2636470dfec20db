"""Transcoders read at one hook point and write at another: activations of the one, logits from the other."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from inference_worker.engine.errors import Unusable
from tests.inference_worker import tiny
from tests.inference_worker.dashboards import small

READS, WRITES = "blocks.1.hook_resid_mid", "blocks.1.hook_mlp_out"
FEATURES = 36


def transcoder(folder: Path, kind: str, d_out: int = tiny.D_MODEL) -> Path:
    torch.manual_seed(3)
    metadata = {"hook_name": READS, "hook_name_out": WRITES}
    config = {"architecture": kind, "d_in": tiny.D_MODEL, "d_out": d_out, "d_sae": FEATURES, "device": "cpu"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about SAELens's own imports
        from sae_lens import SAE

        sae = SAE.from_dict({**config, "dtype": "float32", "apply_b_dec_to_input": False, "metadata": metadata})
    for weights in sae.parameters():
        weights.data = torch.randn_like(weights) * (0.1 if weights.ndim == 1 else 0.3)
    sae.save_model(folder)
    return folder


@pytest.mark.parametrize("kind", ["transcoder", "jumprelu_transcoder"])
def test_values_are_saelens_own_and_logits_come_from_where_it_writes(tmp_path: Path, kind: str) -> None:
    folder = transcoder(tmp_path / "sae", kind)
    made = small.made("1-tc", tmp_path, folder)
    encoder = small.encoder("1-tc", folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sae_lens import SAE

        sae = SAE.load_from_disk(folder, dtype="float32").requires_grad_(False)
    plain = tiny.hugging_face()
    unembed = plain.lm_head.weight.detach() * plain.transformer.ln_f.weight.detach()  # [vocab, d_model]
    compared = 0
    for feature, found in made.activations.items():
        effect = unembed @ sae.W_dec[feature]
        best = (effect - effect.mean()).topk(10).values
        np.testing.assert_allclose(made.features[feature]["pos_values"], best.numpy(), rtol=2e-3, atol=1e-4)
        for row in found[::4]:
            ids = torch.tensor([small.window_ids(row)])
            exact = sae.encode(encoder.residuals(ids)[0])[:, feature] * (ids[0] != 0)  # special tokens do not count
            np.testing.assert_allclose(row["values"], exact[1:].numpy(), rtol=2e-3, atol=2e-4)
            compared += 1
    assert compared > 50
    assert made.json("source.jsonl")["saelensConfig"]["metadata"]["hook_name_out"] == WRITES


def test_one_that_writes_another_width_than_the_model_has_is_refused(tmp_path: Path) -> None:
    folder = transcoder(tmp_path / "sae", "transcoder", d_out=20)
    with pytest.raises(Unusable, match=f"writes 20 dimensions, but the model has {tiny.D_MODEL} at {WRITES}"):
        small.made("1-tc", tmp_path, folder)
