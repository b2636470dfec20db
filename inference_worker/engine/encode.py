"""The one encode: residual stream to feature activations, with the rule for positions that do not count.

Dashboards, activation tests and search all call this. A position does not count, and all its
activations are 0, if its token is special or its residual is longer than the SAE's `sink_norm`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from inference_worker.engine.saes import LoadedSae

Features = slice | list[int] | torch.Tensor | None
"""Which features: a slice, indices, or None for all."""

COLUMNWISE = frozenset(
    {"standard", "jumprelu", "transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder"}
)
"""Architectures in which a feature's activation depends on no other feature."""
_BLOCK = 4096
"""Features whose 16-bit weights are widened at a time."""


@torch.inference_mode()
def encode(
    residual: torch.Tensor,
    token_ids: torch.Tensor,
    loaded: LoadedSae,
    special_ids: frozenset[int],
    *,
    features: Features = None,
) -> torch.Tensor:
    """Feature activations, `[..., pos, n_features]` in float32; 0 at positions that do not count.

    The formula is SAELens's own `encode`; a few features of an SAE whose features are independent are computed
    from their columns alone.

    Args:
        residual: `[..., pos, d_in]`, of any dtype, at the SAE's hook point; heads may have an axis of their own.
        token_ids: `[..., pos]`.
        special_ids: the tokenizer's special tokens.
        features: which of the SAE's features, in which order.

    Raises:
        Unusable: the SAE reads another width than the residual has.
    """
    acts = _activations(loaded.flat(residual).to(loaded.sae.W_dec.device), loaded.sae, features)
    counts = counted(residual, token_ids, loaded, special_ids)
    return torch.where(counts[..., None].to(acts.device), acts, 0.0)


def counted(
    residual: torch.Tensor, token_ids: torch.Tensor, loaded: LoadedSae, special_ids: frozenset[int]
) -> torch.Tensor:
    """Which positions count, `[..., pos]` bool."""
    ordinary = ~is_special(token_ids.to(residual.device), special_ids)
    if loaded.sink_norm is None:
        return ordinary
    short: torch.Tensor = torch.linalg.vector_norm(loaded.flat(residual), dim=-1) <= loaded.sink_norm
    return ordinary & short


def is_special(token_ids: torch.Tensor, special_ids: frozenset[int]) -> torch.Tensor:
    """Where a token is one of the tokenizer's special ones; the shape of `token_ids`, bool."""
    special = torch.tensor(sorted(special_ids), dtype=token_ids.dtype, device=token_ids.device)
    where: torch.Tensor = torch.isin(token_ids, special)
    return where


def _activations(read: torch.Tensor, sae: Any, features: Features) -> torch.Tensor:
    chosen = torch.tensor(features) if isinstance(features, list) else features
    independent = sae.cfg.architecture() in COLUMNWISE
    if chosen is not None and independent:
        return _columns(sae.process_sae_in(read), sae, chosen)
    if independent and sae.W_enc.dtype != torch.float32:
        blocks = (slice(first, first + _BLOCK) for first in range(0, sae.cfg.d_sae, _BLOCK))
        return torch.cat([_columns(sae.process_sae_in(read), sae, block) for block in blocks], dim=-1)
    with widened(sae):
        acts: torch.Tensor = sae.encode(read)
    return acts if chosen is None else acts[..., chosen]


def _columns(read: torch.Tensor, sae: Any, chosen: slice | torch.Tensor) -> torch.Tensor:
    pre = read @ sae.W_enc[:, chosen].float() + sae.b_enc[chosen].float()
    active: torch.Tensor = sae.activation_fn(pre)
    return active * (pre > sae.threshold[chosen]) if hasattr(sae, "threshold") else active


@contextmanager
def widened(sae: Any) -> Iterator[None]:
    """With all weights in float32, those of 16 bits for the time being."""
    narrow = [(p, p.data) for p in sae.parameters() if p.dtype != torch.float32]
    for parameter, data in narrow:
        parameter.data = data.float()
    try:
        yield
    finally:
        for parameter, data in narrow:
            parameter.data = data
