"""How hooks come onto a module: on the plain blocks of a Hugging Face model, and on the bridge's hook points."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import nn

Hook = Callable[[torch.Tensor], torch.Tensor | None]
"""Gets the activation at a hook point; what it returns replaces the activation, None leaves it."""


class Enough(Exception):
    """Everything that was to be captured is there."""


def twin_of(model: nn.Module) -> Any:
    """A copy of the module tree that shares every tensor with the original."""
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    return copy.deepcopy(model, shared)


def register(block: nn.Module, side: Literal["in", "out"], hook: Hook) -> torch.utils.hooks.RemovableHandle:
    def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any] | None:
        changed = hook(args[0] if args else kwargs["hidden_states"])
        if changed is None:
            return None
        return ((changed, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": changed})

    def after(_: nn.Module, __: Any, output: Any) -> Any:
        changed = hook(output[0] if isinstance(output, tuple) else output)
        if changed is None:
            return None
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    if side == "in":
        return block.register_forward_pre_hook(before, with_kwargs=True)
    return block.register_forward_hook(after)


def bridge_hook(hook: Hook) -> Callable[..., torch.Tensor | None]:
    def call(activation: torch.Tensor, hook: Any, _inner: Hook = hook) -> torch.Tensor | None:
        return _inner(activation)

    return call
