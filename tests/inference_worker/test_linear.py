"""Packed layers: the same numbers, and rows that do not see each other."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from inference_worker.engine.linear import ROWS, PackedLinear, can_pack, pack

pytestmark = pytest.mark.skipif(
    not can_pack(torch.device("cpu"), torch.float32), reason="this torch has no packed layers"
)


@pytest.fixture
def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(576, 1536).requires_grad_(False)


@pytest.mark.parametrize("shape", [(576,), (1, 576), (4, 576), (3, 7, 576), (300, 576)])
def test_equals_the_plain_layer(linear: nn.Linear, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    torch.testing.assert_close(PackedLinear(linear)(x), linear(x), atol=1e-5, rtol=1e-5)


def test_without_bias() -> None:
    linear = nn.Linear(64, 32, bias=False).requires_grad_(False)
    x = torch.randn(4, 64)
    torch.testing.assert_close(PackedLinear(linear)(x), linear(x), atol=1e-5, rtol=1e-5)


def test_a_row_is_the_same_bit_for_bit_wherever_it_stands(linear: nn.Linear) -> None:
    packed, row = PackedLinear(linear), torch.randn(576)
    for place in range(ROWS):
        group = torch.randn(ROWS, 576)
        group[place] = row
        alone = row.expand(ROWS, 576)
        assert torch.equal(packed(group)[place], packed(alone)[0])


def test_only_plain_layers_are_replaced() -> None:
    class Special(nn.Linear):
        pass

    model = nn.Sequential(nn.Linear(8, 8), nn.Sequential(Special(8, 8), nn.LayerNorm(8))).requires_grad_(False)
    pack(model)
    assert isinstance(model[0], PackedLinear)
    assert isinstance(model[1][0], Special)


@pytest.mark.parametrize(
    ("device", "dtype"), [("cpu", torch.bfloat16), ("cuda", torch.float32), ("mps", torch.float32)]
)
def test_other_devices_and_precisions_keep_their_layers(device: str, dtype: torch.dtype) -> None:
    assert not can_pack(torch.device(device), dtype)
