"""What a feature writes: its effect on the logits, its place among the model's neurons, its nearest neighbours.

All from the decoder alone, so it needs no tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inference_worker.dashboards.statistics import BARS


@dataclass(frozen=True, slots=True)
class Ranked:
    """The k best of something for each feature: `[n, k]` each, best first."""

    indices: NDArray[np.int64]
    values: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LogitEffect:
    """Effect of the features of a block on the logits of every token."""

    top: Ranked
    bottom: Ranked
    low: NDArray[np.float64]  # [n], range of the effects
    high: NDArray[np.float64]
    bars: NDArray[np.int64]  # [n, BARS], tokens of the vocabulary in each part of the range


@torch.inference_mode()
def norm_gain(norm: torch.nn.Module, d_model: int) -> torch.Tensor:
    """Gain `[d_model]` that a LayerNorm or RMSNorm multiplies by, whatever it keeps in its weights.

    A vector of +1 and -1 in turn has mean 0 and length 1 a dimension, so that the norm gives gain * vector + bias.
    """
    weight = next(norm.parameters())
    signs = torch.where(torch.arange(d_model, device=weight.device) % 2 == 0, 1.0, -1.0).to(weight.dtype)
    odd = norm(signs[None, None]) - norm(-signs[None, None])
    gain: torch.Tensor = (odd[0, 0] / 2 * signs).float().cpu()
    return gain


@torch.inference_mode()
def unembedding(w_u: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """The unembedding `[d_model, vocab]` with the gain of the final norm folded in, centred over the vocabulary.

    Centring changes no probability, and makes a positive effect mean "more likely than the average token".
    It is what TransformerLens does by default (fold_ln, center_unembed).
    """
    folded = w_u.float() * gain[:, None]
    return folded - folded.mean(dim=1, keepdim=True)


@torch.inference_mode()
def logit_effect(directions: torch.Tensor, unembed: torch.Tensor, k: int = 10) -> LogitEffect:
    """Effects of decoder directions `[n, d_model]` through `unembed` `[d_model, vocab]`, in float32."""
    effects = directions.float() @ unembed  # [n, vocab]
    low, high = effects.min(dim=1).values, effects.max(dim=1).values
    top, bottom = _ranked(effects, k), _ranked(-effects, k, sign=-1)
    bars = _bars(effects, low, high)
    return LogitEffect(top, bottom, low.double().numpy(), high.double().numpy(), bars)


@torch.inference_mode()
def alignment(directions: torch.Tensor, k: int = 3) -> tuple[Ranked, NDArray[np.float32]]:
    """Basis directions that each decoder direction points along most, and their share of its L1 norm."""
    best = _ranked(directions.float(), k)
    norm = directions.float().abs().sum(dim=1, keepdim=True).clamp_min(1e-12)
    return best, np.abs(best.values) / norm.numpy()


@torch.inference_mode()
def neighbours(decoder: torch.Tensor, live: NDArray[np.bool_], first: int, end: int, k: int = 10) -> Ranked:
    """Live features whose decoder direction has the highest cosine with those of `[first, end)`."""
    unit = torch.nn.functional.normalize(decoder.float(), dim=1)
    cosine = unit[first:end] @ unit.T  # [n, n_features]
    cosine[:, torch.from_numpy(~live)] = -torch.inf
    cosine[torch.arange(end - first), torch.arange(first, end)] = -torch.inf
    return _ranked(cosine, min(k, cosine.shape[1]))


def _bars(effects: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> NDArray[np.int64]:
    """Values in each of BARS equal parts of `[low, high]`, for each row; overwrites `effects`."""
    scale = BARS / (high - low).clamp_min(1e-30)
    place = effects.sub_(low[:, None]).mul_(scale[:, None]).to(torch.int32).clamp_(max=BARS - 1)
    place += torch.arange(len(effects), dtype=torch.int32)[:, None] * BARS
    counts = torch.bincount(place.view(-1), minlength=len(effects) * BARS)
    return counts.view(len(effects), BARS).numpy()


def _ranked(values: torch.Tensor, k: int, sign: int = 1) -> Ranked:
    found = values.topk(k, dim=1)
    return Ranked(found.indices.numpy(), (found.values * sign).numpy())
