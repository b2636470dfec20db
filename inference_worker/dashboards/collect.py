"""One forward pass a token batch for all features: windows in, shards of nonzero activations out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from inference_worker.dashboards.shards import Shard, Triples, sorted_by_feature

_DENSE_VALUES = 1 << 25
"""Most dense activations held at once (128 MB of float32)."""


class Encoder(Protocol):
    """A model and an SAE together."""

    @property
    def n_features(self) -> int:
        """Features of the SAE."""

    def residuals(self, tokens: torch.Tensor) -> torch.Tensor:
        """What the SAE reads: `[batch, position, d_in]` of `[batch, position]` token ids."""

    def encode(self, residuals: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Masked activations `[batch, position, feature]` and which positions count `[batch, position]`."""


@torch.inference_mode()
def collect(shard: Shard, windows: NDArray[np.int32], encoder: Encoder, batch: int) -> None:
    """Run the model over a shard's windows and write the shard.

    Args:
        windows: all windows of the run, `[n, context]`.
        batch: windows a forward pass.
    """
    own = windows[shard.first : shard.first + shard.count]
    parts, counted = [], 0
    for first in range(0, len(own), batch):
        tokens = torch.from_numpy(own[first : first + batch].astype(np.int64))
        found, n = _activations(tokens, encoder, first * shard.context)
        parts.append(found)
        counted += n
    shard.write(_joined(parts), encoder.n_features, counted)


def _activations(tokens: torch.Tensor, encoder: Encoder, start: int) -> tuple[Triples, int]:
    residuals = encoder.residuals(tokens)  # [batch, position, d_in]
    rows = max(1, _DENSE_VALUES // (tokens.shape[1] * encoder.n_features))
    parts, counted = [], 0
    for first in range(0, len(tokens), rows):
        part = slice(first, first + rows)
        dense, counts = encoder.encode(residuals[part], tokens[part])
        parts.append(_nonzero(dense.flatten(0, 1), start + first * tokens.shape[1]))
        counted += int(counts.sum())
    return _joined(parts, sort=False), counted


def _nonzero(dense: torch.Tensor, start: int) -> Triples:
    """The nonzero entries of `[position, feature]`, in order of position."""
    found = dense.nonzero(as_tuple=True)
    positions, features = (part.cpu().numpy() for part in found)
    return Triples(features, positions + start, dense[found].float().cpu().numpy())


def _joined(parts: list[Triples], sort: bool = True) -> Triples:
    features = np.concatenate([part.features for part in parts])
    positions = np.concatenate([part.positions for part in parts])
    values = np.concatenate([part.values for part in parts])
    return sorted_by_feature(features, positions, values) if sort else Triples(features, positions, values)
