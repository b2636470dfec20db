"""The one encode: residual stream to feature activations, with the rule for positions that do not count.

Dashboards, activation tests and search all call this. A position does not count, and all its
activations are 0, if its token is special or its residual is longer than the SAE's `sink_norm`.
"""

from __future__ import annotations

from typing import Any

import torch

from inference_worker.engine.saes import LoadedSae

Features = slice | list[int] | torch.Tensor | None
"""Which features: a slice, indices, or None for all."""

_COLUMNWISE = frozenset({"standard", "jumprelu"})
"""Architectures in which a feature's activation depends on no other feature."""


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

    The formula is SAELens's own `encode`; a few features of a standard or JumpReLU SAE are computed
    from their columns alone.

    Args:
        residual: `[..., pos, d_in]`, of any dtype, at the SAE's hook point; heads may have an axis of their own.
        token_ids: `[..., pos]`.
        special_ids: the tokenizer's special tokens.
        features: which of the SAE's features, in which order.
    """
    acts = _activations(_flat(residual, token_ids).to(loaded.sae.W_dec.device), loaded.sae, features)
    counts = counted(residual, token_ids, loaded, special_ids)
    return torch.where(counts[..., None].to(acts.device), acts, 0.0)


def counted(
    residual: torch.Tensor, token_ids: torch.Tensor, loaded: LoadedSae, special_ids: frozenset[int]
) -> torch.Tensor:
    """Which positions count, `[..., pos]` bool."""
    ordinary = ~is_special(token_ids.to(residual.device), special_ids)
    if loaded.sink_norm is None:
        return ordinary
    norms = torch.linalg.vector_norm(_flat(residual, token_ids).float(), dim=-1)
    short: torch.Tensor = norms <= loaded.sink_norm
    return ordinary & short


def is_special(token_ids: torch.Tensor, special_ids: frozenset[int]) -> torch.Tensor:
    """Where a token is one of the tokenizer's special ones; the shape of `token_ids`, bool."""
    special = torch.tensor(sorted(special_ids), dtype=token_ids.dtype, device=token_ids.device)
    where: torch.Tensor = torch.isin(token_ids, special)
    return where


def _flat(residual: torch.Tensor, token_ids: torch.Tensor) -> torch.Tensor:
    """Heads side by side: `[..., pos, d_in]`."""
    return residual.flatten(token_ids.ndim)


def _activations(residual: torch.Tensor, sae: Any, features: Features) -> torch.Tensor:
    chosen = torch.tensor(features) if isinstance(features, list) else features
    if sae.cfg.reshape_activations == "hook_z":
        residual = residual[..., None, :]  # SAELens joins the heads itself, and one head is as good as many
    if chosen is None or not _is_columnwise(sae):
        acts: torch.Tensor = sae.encode(residual)
        return acts if chosen is None else acts[..., chosen]
    pre = sae.process_sae_in(residual) @ sae.W_enc[:, chosen] + sae.b_enc[chosen]
    active: torch.Tensor = sae.activation_fn(pre)
    return active * (pre > sae.threshold[chosen]) if hasattr(sae, "threshold") else active


def _is_columnwise(sae: Any) -> bool:
    return sae.cfg.architecture() in _COLUMNWISE
