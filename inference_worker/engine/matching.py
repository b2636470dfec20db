"""Which features of two SAEs write alike: for each decoder row of both, the row of the other with the largest cosine.

All pairs are compared, in steps of bounded size between which the model's thread serves others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from inference_worker.engine.directions import decoder
from inference_worker.engine.errors import BadInput
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.together import Shared, Together

ROWS, CHUNK = 1024, 8192
"""Rows of either side that one step holds at most."""
STEP = 4e9
"""Multiplications of one step at most."""
MOST = 1e12
"""Multiplications of one comparison at most: what takes longer outlives the patience of whoever asked."""


@dataclass(frozen=True, slots=True)
class Matches:
    """The best match of each row, and its cosine; both `[n]`."""

    indices: torch.Tensor
    cosines: torch.Tensor

    @classmethod
    def none(cls, n: int) -> Matches:
        """Before anything is compared."""
        return cls(torch.zeros(n, dtype=torch.int64), torch.full((n,), -2.0))

    def improve(self, start: int, indices: torch.Tensor, cosines: torch.Tensor) -> None:
        """Take over what is better for the rows from `start` on; of equals the first found stays."""
        rows = slice(start, start + len(cosines))
        better = cosines > self.cosines[rows]
        self.indices[rows] = torch.where(better, indices, self.indices[rows])
        self.cosines[rows] = torch.where(better, cosines, self.cosines[rows])


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows against some rows."""

    first: torch.Tensor
    """Places of rows of the first SAE, `[rows]`."""
    start: int
    """Of the second's rows."""
    stop: int


@dataclass(frozen=True, slots=True)
class _Comparing:
    """Cosines of blocks of two SAEs' rows: best of each row, then of each column, as (indices, cosines) twice."""

    first: LoadedSae
    second: LoadedSae

    @torch.inference_mode()
    def __call__(self, blocks: Sequence[_Block]) -> list[tuple[torch.Tensor, ...]]:
        return [self._compared(block) for block in blocks]

    def _compared(self, block: _Block) -> tuple[torch.Tensor, ...]:
        rows = _unit(self.first.sae.W_dec[block.first.to(self.first.sae.W_dec.device)])
        others = _unit(self.second.sae.W_dec[block.start : block.stop])
        cosines = (rows @ others.T).clamp(-1, 1)
        by_row, by_column = cosines.max(dim=1), cosines.max(dim=0)
        found = (by_row.indices.cpu() + block.start, by_row.values.cpu(), by_column.indices.cpu())
        return (*found, by_column.values.cpu())


def best_matches(
    first: LoadedSae, second: LoadedSae, features: Sequence[int] | None = None
) -> Shared[tuple[Matches, Matches]]:
    """The best match in `second` of each feature of `first`, and the other way round; rows of 0 have cosine 0.

    Args:
        features: only these of `first` are compared; the matches of `second` are then among them.

    Raises:
        BadInput: the two write to different spaces, or there is more to compare than one request may.
        Unknown: one of the features is not there.
    """
    places = torch.arange(first.d_sae) if features is None else torch.tensor(list(features), dtype=torch.int64)
    width = _require_comparable(first, second, len(places))
    for index in features or ():
        first.require(index)
    of_first, of_second = Matches.none(len(places)), Matches.none(second.d_sae)
    compare = _Comparing(first, second)
    chunk = min(CHUNK, second.d_sae)
    rows = max(1, min(ROWS, int(STEP / (chunk * width))))
    for at in range(0, len(places), rows):
        some = places[at : at + rows]
        for start in range(0, second.d_sae, chunk):
            block = _Block(some, start, min(start + chunk, second.d_sae))
            indices, cosines, back, back_cosines = yield Together(compare, block)
            of_first.improve(at, indices, cosines)
            of_second.improve(start, some[back], back_cosines)
    return of_first, of_second


def _require_comparable(first: LoadedSae, second: LoadedSae, n: int) -> int:
    one, other = decoder(first, 0), decoder(second, 0)
    if one.space != other.space:
        message = f"{second.source_id} writes to {other.space}, and {first.source_id} to {one.space}."
        raise BadInput(message, field="target")
    if len(one.vector) != len(other.vector):
        message = (
            f"{second.source_id} writes {len(other.vector)} dimensions, and {first.source_id} {len(one.vector)}."
        )
        raise BadInput(message, field="target")
    if n * second.d_sae * len(one.vector) > MOST:
        most = int(MOST / (second.d_sae * len(one.vector)))
        message = f"{n} features against {second.d_sae} are too many for one request; choose at most {most}."
        raise BadInput(message, field="features")
    return len(one.vector)


def _unit(rows: torch.Tensor) -> torch.Tensor:
    """Rows of length 1; those of 0 stay 0."""
    exact = rows.detach().float()
    norms = torch.linalg.vector_norm(exact, dim=1, keepdim=True)
    return torch.where(norms > 0, exact / norms, torch.zeros((), device=exact.device))
