"""All that the rows of a source's features are made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inference_worker.dashboards.attributions import Attributions
from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.shards import Shard
from inference_worker.dashboards.statistics import Correlated, Totals


@dataclass(frozen=True, slots=True)
class Names:
    """What the rows are called by."""

    model_id: str
    source_id: str
    set_name: str
    hook_name: str
    dataset: str


@dataclass(frozen=True, slots=True)
class Material:
    """All that the features of a source are made from."""

    names: Names
    shards: Sequence[Shard]
    context: int
    known: Totals
    live: NDArray[np.bool_]
    correlated: Correlated
    decoder: torch.Tensor  # [n_features, d_out]
    written: torch.Tensor | None  # [n_features, d_model]; None: the source does not write to the residual stream
    unembed: torch.Tensor  # [d_model, vocab]
    label: Callable[[int], str]
    """A token of the vocabulary as text."""
    strings: Callable[[int], list[str]]
    """The tokens of a window, BOS included, as text."""
    window_numbers: NDArray[np.int64]
    """Number of each window of the run in the whole corpus."""
    wanted: Wanted
    seed: int
    vectors: torch.Tensor | None = None
    """`[n_features, d]` where the features are vectors that somebody brought."""
    labels: Sequence[str] = ()
    """What these are called."""
    attributions: Callable[[int, int], Attributions] | None = None
    """What tokens gave to features of attention heads, by a range of features."""
