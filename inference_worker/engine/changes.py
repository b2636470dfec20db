"""What can be done to a residual: one change at one hook point each, and how a direction becomes one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Literal

import torch

from inference_worker.engine import formulas
from inference_worker.engine.errors import BadInput
from inference_worker.engine.saes import LoadedSae

Method = Literal["SIMPLE_ADDITIVE", "ORTHOGONAL_DECOMP", "PROJECTION_CAP"]
"""What is done along a direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Addition:
    """`h + delta`."""

    hook: str
    delta: torch.Tensor
    """The direction times its coefficient, `[d]`."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """The part of `h` along a direction, times a factor."""

    hook: str
    unit: torch.Tensor
    factor: float


@dataclass(frozen=True, slots=True, eq=False)
class Cap:
    """The projection of `h` on a direction, at most a value."""

    hook: str
    unit: torch.Tensor
    most: float


@dataclass(frozen=True, slots=True, eq=False)
class Ablation:
    """Features of one SAE taken out of `h`: from the residual itself, or from the SAE's reconstruction of it."""

    hook: str
    loaded: LoadedSae
    shares: dict[int, float]
    """Feature to the share of it that is taken out; 1 is all."""
    keep_error: bool


Change = Addition | Scaling | Cap | Ablation


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Steer only where a feature is more active than `threshold`."""

    loaded: LoadedSae
    index: int
    threshold: float


def along(
    hook: str, direction: torch.Tensor, coefficient: float, *, method: Method, normalize: bool = False
) -> Change | None:
    """One change along a direction, or None where the formula would leave every residual as it is.

    Raises:
        BadInput: the direction has no length, or none that is a number.
    """
    norm = float(torch.linalg.vector_norm(direction.double()))
    if not 0 < norm < inf:
        raise BadInput("A direction needs a length that is above 0 and finite.")
    match method:
        case "ORTHOGONAL_DECOMP":
            return None if coefficient == 1 else Scaling(hook, formulas.unit(direction), coefficient)
        case "PROJECTION_CAP":
            return Cap(hook, formulas.unit(direction), coefficient)
    added = formulas.unit(direction) if normalize else direction.float()
    return None if coefficient == 0 else Addition(hook, coefficient * added)


def merged(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The same changes, with additions summed that follow one another at a hook point, in the order given."""
    kept: list[Change] = []
    last: dict[str, int] = {}
    for change in changes:
        place = last.get(change.hook)
        before = None if place is None else kept[place]
        if place is not None and isinstance(change, Addition) and isinstance(before, Addition):
            kept[place] = Addition(change.hook, before.delta + change.delta)
        else:
            last[change.hook] = len(kept)
            kept.append(change)
    return tuple(kept)
