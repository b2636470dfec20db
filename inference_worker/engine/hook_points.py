"""Hook points by name: which of them a vector can be added at, how wide they are, and which is reached first."""

from __future__ import annotations

import re

import torch

from inference_worker.engine.errors import BadInput
from inference_worker.engine.model import LanguageModel

_RESIDUAL = re.compile(r"blocks\.\d+\.hook_(resid_pre|resid_mid|resid_post|attn_out|mlp_out|in|out)")
_STEERABLE = re.compile(_RESIDUAL.pattern + r"|blocks\.\d+\.attn\.hook_z")
_BETWEEN = re.compile(r"blocks\.(\d+)\.hook_(resid_pre|in|resid_post|out)")
_IN_BLOCK = re.compile(r"blocks\.(\d+)\.(.+)")
_ORDER = (
    r"hook_resid_pre|hook_in",
    r"ln1\..+|hook_attn_in|hook_[qkv]_input",
    r"attn\.(?!hook_(z|result|out)).+",
    r"attn\.hook_z",
    r"attn\.hook_(result|out)|hook_attn_out|ln1_post\..+",
    r"hook_resid_mid",
    r"ln2\..+|hook_mlp_in",
    r"mlp\.(?!hook_out).+",
    r"mlp\.hook_out|hook_mlp_out|ln2_post\..+",
    r"hook_resid_post|hook_out",
)
"""What a block computes, in this order. Blocks that do attention and MLP side by side begin with attention, too."""


def require_steerable(model: LanguageModel, hook: str, field: str) -> None:
    """Raises `BadInput` where no vector can be added at a hook point of this model."""
    if not _STEERABLE.fullmatch(hook):
        raise BadInput(
            "A vector is added at hook_resid_pre, hook_resid_mid, hook_resid_post, hook_attn_out, hook_mlp_out or "
            "attn.hook_z of a block, for example blocks.0.hook_resid_pre.",
            field=field,
        )
    if not model.has_hook_point(hook):
        raise BadInput(f"{model.name} has no hook point {hook}.", field=field)


def width(model: LanguageModel, hook: str) -> int:
    """How many numbers a position has at a hook point; those of all heads together.

    Raises:
        Unusable: the model has no such hook point.
    """
    if _RESIDUAL.fullmatch(hook):
        return model.d_model
    seen = model.capture(torch.zeros(1, 1, dtype=torch.long), [hook])[hook]
    return seen[0, 0].numel()


def comes_before(one: str, other: str) -> bool:
    """Whether a forward pass reaches a hook point before another, or is it; False where that is not known."""
    first, second = _order(one), _order(other)
    return one == other or (first is not None and second is not None and first < second)


def depth(hook: str) -> int | None:
    """How many blocks a pass has to run to reach a hook point of the residual stream between blocks; else None."""
    found = _BETWEEN.fullmatch(hook)
    return None if not found else int(found[1]) + (found[2] in ("resid_post", "out"))


def _order(hook: str) -> tuple[int, int] | None:
    found = _IN_BLOCK.fullmatch(hook)
    if not found:
        return None
    places = (number for number, pattern in enumerate(_ORDER) if re.fullmatch(pattern, found[2]))
    place = next(places, None)
    return None if place is None else (int(found[1]), place)
