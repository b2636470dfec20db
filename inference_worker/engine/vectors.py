"""Directions as a source: a set of vectors at one hook point, whose activations are projections on them.

It stands where an SAE of SAELens stands and has what is asked of one; there is no nonlinearity and no bias, so that
activations may be negative.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

ARCHITECTURE = "vectors"


class VectorSet(nn.Module):
    """Vectors `[n, d]`.

    Args:
        vectors: `[n, d]` in float32.
        config: of the folder; `metadata` says where they belong.
    """

    def __init__(self, vectors: torch.Tensor, config: dict[str, Any]) -> None:
        super().__init__()
        self.W_dec = nn.Parameter(vectors, requires_grad=False)
        self.labels: list[str] = [str(label) for label in config.get("labels") or []]
        self.cfg = SimpleNamespace(
            d_in=vectors.shape[1],
            d_sae=vectors.shape[0],
            metadata=dict(config.get("metadata") or {}),
            normalize_activations="none",
            architecture=lambda: ARCHITECTURE,
        )

    @property
    def W_enc(self) -> torch.Tensor:  # noqa: N802 - SAELens's name
        """What is read is what is written: `[d, n]`."""
        return self.W_dec.T

    def encode(self, read: torch.Tensor) -> torch.Tensor:
        """Projections `h · v`, `[..., n]`; not divided by the length of `v`."""
        return read @ self.W_enc

    def decode(self, acts: torch.Tensor) -> torch.Tensor:
        """`Σ a v`, `[..., d]`."""
        return acts @ self.W_dec

    def forward(self, read: torch.Tensor) -> torch.Tensor:
        """The sum of the projections along each vector."""
        return self.decode(self.encode(read))
