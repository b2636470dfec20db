"""Which features are strongest on a text, without keeping every feature's activation at every position.

A text is encoded in parts of bounded size; what is kept is a key a feature, and the columns of those
features that are asked for. Every activation comes from the one encode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from inference_worker.engine.encode import Features, encode
from inference_worker.engine.saes import LoadedSae

PART_BYTES = 64 << 20
"""Most bytes of activations that are held at once."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text at one hook point."""

    residual: torch.Tensor
    """`[pos, d_in]`, or with heads `[pos, heads, d_head]`."""
    ids: torch.Tensor
    """`[pos]`."""
    special_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Strongest:
    """Features that are active on a text, the strongest first; equal ones in the order of their source and index."""

    sources: torch.Tensor
    """`[k]`: the number of each feature's SAE, as the caller counts."""
    indices: torch.Tensor
    """`[k]`."""
    keys: torch.Tensor
    """`[k]`, all above 0: what was ranked by."""
    values: torch.Tensor
    """`[pos, k]`."""

    def merged(self, other: Strongest, k: int) -> Strongest:
        """The `k` strongest of both; where keys are equal, those of `self` come first."""
        keys = torch.cat([self.keys, other.keys])
        order = keys.sort(descending=True, stable=True).indices[:k]
        return Strongest(
            torch.cat([self.sources, other.sources])[order],
            torch.cat([self.indices, other.indices])[order],
            keys[order],
            torch.cat([self.values, other.values], dim=1)[:, order],
        )


@torch.inference_mode()
def strongest(
    text: Text, loaded: LoadedSae, k: int, *, number: int = 0, at: Sequence[int] = (), exclude: Sequence[int] = ()
) -> Strongest:
    """The `k` strongest features of an SAE on a text; fewer where fewer are active.

    Args:
        number: what `sources` calls this SAE.
        at: positions whose sum is the key; none: the largest activation at any position is.
        exclude: features that are left out before the ranking is cut.
    """
    keys = torch.zeros(loaded.d_sae, device=loaded.sae.W_dec.device)
    parts = 0
    for start, acts in _parts(text, loaded):
        parts += 1
        if at:
            keys += acts[[place - start for place in at if start <= place < start + len(acts)]].sum(0)
        else:
            keys = torch.maximum(keys, acts.amax(0))
    keys[list(exclude)] = 0
    firing = (keys > 0).nonzero()[:, 0]
    indices = firing[keys[firing].sort(descending=True, stable=True).indices[:k]]
    values = acts[:, indices] if parts == 1 else torch.cat([v for _, v in _parts(text, loaded, features=indices)])
    return Strongest(torch.full_like(indices, number), indices, keys[indices], values)


@torch.inference_mode()
def strongest_by_token(
    text: Text, loaded: LoadedSae, k: int, *, exclude: Sequence[int] = ()
) -> tuple[torch.Tensor, torch.Tensor]:
    """At each position the `k` strongest features, the strongest first: indices and values, both `[pos, k]`."""
    found = []
    for _, acts in _parts(text, loaded):
        acts[:, list(exclude)] = 0
        found.append(acts.topk(min(k, loaded.d_sae), dim=-1))
    return torch.cat([part.indices for part in found]), torch.cat([part.values for part in found])


@torch.inference_mode()
def active(text: Text, loaded: LoadedSae) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Every activation of a text that is not 0: positions, features and values, each `[n]`, by position."""
    positions, features, values = [], [], []
    for start, acts in _parts(text, loaded):
        where, which = acts.nonzero(as_tuple=True)
        positions.append(where + start)
        features.append(which)
        values.append(acts[where, which])
    return torch.cat(positions), torch.cat(features), torch.cat(values)


def _parts(text: Text, loaded: LoadedSae, *, features: Features = None) -> Iterator[tuple[int, torch.Tensor]]:
    """Activations `[n, features]` of parts of the text, each with the position it begins at."""
    step = max(1, PART_BYTES // (4 * loaded.d_sae))
    if loaded.sae.cfg.architecture() == "temporal":  # reads the positions before each
        step = len(text.ids)
    for start in range(0, len(text.ids), step):
        residual, ids = text.residual[None, start : start + step], text.ids[None, start : start + step]
        yield start, encode(residual, ids, loaded, text.special_ids, features=features)[0]
