"""What a feature writes: equal to the plain formulas, and independent of how a norm stores its gain."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from inference_worker.dashboards.logits import alignment, logit_effect, neighbours, norm_gain, unembedding
from inference_worker.engine.model import LanguageModel

torch.manual_seed(0)
DIRECTIONS = torch.randn(6, 32)
UNEMBED = torch.randn(32, 500)


class ShiftedRMSNorm(nn.Module):
    """Keeps its gain less one, as Gemma does."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * (1 + self.weight)


@pytest.mark.parametrize("kind", ["rms", "layer", "shifted"])
def test_gain_is_what_the_norm_multiplies_by(kind: str) -> None:
    gain, bias = torch.rand(32) * 3 - 1, torch.randn(32)
    norm: nn.Module
    if kind == "rms":
        norm = nn.RMSNorm(32, eps=1e-6)
        norm.load_state_dict({"weight": gain})
    elif kind == "layer":
        norm = nn.LayerNorm(32, eps=1e-6)
        norm.load_state_dict({"weight": gain, "bias": bias})
    else:
        norm = ShiftedRMSNorm(gain - 1)
    torch.testing.assert_close(norm_gain(norm, 32), gain, rtol=1e-4, atol=1e-5)


def test_gain_of_the_demo_model(language_model: LanguageModel) -> None:
    norm = language_model.plain.model.norm
    torch.testing.assert_close(norm_gain(norm, 576), norm.weight.detach(), rtol=1e-4, atol=1e-5)


def test_unembedding_is_folded_and_centred() -> None:
    gain = torch.rand(32)
    found = unembedding(UNEMBED, gain)
    torch.testing.assert_close(found.mean(dim=1), torch.zeros(32), rtol=0, atol=1e-5)
    plain = DIRECTIONS @ torch.diag(gain) @ UNEMBED
    torch.testing.assert_close(
        (DIRECTIONS @ found).softmax(dim=1), plain.softmax(dim=1), rtol=1e-4, atol=1e-6
    )  # no probability changes


def test_effects_are_ranked_and_counted() -> None:
    effects = (DIRECTIONS @ UNEMBED).numpy()
    found = logit_effect(DIRECTIONS, UNEMBED)
    for row in range(6):
        order = np.argsort(effects[row])
        assert found.top.indices[row].tolist() == order[::-1][:10].tolist()
        assert found.bottom.indices[row].tolist() == order[:10].tolist()
        np.testing.assert_allclose(found.top.values[row], effects[row][order[::-1][:10]], rtol=1e-5)
        np.testing.assert_allclose(found.bottom.values[row], effects[row][order[:10]], rtol=1e-5)
        bars = torch.histc(torch.from_numpy(effects[row]), bins=50).numpy()
        assert np.abs(found.bars[row] - bars).sum() <= 2  # a value on an edge may fall to either side
    assert found.bars.sum(axis=1).tolist() == [500] * 6


def test_alignment_is_the_largest_entries_and_their_share() -> None:
    best, shares = alignment(DIRECTIONS)
    for row, direction in enumerate(DIRECTIONS.numpy()):
        order = np.argsort(-direction)[:3]
        assert best.indices[row].tolist() == order.tolist()
        np.testing.assert_allclose(shares[row], np.abs(direction[order]) / np.abs(direction).sum(), rtol=1e-5)


def test_neighbours_are_by_cosine_without_self_and_without_skipped() -> None:
    decoder = torch.randn(40, 16) * torch.rand(40, 1) * 5
    live = np.ones(40, dtype=bool)
    live[[2, 9]] = False
    unit = torch.nn.functional.normalize(decoder, dim=1).numpy()
    cosine = unit @ unit.T
    found = neighbours(decoder, live, 10, 20, k=5)
    for feature in range(10, 20):
        order = [other for other in np.argsort(-cosine[feature]) if other != feature and live[other]][:5]
        assert found.indices[feature - 10].tolist() == order
        np.testing.assert_allclose(found.values[feature - 10], cosine[feature][order], rtol=1e-4, atol=1e-6)
