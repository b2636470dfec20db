"""The one steering arithmetic: what is added, and at which positions.

`h' = h + c * v` (activation addition: Turner et al. 2023, arXiv:2308.10248; with SAE decoder rows:
Templeton et al. 2024, Scaling Monosemanticity), where `c = strength * strength_multiplier` and `v` is
the decoder direction of the feature as the SAE stores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from inference_worker.engine.errors import BadInput


@dataclass(frozen=True, slots=True)
class Steering:
    """What one row of a batch gets: hook name to the vector that is added there, `[d_model]`. Empty: nothing."""

    deltas: Mapping[str, torch.Tensor] = field(default_factory=dict)


def steer(residual: torch.Tensor, delta: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """`residual + delta` where `positions` is true, and the residual untouched, bit for bit, elsewhere.

    Args:
        residual: `[batch, pos, d_model]`.
        delta: `[batch, d_model]`, already multiplied by its coefficient.
        positions: `[batch, pos]`, bool.
    """
    return torch.where(positions[..., None], residual + delta[:, None].to(residual), residual)


def steered_positions(token_ids: torch.Tensor, special_ids: frozenset[int], start: int = 0) -> torch.Tensor:
    """Which positions are steered, `[batch, pos]`: all but the sequence's first and those of special tokens.

    Those are attention sinks, whose residual carries no text and is some hundred times longer.

    Args:
        token_ids: `[batch, pos]`.
        start: position of the first column in the sequence, beyond 0 once a KV cache holds what came before.
    """
    positions = ~is_special(token_ids, special_ids)
    if start == 0:
        positions[:, 0] = False
    return positions


def is_special(token_ids: torch.Tensor, special_ids: frozenset[int]) -> torch.Tensor:
    """Where a token is one of the tokenizer's special ones; the shape of `token_ids`, bool."""
    special = torch.tensor(sorted(special_ids), dtype=token_ids.dtype, device=token_ids.device)
    where: torch.Tensor = torch.isin(token_ids, special)
    return where


def steering(parts: Iterable[tuple[str, torch.Tensor, float]], *, normalize: bool = False) -> Steering:
    """Sum features into one vector a hook, in the order given. Parts with coefficient 0 are left out.

    Args:
        parts: hook name, direction `[d_model]`, coefficient.
        normalize: divide each direction by its norm, so that the coefficient is the length that is added.

    Raises:
        BadInput: a direction of length 0 cannot be normalised.
    """
    deltas: dict[str, torch.Tensor] = {}
    for hook, direction, coefficient in parts:
        if coefficient == 0:
            continue
        added = coefficient * (_unit(direction) if normalize else direction)
        deltas[hook] = deltas[hook] + added if hook in deltas else added
    return Steering(deltas)


def _unit(direction: torch.Tensor) -> torch.Tensor:
    norm = float(torch.linalg.vector_norm(direction))
    if norm == 0:
        raise BadInput("A direction of length 0 cannot be normalised.", field="features")
    return direction / norm


def stacked(rows: Sequence[Steering], like: torch.Tensor) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Per hook, the rows' vectors `[batch, d_model]` and which rows have one `[batch, 1]`; in the dtype of `like`."""
    hooks = dict.fromkeys(hook for row in rows for hook in row.deltas)
    stacks = {}
    for hook in hooks:
        none = torch.zeros_like(next(row.deltas[hook] for row in rows if hook in row.deltas))
        delta = torch.stack([row.deltas.get(hook, none) for row in rows]).to(like)
        has = torch.tensor([[hook in row.deltas] for row in rows], device=like.device)
        stacks[hook] = (delta, has)
    return stacks
