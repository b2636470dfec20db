"""Directions of features: where an SAE writes and what it reads, and how alike they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch.nn import functional

from inference_worker.engine.errors import BadInput, Unusable
from inference_worker.engine.saes import LoadedSae

_RESIDUAL = re.compile(r"blocks\.\d+\.hook_(resid_(pre|mid|post)|in|out|attn_out|mlp_out)")
"""Hook points in the residual stream, or of what is added to it: all layers share one space."""


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction and the hook point that it belongs to."""

    vector: torch.Tensor
    """`[d]`, float32."""
    hook_name: str

    @property
    def norm(self) -> float:
        """Its length."""
        return float(torch.linalg.vector_norm(self.vector))

    @property
    def space(self) -> str:
        """Directions can be compared where this is the same."""
        return "the residual stream" if _RESIDUAL.fullmatch(self.hook_name) else self.hook_name


def decoder(loaded: LoadedSae, index: int) -> Direction:
    """What steering with a feature adds. Raises `Unknown` for an index outside the SAE."""
    return Direction(loaded.direction(index), loaded.steer_hook_name)


def encoder(loaded: LoadedSae, index: int) -> Direction:
    """What a feature reads: its encoder column, the decoder row itself where both are tied.

    Raises:
        Unknown: an index outside the SAE.
        Unusable: an SAE without encoder columns.
    """
    loaded.require(index)
    if getattr(loaded.sae.cfg, "tied_weights", False):
        return Direction(loaded.direction(index), loaded.hook_name)
    weights = getattr(loaded.sae, "W_enc", None)
    if weights is None:
        raise Unusable(f"{loaded.source_id} has no encoder columns.", field="which")
    return Direction(weights[:, index].detach().float(), loaded.hook_name)


@torch.inference_mode()
def likest(direction: Direction, loaded: LoadedSae, k: int) -> tuple[list[int], list[float]]:
    """The `k` features whose decoder rows have the largest cosine with a direction, largest first; 0 for rows of 0.

    Raises:
        BadInput: the SAE writes elsewhere, or the direction has another width, or is 0 or no number.
    """
    rows = loaded.sae.W_dec.float()
    to = decoder(loaded, 0)
    if direction.space != to.space:
        message = f"{loaded.source_id} writes to {to.space}, and the direction belongs to {direction.space}."
        raise BadInput(message, field="source")
    if len(direction.vector) != rows.shape[1]:
        message = f"{loaded.source_id} has {rows.shape[1]} dimensions, and the direction {len(direction.vector)}."
        raise BadInput(message, field="vector")
    if not 0 < direction.norm < float("inf"):
        raise BadInput("The direction has no length that 32 bits can hold.", field="vector")
    unit = direction.vector.to(rows.device) / direction.norm
    norms = torch.linalg.vector_norm(rows, dim=1)
    cosines = torch.where(norms > 0, (rows @ unit) / norms, 0.0).clamp(-1, 1)
    order = cosines.sort(descending=True, stable=True).indices[:k]
    return order.tolist(), cosines[order].tolist()


@torch.inference_mode()
def predicted_similarity(residual: torch.Tensor, loaded: LoadedSae, first: int) -> torch.Tensor:
    """Cosine of what a temporal SAE predicts at each two tokens, centred over the tokens; `[token, token]`.

    Formula: the Gram matrix of the predicted codes `z_pred`, less their mean over tokens, each of length 1 (as the
    public reference computes it; the codes: Lubana et al. 2025, arXiv:2511.01836).

    Args:
        residual: `[pos, d_in]`, with BOS where the text has it.
        first: positions before this one are context only.

    Raises:
        Unusable: the SAE predicts nothing, being of another architecture.
    """
    kind = loaded.sae.cfg.architecture()
    if kind != "temporal":
        message = f"{loaded.source_id} is of the architecture {kind}; only temporal SAEs predict from the context."
        raise Unusable(message, field="source_id")
    predicted = loaded.sae.encode_with_predictions(residual[None].to(loaded.sae.W_dec.device))[1][0, first:]
    codes = functional.normalize(predicted - predicted.mean(0), dim=-1)
    return codes @ codes.T
