"""Forward passes that rows of different people share: reading a prompt, and a step of a token each."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import torch

from inference_worker.engine.cache import RowCache
from inference_worker.engine.linear import ROWS
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.steer import SteeredRows, Steering

_log = logging.getLogger(__name__)
MOST_ROWS = 32
"""Rows of one forward pass; more are run in several."""


@dataclass(slots=True, eq=False)
class Row:
    """One text that grows: what it is steered with, and what the model keeps of it."""

    steering: Steering
    prompt_length: int
    cache: RowCache = field(default_factory=RowCache)
    next_id: int = 0
    """The token that the next step appends."""


@dataclass(frozen=True, slots=True)
class Step:
    """A token for every row of several lists of rows, in as few forward passes as that takes.

    Equal for one model, so that the steps of all who use it are shared.
    """

    model: LanguageModel

    def __call__(self, lists: Sequence[Sequence[Row]]) -> list[torch.Tensor]:
        """Append each row's `next_id`; logits `[rows, d_vocab]` of each list."""
        rows = [row for one in lists for row in one]
        parts = [rows[start : start + MOST_ROWS] for start in range(0, len(rows), MOST_ROWS)]
        logits = torch.cat([read(self.model, part, [[row.next_id] for row in part]) for part in parts])
        return list(torch.split(logits, [len(one) for one in lists]))


def read(model: LanguageModel, rows: Sequence[Row], token_ids: Sequence[Sequence[int]]) -> torch.Tensor:
    """Append as many tokens to every row; the logits after the last, `[rows, d_vocab]` in float32.

    Args:
        token_ids: `[rows, pos]`.
    """
    fillers = _fillers(model, len(rows), len(token_ids[0]))
    ids = torch.tensor([*token_ids, *[token_ids[0]] * fillers], device=model.device)
    starts = _vector([row.cache.length for row in rows], fillers, ids)
    steered = SteeredRows(
        [*(row.steering for row in rows), *[Steering()] * fillers],
        torch.empty(0, dtype=model.dtype, device=model.device),
    )
    hooks = steered.hooks(ids, starts, _vector([row.prompt_length for row in rows], fillers, ids))
    return model.logits_of_rows(ids, starts, [row.cache for row in rows], hooks=hooks)


def _fillers(model: LanguageModel, rows: int, positions: int) -> int:
    """Rows to add so that packed layers see at least `ROWS` vectors: below that they use other kernels."""
    return max(0, -(-ROWS // positions) - rows) if model.is_packed else 0


def _vector(values: Sequence[int], fillers: int, like: torch.Tensor) -> torch.Tensor:
    return torch.tensor([*values, *[values[0]] * fillers], device=like.device)


def shares_rows(model: LanguageModel, hook_names: Iterable[str] = ()) -> bool:
    """Whether rows of this model, with these hooks, may share forward passes.

    They may where its attention is plain attention over all keys or a window of them, and counts positions
    by their ids alone, and the hook points are the residual stream's. Others generate a request at a time.
    """
    if model not in _SHARES:
        _SHARES[model] = model.runs_plain([]) and _is_plain_attention(model) and _equals_whole_passes(model)
    return _SHARES[model] and model.runs_plain(hook_names)


_SHARES: WeakKeyDictionary[LanguageModel, bool] = WeakKeyDictionary()
_LAYERS = frozenset({"full_attention", "sliding_attention"})


def _is_plain_attention(model: LanguageModel) -> bool:
    """What the short probe cannot see: masks of other kinds, rotations that depend on the longest row."""
    config = model.plain.config.get_text_config()
    ropes = str(getattr(config, "rope_parameters", None))
    return set(getattr(config, "layer_types", None) or _LAYERS) <= _LAYERS and not (
        "dynamic" in ropes or "longrope" in ropes
    )


def _equals_whole_passes(model: LanguageModel) -> bool:
    """Whether two rows of unequal length, read in unequal parts, equal passes over their whole texts."""
    ids = [(20 + 7 * position) % model.n_vocab for position in range(6)]
    short, long = Row(Steering(), 2, next_id=ids[2]), Row(Steering(), 5, next_id=ids[5])
    try:
        for row, part in ((short, ids[:2]), (long, ids[:2]), (long, ids[2:5])):
            read(model, [row], [part])
        found = Step(model)([[short], [long]])
    except Exception as error:  # whatever an architecture does not like about it
        _log.info("%s generates one request at a time: %s", model.name, error)
        return False
    whole = (model.logits(torch.tensor([ids[:end]])) for end in (3, 6))
    return all(model.agrees(one, other) for one, other in zip(found, whole, strict=True))
