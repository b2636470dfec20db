"""Texts read for what the model holds on them: in bounded parts, which share forward passes with others' parts.

A part begins at a multiple of `PART` in its text, and attends over exactly its own text's keys, so that what is
read does not depend on who else reads: on a packed CPU model bit for bit. Hook points that only the bridge knows
are read whole, a request at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import torch

from inference_worker.engine.batch import shares_rows
from inference_worker.engine.cache import Line, RowCache, attention_by_row
from inference_worker.engine.hook_points import depth
from inference_worker.engine.linear import ROWS
from inference_worker.engine.model import LanguageModel, token_rows
from inference_worker.engine.together import Shared, Together

_log = logging.getLogger(__name__)
PART = 64
"""Positions of a text that are read at a time on a CPU, which is busy with as many."""
PART_DEVICE = 512
"""The same on other devices."""

Held = dict[str, torch.Tensor]
"""Hook name to what is there on one text: `[pos, ...]`, or `[heads, pos, pos]` for attention patterns."""


def part_of(model: LanguageModel) -> int:
    """Positions that one pass reads."""
    return PART if model.device.type == "cpu" else PART_DEVICE


def read(model: LanguageModel, texts: Sequence[Sequence[int]], hook_names: Iterable[str]) -> Shared[list[Held]]:
    """What is at hook points on each text; a pass ends at the last of them.

    Args:
        texts: token ids.

    Raises:
        BadInput: a text without tokens, or an id that the model does not have.
        Unusable: a hook point that this model does not have.
    """
    names, part = tuple(dict.fromkeys(hook_names)), part_of(model)
    rows = token_rows(texts, model.n_vocab)
    deepest = _depth(names)
    if not deepest or not reads_in_parts(model, names):
        size = rows.numel() / part
        whole: list[Held] = yield Together(_Whole(model, names), texts, size)
        return whole
    readings = [_Reading(list(text), names) for text in texts]
    while waiting := [reading for reading in readings if not reading.is_done]:
        taken = _next(waiting, part)
        yield Together(_Parts(model, deepest, part), taken, sum(len(one.next(part)) for one in taken) / part)
    return [reading.held() for reading in readings]


class Growing:
    """A text that is read, and goes on being read as it grows by tokens.

    Args:
        ids: the text that it begins with.
    """

    def __init__(self, model: LanguageModel, ids: Sequence[int], hook_names: Iterable[str]) -> None:
        self._model = model
        self._reading = _Reading(list(ids), tuple(dict.fromkeys(hook_names)))
        self._depth = _depth(self._reading.hook_names)
        self._shares = self._depth > 0 and reads_in_parts(model, self._reading.hook_names)

    def append(self, index: int) -> None:
        """One token more."""
        self._reading.ids.append(index)

    def more(self) -> Shared[Held]:
        """What is at the hook points on the tokens that were not read yet, as `read` would give it."""
        reading, part = self._reading, part_of(self._model)
        if not self._shares:
            (whole,) = yield from read(self._model, [reading.ids], reading.hook_names)
            begin, reading.cache.length = reading.cache.length, len(reading.ids)
            return {name: held[begin:] for name, held in whole.items()}
        while not reading.is_done:
            yield Together(_Parts(self._model, self._depth, part), [reading], len(reading.next(part)) / part)
        return reading.held()


def _depth(names: Iterable[str]) -> int:
    return max((depth(name) or 0 for name in names), default=0)


def reads_in_parts(model: LanguageModel, hook_names: Iterable[str]) -> bool:
    """Whether parts of this model's texts may share passes that have these hooks, see `shares_rows`."""
    if not shares_rows(model, hook_names):
        return False
    if model not in _AGREES:
        _AGREES[model] = _equals_whole_passes(model)
    return _AGREES[model]


_AGREES: WeakKeyDictionary[LanguageModel, bool] = WeakKeyDictionary()


