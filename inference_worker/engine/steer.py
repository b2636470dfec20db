"""The one steering arithmetic: what is added, and at which positions.

`h' = h + c * v` (activation addition: Turner et al. 2023, arXiv:2308.10248; with SAE decoder rows:
Templeton et al. 2024, Scaling Monosemanticity), where `c = strength * strength_multiplier` and `v` is
the decoder direction of the feature as the SAE stores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from inference_worker.engine.encode import is_special
from inference_worker.engine.errors import BadInput
from inference_worker.engine.model import Hook


@dataclass(frozen=True, slots=True)
class Steering:
    """What one row of a batch gets. Empty: nothing."""

    deltas: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """Hook name to the vector that is added there, `[d_model]`."""
    special_ids: frozenset[int] = frozenset()
    """Tokens that are left alone."""


class SteeredRows:
    """The rows of a batch, each with its own steering.

    Args:
        rows: the steering of each row.
        like: dtype and device of the residual stream.
    """

    def __init__(self, rows: Sequence[Steering], like: torch.Tensor) -> None:
        self._special = frozenset().union(*(row.special_ids for row in rows))
        self._stacks = _stacked(rows, like)

    def hooks(self, token_ids: torch.Tensor, starts: torch.Tensor, prompt_lengths: torch.Tensor) -> dict[str, Hook]:
        """Hook name to what happens there in the forward pass over these tokens.

        Args:
            token_ids: `[batch, pos]`, on the device of the residual stream, as are the others.
            starts: `[batch]`, position of the first column in each row's sequence.
            prompt_lengths: `[batch]`, tokens of each row's prompt.
        """
        if not self._stacks:
            return {}
        positions = steered_positions(token_ids, starts, self._special)

        def adding(delta: torch.Tensor, has: torch.Tensor) -> Hook:
            return lambda residual: steer(residual, delta, positions & has)

        return {name: adding(delta, has) for name, (delta, has) in self._stacks.items()}


def steer(residual: torch.Tensor, delta: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """`residual + delta` where `positions` is true, and the residual untouched, bit for bit, elsewhere.

    Args:
        residual: `[batch, pos, d_model]`.
        delta: `[batch, d_model]`, already multiplied by its coefficient.
        positions: `[batch, pos]`, bool.
    """
    return torch.where(positions[..., None], residual + delta[:, None].to(residual), residual)


def steered_positions(token_ids: torch.Tensor, starts: torch.Tensor, special_ids: frozenset[int]) -> torch.Tensor:
    """Which positions are steered, `[batch, pos]`: all but the sequence's first and those of special tokens.

    Those are attention sinks, whose residual carries no text and is some hundred times longer.

    Args:
        token_ids: `[batch, pos]`.
        starts: `[batch]`, position of the first column, beyond 0 once a KV cache holds what came before.
    """
    positions = starts[:, None] + torch.arange(token_ids.shape[1], device=token_ids.device)
    return ~is_special(token_ids, special_ids) & (positions > 0)


def steering(
    parts: Iterable[tuple[str, torch.Tensor, float]],
    *,
    normalize: bool = False,
    special_ids: frozenset[int] = frozenset(),
) -> Steering:
    """Sum features into one vector a hook, in the order given. Parts with coefficient 0 are left out.

    Args:
        parts: hook name, direction `[d_model]`, coefficient.
        normalize: divide each direction by its norm, so that the coefficient is the length that is added.
        special_ids: tokens that are left alone.

    Raises:
        BadInput: a direction of length 0 cannot be normalised.
    """
    deltas: dict[str, torch.Tensor] = {}
    for hook, direction, coefficient in parts:
        if coefficient == 0:
            continue
        added = coefficient * (_unit(direction) if normalize else direction)
        deltas[hook] = deltas[hook] + added if hook in deltas else added
    return Steering(deltas, special_ids)


def _unit(direction: torch.Tensor) -> torch.Tensor:
    norm = float(torch.linalg.vector_norm(direction))
    if norm == 0:
        raise BadInput("A direction of length 0 cannot be normalised.", field="features")
    return direction / norm


def _stacked(rows: Sequence[Steering], like: torch.Tensor) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Per hook, the rows' vectors `[batch, d_model]` and which rows have one `[batch, 1]`; in the dtype of `like`."""
    hooks = dict.fromkeys(hook for row in rows for hook in row.deltas)
    stacks = {}
    for hook in hooks:
        none = torch.zeros_like(next(row.deltas[hook] for row in rows if hook in row.deltas))
        delta = torch.stack([row.deltas.get(hook, none) for row in rows]).to(like)
        has = torch.tensor([[hook in row.deltas] for row in rows], device=like.device)
        stacks[hook] = (delta, has)
    return stacks
