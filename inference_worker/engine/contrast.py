"""Which features tell two sets of texts apart, and how far.

Every text gives one value a feature: its largest activation, its mean activation or the share of tokens it fires on.
With the means `a` and `b` of the two sides and the pooled standard deviation `s` within them, the separation is

    d = (a - b) / (s + s0)

the moderated difference of SAM (Tusher, Tibshirani and Chu, PNAS 98:5116, 2001, equation 1): Cohen's d with a
constant in the denominator, which keeps features that hardly vary from coming first. Here `s0` is the mean of all
values above 0 of the source on these texts. So d has no unit, compares features of layers whose activations are of
different sizes, and is there for a single text a side, where `s` is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from inference_worker.engine.encode import counted
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.search import Text, columns, encoding, parts_of
from inference_worker.engine.together import Shared

Measure = Literal["peak", "mean", "share"]


@dataclass(frozen=True, slots=True)
class Separation:
    """How far two sides lie apart in each feature, all `[d_sae]` on the CPU."""

    score: torch.Tensor
    """0 where neither side has anything."""
    first_mean: torch.Tensor
    second_mean: torch.Tensor
    spread: torch.Tensor
    typical: float
    """The source's `s0`."""


@torch.inference_mode()
def measured(text: Text, loaded: LoadedSae, measure: Measure) -> Shared[torch.Tensor]:
    """One value a feature, `[d_sae]`; positions that do not count have no part in it."""
    found = torch.zeros(loaded.d_sae, device=loaded.sae.W_dec.device)
    for _, part in parts_of(text, loaded):
        acts: torch.Tensor = yield encoding(part, loaded)
        if measure == "peak":
            found = torch.maximum(found, acts.amax(0))
        else:
            found += acts.sum(0) if measure == "mean" else (acts > 0).sum(0)
    if measure == "peak":
        return found
    return found / counted(text.residual, text.ids, loaded, text.special_ids).sum().clamp(min=1)


@torch.inference_mode()
def separation(first: torch.Tensor, second: torch.Tensor) -> Separation:
    """How far two sides lie apart.

    Args:
        first: `[n_first, d_sae]`, one value a text and feature; `second`: `[n_second, d_sae]`.
    """
    first, second = first.cpu().double(), second.cpu().double()
    a, b = first.mean(0), second.mean(0)
    squares = (first - a).square().sum(0) + (second - b).square().sum(0)
    spread = (squares / max(len(first) + len(second) - 2, 1)).sqrt()
    every = torch.cat([first, second])
    above = every[every > 0]
    typical = above.mean() if len(above) else torch.ones((), dtype=every.dtype)
    return Separation((a - b) / (spread + typical), a, b, spread, float(typical))


def farthest(scores: torch.Tensor, k: int, exclude: Sequence[int] = ()) -> torch.Tensor:
    """Indices of the `k` largest scores above 0, the largest first; equal ones by index."""
    kept = scores.clone()
    kept[list(exclude)] = 0
    above = (kept > 0).nonzero()[:, 0]
    return above[kept[above].sort(descending=True, stable=True).indices[:k]]


@torch.inference_mode()
def values_on(text: Text, loaded: LoadedSae, features: torch.Tensor) -> torch.Tensor:
    """Activations of a few features, `[pos, n_features]`."""
    chosen = features.to(loaded.sae.W_dec.device)
    return torch.cat([columns(part, loaded, chosen) for _, part in parts_of(text, loaded)]).cpu()
