"""The formulas of steering, each with its source. Which rows and positions they are for is decided in `steer.py`.

All take a residual `h` of `[batch, pos, d]` in the model's dtype. Projections are computed in float32, and what
comes back has the dtype of `h`.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from inference_worker.engine.encode import COLUMNWISE, counted, encode, widened
from inference_worker.engine.saes import LoadedSae


def add(h: torch.Tensor, delta: torch.Tensor) -> torch.Tensor:
    """`h + c v`: activation addition.

    Turner et al. 2023, arXiv:2308.10248; with rows of an SAE's decoder: Templeton et al. 2024, Scaling
    Monosemanticity.

    Args:
        delta: `c v`, `[batch, d]`.
    """
    return h + delta[:, None].to(h)


def scale_parallel(h: torch.Tensor, unit: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """`h + (c - 1) (h · û) û`: the part along the direction times `c`, the part orthogonal to it as it was.

    With `c = 0` the direction is projected out, as in Arditi et al. 2024, arXiv:2406.11717.

    Args:
        unit: `û`, `[batch, d]` in float32.
        factor: `c`, `[batch]`.
    """
    return _along(h, unit, (factor[:, None] - 1) * _projection(h, unit))


def cap(h: torch.Tensor, unit: torch.Tensor, most: torch.Tensor) -> torch.Tensor:
    """`h + min(c - h · û, 0) û`: the projection on the direction is at most `c`, and untouched where it is.

    Activation capping: Lu et al. 2026, The Assistant Axis, arXiv:2601.10387. The reference
    system offers it by the name of projection cap.

    Args:
        unit: `û`, `[batch, d]` in float32.
        most: `c`, `[batch]`.
    """
    return _along(h, unit, (most[:, None] - _projection(h, unit)).clamp(max=0))


def ablate(
    h: torch.Tensor,
    read: torch.Tensor,
    token_ids: torch.Tensor,
    loaded: LoadedSae,
    shares: Mapping[int, float],
    special_ids: frozenset[int],
    *,
    keep_error: bool,
) -> torch.Tensor:
    """`h - Σ c_i a_i v_i` with the SAE's error kept, else `SAE(h) - Σ c_i a_i v_i`.

    A residual is what the SAE's features add up to and an error: `h = Σ a_i v_i + b + error`. Marks et al. 2024,
    Sparse Feature Circuits, arXiv:2403.19647, ablate a feature in the sum and keep the error. Without it the
    residual is replaced by the SAE's reconstruction, as if the SAE were a layer of the model. Positions that do
    not count have activations 0 and stay as they are.

    Args:
        h: `[batch, pos, ...]`, where the SAE writes.
        read: where it reads: `h` itself, but for a transcoder.
        token_ids: `[batch, pos]`.
        shares: feature to `c`, the share of it that is taken out: 1 for all of it.
        special_ids: the tokenizer's special tokens.
    """
    taken = _contribution(read, token_ids, loaded, shares, special_ids)
    if keep_error:
        return h - taken.to(h).view_as(h)
    counts = counted(read, token_ids, loaded, special_ids).to(h.device)
    left = (_reconstruction(read, loaded) - taken).to(h).view_as(h)
    return torch.where(_like(counts, h), left, h)


def unit(direction: torch.Tensor) -> torch.Tensor:
    """`v / ‖v‖` in float32; the norm is taken in float64, where squares do not overflow."""
    wide = direction.double()
    length: torch.Tensor = torch.linalg.vector_norm(wide)
    return (wide / length).float()


def _projection(h: torch.Tensor, unit: torch.Tensor) -> torch.Tensor:
    # A sum and no product of matrices: its rounding does not depend on the number of rows.
    return (h.float() * unit[:, None]).sum(-1)


def _along(h: torch.Tensor, unit: torch.Tensor, amount: torch.Tensor) -> torch.Tensor:
    return (h.float() + amount[..., None] * unit[:, None]).to(h)


def _contribution(
    read: torch.Tensor,
    token_ids: torch.Tensor,
    loaded: LoadedSae,
    shares: Mapping[int, float],
    special_ids: frozenset[int],
) -> torch.Tensor:
    """`Σ c_i a_i v_i` in float32."""
    indices = list(shares)
    weights = torch.tensor([*shares.values()], device=loaded.sae.W_dec.device)
    acts = encode(read, token_ids, loaded, special_ids, features=indices) * weights
    if loaded.architecture in COLUMNWISE and loaded.sae.cfg.normalize_activations == "none":
        linear: torch.Tensor = acts @ loaded.sae.W_dec[indices].float()
        return linear
    # Whatever the decoder does is affine in the activations; one call, since it forgets the scale of its input.
    both = acts.new_zeros(2 * len(acts), *acts.shape[1:-1], loaded.d_sae)
    both[: len(acts), ..., indices] = acts
    with widened(loaded.sae):
        with_them, without = loaded.sae.decode(both).split(len(acts))
    difference: torch.Tensor = with_them - without
    return difference


def _reconstruction(read: torch.Tensor, loaded: LoadedSae) -> torch.Tensor:
    """`Σ a_i v_i + b` in float32, and the mean over dimensions where the SAE was trained without it."""
    flat = loaded.flat(read)
    with widened(loaded.sae):
        whole: torch.Tensor = loaded.sae(flat.to(loaded.sae.W_dec.device))
    mean = read.float().flatten(2) - flat if loaded.is_centred else 0.0
    return whole.to(read.device) + mean


def _like(mask: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    spread: torch.Tensor = mask[(...,) + (None,) * (h.ndim - mask.ndim)]
    return spread