def _equals_whole_passes(model: LanguageModel) -> bool:
    """Whether two texts of unequal length in one line, the longer one cut, equal passes over the whole of each."""
    last = model.n_layers - 1
    name = f"blocks.{last}.hook_resid_post"
    texts = [[(20 + 7 * place) % model.n_vocab for place in range(length)] for length in (3, 6)]
    readings = [_Reading(text, (name,)) for text in texts]
    parts = _Parts(model, last + 1, 4)
    try:
        parts([readings])
        parts([readings[1:]])
    except Exception as error:  # whatever an architecture does not like about it
        _log.info("%s reads one request at a time: %s", model.name, error)
        return False
    whole = (model.capture(torch.tensor([text]), [name])[name][0] for text in texts)
    return all(model.agrees(one.held()[name], other) for one, other in zip(readings, whole, strict=True))


@dataclass(slots=True, eq=False)
class _Reading:
    """A text that is being read."""

    ids: list[int]
    hook_names: tuple[str, ...]
    cache: RowCache = field(default_factory=RowCache)
    _seen: list[Held] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return self.cache.length >= len(self.ids)

    def next(self, part: int) -> list[int]:
        return self.ids[self.cache.length : self.cache.length + part]

    def add(self, seen: Held) -> None:
        self._seen.append({name: seen[name] for name in self.hook_names})
        self.cache.length += len(seen[self.hook_names[0]])

    def held(self) -> Held:
        """What was seen since the last call."""
        seen, self._seen = self._seen, []
        return {name: torch.cat([part[name] for part in seen]) for name in self.hook_names}


@dataclass(frozen=True, slots=True)
class _Parts:
    """The next part of every text of several lists, in one forward pass.

    Equal for passes of one model that end at the same depth.
    """

    model: LanguageModel
    depth: int
    part: int

    def __call__(self, lists: Sequence[Sequence[_Reading]]) -> list[None]:
        readings = [reading for one in lists for reading in one]
        runs = [reading.next(self.part) for reading in readings]
        lengths = [len(run) for run in runs]
        names = list(dict.fromkeys(name for reading in readings for name in reading.hook_names))
        found = self._pass(readings, runs, names)
        parts = {name: torch.split(held[0, : sum(lengths)], lengths) for name, held in found.items()}
        for number, reading in enumerate(readings):
            reading.add({name: parts[name][number] for name in reading.hook_names})
        return [None] * len(lists)

    def _pass(self, readings: Sequence[_Reading], runs: Sequence[list[int]], names: Sequence[str]) -> Held:
        starts = [reading.cache.length for reading in readings]
        ids = [index for run in runs for index in run]
        places = [start + place for start, run in zip(starts, runs, strict=True) for place in range(len(run))]
        # Packed layers use other kernels for fewer rows.
        fillers = [0] * max(0, ROWS - len(ids)) if self.model.is_packed else []
        for reading, run in zip(readings, runs, strict=True):
            reading.cache.reserve(len(run))
        line = Line([reading.cache for reading in readings], [len(run) for run in runs])
        with attention_by_row(self.model.plain):
            return self.model.seen(
                names,
                lambda module: module(
                    input_ids=torch.tensor([[*ids, *fillers]], device=self.model.device),
                    position_ids=torch.tensor([[*places, *fillers]], device=self.model.device),
                    past_key_values=line,
                    use_cache=True,
                ),
            )


@dataclass(frozen=True, slots=True)
class _Whole:
    """All positions of each list of texts in one forward pass."""

    model: LanguageModel
    hook_names: tuple[str, ...]

    def __call__(self, lists: Sequence[Sequence[Sequence[int]]]) -> list[list[Held]]:
        return [self._texts(texts) for texts in lists]

    def _texts(self, texts: Sequence[Sequence[int]]) -> list[Held]:
        captured = self.model.capture(token_rows(texts, self.model.n_vocab), self.hook_names)
        return [
            {name: _own(name, found[number], len(text)) for name, found in captured.items()}
            for number, text in enumerate(texts)
        ]


def _next(waiting: Sequence[_Reading], part: int) -> list[_Reading]:
    """As many as fit into a part together, one at least."""
    taken, room = [waiting[0]], part - len(waiting[0].next(part))
    for reading in waiting[1:]:
        length = len(reading.next(part))
        if length <= room:
            taken.append(reading)
            room -= length
    return taken


def _own(name: str, row: torch.Tensor, length: int) -> torch.Tensor:
    """A row without its padding."""
    return row[:, :length, :length] if name.endswith("hook_pattern") else row[:length]
