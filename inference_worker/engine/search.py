"""Which features are strongest on a text, without keeping every feature's activation at every position.

A text is encoded in parts of bounded size, together with others' parts of the same SAE; what is kept is a key a
feature, and the columns of those features that are asked for. Every activation comes from the one encode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from inference_worker.engine.encode import encode
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.together import Shared, Together

PART_BYTES = 64 << 20
"""Most bytes of activations that one part has."""
PART = 256
"""Positions of a part at most, so that nobody waits long for it."""


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
) -> Shared[Strongest]:
    """The `k` strongest features of an SAE on a text; fewer where fewer are active.

    Args:
        number: what `sources` calls this SAE.
        at: positions whose sum is the key; none: the largest activation at any position is.
        exclude: features that are left out before the ranking is cut.
    """
    keys = torch.zeros(loaded.d_sae, device=loaded.sae.W_dec.device)
    parts = parts_of(text, loaded)
    for start, part in parts:
        acts: torch.Tensor = yield encoding(part, loaded)
        if at:
            keys += acts[[place - start for place in at if start <= place < start + len(acts)]].sum(0)
        else:
            keys = torch.maximum(keys, acts.amax(0))
    keys[list(exclude)] = 0
    firing = (keys > 0).nonzero()[:, 0]
    indices = firing[keys[firing].sort(descending=True, stable=True).indices[:k]]
    values = acts[:, indices] if len(parts) == 1 else torch.cat([columns(p, loaded, indices) for _, p in parts])
    return Strongest(torch.full_like(indices, number), indices, keys[indices], values)


@torch.inference_mode()
def strongest_by_token(
    text: Text, loaded: LoadedSae, k: int, *, exclude: Sequence[int] = ()
) -> Shared[tuple[torch.Tensor, torch.Tensor]]:
    """At each position the `k` strongest features, the strongest first: indices and values, both `[pos, k]`."""
    found = []
    for _, part in parts_of(text, loaded):
        acts: torch.Tensor = yield encoding(part, loaded)
        acts[:, list(exclude)] = 0
        found.append(acts.topk(min(k, loaded.d_sae), dim=-1))
    return torch.cat([part.indices for part in found]), torch.cat([part.values for part in found])


@torch.inference_mode()
def active(text: Text, loaded: LoadedSae) -> Shared[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Every activation of a text that is not 0: positions, features and values, each `[n]`, by position."""
    positions, features, values = [], [], []
    for start, part in parts_of(text, loaded):
        acts: torch.Tensor = yield encoding(part, loaded)
        where, which = acts.nonzero(as_tuple=True)
        positions.append(where + start)
        features.append(which)
        values.append(acts[where, which])
    return torch.cat(positions), torch.cat(features), torch.cat(values)


@dataclass(frozen=True, slots=True)
class _Encoding:
    """All features of an SAE on parts of several texts, in one encode."""

    loaded: LoadedSae
    special_ids: frozenset[int]

    @torch.inference_mode()
    def __call__(self, texts: Sequence[Text]) -> Sequence[torch.Tensor]:
        if _reads_before(self.loaded):
            return [self._encode(text.residual, text.ids) for text in texts]
        acts = self._encode(torch.cat([text.residual for text in texts]), torch.cat([text.ids for text in texts]))
        return torch.split(acts, [len(text.ids) for text in texts])

    def _encode(self, residual: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        return encode(residual[None], ids[None], self.loaded, self.special_ids)[0]


def encoding(part: Text, loaded: LoadedSae) -> Together:
    """All features of an SAE on a part, `[pos, d_sae]`, encoded with others' parts."""
    return Together(_Encoding(loaded, part.special_ids), part, len(part.ids) / PART)


@torch.inference_mode()
def columns(part: Text, loaded: LoadedSae, features: torch.Tensor) -> torch.Tensor:
    """A few features of an SAE on a part, `[pos, n_features]`."""
    return encode(part.residual[None], part.ids[None], loaded, part.special_ids, features=features)[0]


def parts_of(text: Text, loaded: LoadedSae) -> list[tuple[int, Text]]:
    """The text in parts, each with the position it begins at."""
    step = max(1, min(PART, PART_BYTES // (4 * loaded.d_sae)))
    if _reads_before(loaded):
        step = len(text.ids)
    return [
        (start, Text(text.residual[start : start + step], text.ids[start : start + step], text.special_ids))
        for start in range(0, len(text.ids), step)
    ]


def _reads_before(loaded: LoadedSae) -> bool:
    """Whether a position's activations depend on those before it."""
    return loaded.architecture == "temporal"
