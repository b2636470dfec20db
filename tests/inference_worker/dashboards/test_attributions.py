"""Attention SAEs: what each token gave to a feature, summed over tokens, is its pre-activation without constants."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.inference_worker import tiny
from tests.inference_worker.dashboards import small
from tests.inference_worker.dashboards.conftest import Made

SOURCE = "1-att"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return small.made(SOURCE, tmp_path_factory.mktemp("attention"))


def rows(made: Made) -> Iterator[tuple[int, dict[str, Any]]]:
    for feature, found in made.activations.items():
        for row in found:
            yield feature, row


def test_the_sum_over_tokens_is_the_pre_activation(made: Made) -> None:
    """Of SAELens's own weights: `z @ W_enc + b_enc`, where `z` is `z - b_dec` for SAEs that subtract it."""
    sae = tiny.saelens(SOURCE)
    bias = sae.b_enc - (sae.b_dec @ sae.W_enc if sae.cfg.apply_b_dec_to_input else 0)
    compared = 0
    for feature, row in rows(made):
        total = sum(row["dfaValues"]) + row["dfaBosValue"] + float(bias[feature])
        assert len(row["dfaValues"]) == len(row["tokens"]) == small.CONTEXT - 1
        assert row["dfaTargetIndex"] == row["maxValueTokenIndex"]
        assert max(row["dfaValues"]) == row["dfaMaxValue"]
        assert not any(row["dfaValues"][row["dfaTargetIndex"] + 1 :]), "no token gives to one before it"
        assert max(total, 0) == pytest.approx(row["maxValue"], rel=2e-3, abs=2e-3)
        compared += 1
    assert compared > 100


def test_each_token_gave_what_plain_hugging_face_says(made: Made) -> None:
    """By the definition: the pattern of each head times the token's value vector times the encoder column."""
    model = tiny.hugging_face()
    sae = tiny.saelens(SOURCE)
    width = tiny.D_MODEL // tiny.HEADS
    for feature, row in list(rows(made))[::17]:
        ids = torch.tensor([small.window_ids(row)])
        seen: list[torch.Tensor] = []
        handle = model.transformer.h[1].attn.c_attn.register_forward_hook(
            lambda _, __, out, seen=seen: seen.append(out)
        )
        with torch.inference_mode():
            pattern = model(ids, output_attentions=True).attentions[1][0]  # [head, query, key]
        handle.remove()
        values = seen[0][0].split(tiny.D_MODEL, dim=-1)[2].reshape(-1, tiny.HEADS, width)
        columns = sae.W_enc[:, feature].reshape(tiny.HEADS, width)
        target = row["dfaTargetIndex"] + 1
        expected = torch.einsum("hs,shd,hd->s", pattern[:, target], values, columns)
        np.testing.assert_allclose(row["dfaValues"], expected[1:].numpy(), rtol=2e-3, atol=2e-4)
        np.testing.assert_allclose(row["dfaBosValue"], float(expected[0]), rtol=2e-3, atol=2e-4)


def test_the_set_shows_attributions_and_others_do_not(made: Made, tmp_path: Path) -> None:
    assert made.json("sourceset.jsonl")["showDfa"] is True
    other = small.made("1-mlp", tmp_path)
    assert other.json("sourceset.jsonl")["showDfa"] is False
    assert all(row["dfaValues"] == [] and row["dfaMaxValue"] is None for _, row in rows(other))
    assert not any("dfaBosValue" in row for _, row in rows(other))


def test_shards_and_processes_change_nothing(made: Made, tmp_path: Path) -> None:
    again = small.made(SOURCE, tmp_path, processes=2, batch_prompts=8)
    assert json.dumps(again.rows("activations")) == json.dumps(made.rows("activations"))
