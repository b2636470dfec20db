"""What attention heads do on a text: their patterns, and which tokens gave a feature its activation.

The attribution is direct feature attribution by source token (Kissane et al. 2024, *Interpreting Attention
Layer Outputs with Sparse Autoencoders*): the heads' outputs are sums over source tokens, and the encoder
is linear before its nonlinearity.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from inference_worker.engine.errors import BadInput, Unusable
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import LoadedSae

_HEADS_OUTPUT = re.compile(r"(blocks\.\d+\.attn)\.hook_z")


@dataclass(frozen=True, slots=True)
class HeadHooks:
    """The hook points that an attribution needs."""

    values: str
    pattern: str


def head_hooks(loaded: LoadedSae) -> HeadHooks | None:
    """Where to read a layer's values and pattern, for an SAE of heads' outputs; None for all others."""
    found = _HEADS_OUTPUT.fullmatch(loaded.hook_name)
    return HeadHooks(f"{found[1]}.hook_v", f"{found[1]}.hook_pattern") if found else None


def attribution(
    values: torch.Tensor, pattern: torch.Tensor, loaded: LoadedSae, indices: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """What each source token gave to features' activations at target positions, `[feature, pos]`.

    `attribution[f, s] = sum over heads h of pattern[h, targets[f], s] * (values[s, h] @ W_enc[h, :, f])`. Summed
    over `s` it is the heads' output at the target times the encoder column, the pre-activation without biases.

    Args:
        values: `[pos, kv_heads, d_head]`; grouped heads are repeated.
        pattern: `[heads, pos, pos]`, query before key.
        indices, targets: `[feature]`.
    """
    heads = pattern.shape[0]
    width = loaded.d_in // heads
    values = values.reshape(len(values), -1, width)
    values = values.repeat_interleave(heads // values.shape[1], dim=1).float()
    columns = loaded.sae.W_enc[:, indices].float().reshape(heads, width, -1)
    given = torch.einsum("shd,hdf->fhs", values, columns)
    attended = pattern[:, targets].float().transpose(0, 1)  # [feature, head, pos]
    return (given * attended).sum(1)


def attention_pattern(model: LanguageModel, ids: torch.Tensor, layer: int, head: int) -> torch.Tensor:
    """One head's attention on a text `[pos]`: `[query, key]`.

    Raises:
        BadInput: no such layer or head.
        Unusable: the layer has no attention pattern.
    """
    if not 0 <= layer < model.n_layers:
        raise BadInput(f"{model.name} has layers 0 to {model.n_layers - 1}, not {layer}.", field="layer")
    name = f"blocks.{layer}.attn.hook_pattern"
    if not model.has_hook_point(name):
        raise Unusable(f"Layer {layer} of {model.name} has no attention pattern.", field="layer")
    patterns = model.capture(ids[None], [name])[name][0]
    if not 0 <= head < len(patterns):
        raise BadInput(f"Layer {layer} has heads 0 to {len(patterns) - 1}, not {head}.", field="head")
    return patterns[head].float()
