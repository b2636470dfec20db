"""Linear layers for generation on a CPU: weights packed once into oneDNN's blocked layout.

Generating reads every weight once a token. Packed, that takes about half the time of the row-major
layout, and up to four rows cost what one costs, which is what steering needs: unsteered and steered
side by side. Other devices and dtypes keep torch's own layers.
"""

from __future__ import annotations

import torch
from torch import nn

ROWS = 4
"""Rows that are generated at the price of one; smaller batches are filled up to it, and larger ones cost little more.

From two rows on, a row's numbers do not depend on how many there are (a single one meets another kernel)."""


class PackedLinear(nn.Module):
    """`x @ weight.T + bias` in float32, the weight packed. Equal to `nn.Linear` up to rounding."""

    weight: torch.Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.bias = linear.bias
        packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach())
        self.register_buffer("weight", packed, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return y


def can_pack(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether this build of torch has oneDNN's packed layers for this device and dtype."""
    return (
        device.type == "cpu"
        and dtype == torch.float32
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


def pack(module: nn.Module) -> None:
    """Replace every plain `nn.Linear` below `module`; subclasses with arithmetic of their own stay."""
    for name, child in module.named_children():
        if type(child) is nn.Linear:
            setattr(module, name, PackedLinear(child))
        else:
            pack(child)
