"""Steering: what each row of a batch gets, at which hook points and positions. The formulas are in `formulas.py`.

A row's changes are made in the order given, each on what the one before left. Additions that follow one another
at a hook point are summed first. Rows with different changes, or none, share a forward pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

import torch

from inference_worker.engine import formulas
from inference_worker.engine.changes import Ablation, Addition, Cap, Change, Condition, Method, Scaling, along, merged
from inference_worker.engine.encode import encode
from inference_worker.engine.errors import Unusable
from inference_worker.engine.hooking import Hook

Positions = Literal["all", "prompt", "generated"]


@dataclass(frozen=True, slots=True, eq=False)
class Steering:
    """What one row of a batch gets. Empty: nothing."""

    changes: tuple[Change, ...] = ()
    positions: Positions = "all"
    special_ids: frozenset[int] = frozenset()
    """The tokenizer's special tokens."""
    steers_special: bool = False
    """Whether the prompt's special tokens and the sequence's first are steered too."""
    condition: Condition | None = None


class SteeredRows:
    """The rows of a batch, each with its own steering.

    Args:
        rows: the steering of each row.
        like: dtype and device of the residual stream.
    """

    def __init__(self, rows: Sequence[Steering], like: torch.Tensor) -> None:
        self._rows = {number: row for number, row in enumerate(rows) if row.changes}
        self._places = _Places(rows, like.device)
        hooks = dict.fromkeys(change.hook for row in self._rows.values() for change in row.changes)
        self._stages = {hook: _stages(rows, hook, like) for hook in hooks}
        self._reads = dict.fromkeys(name for row in self._rows.values() for name in _reads(row))

    def hooks(self, token_ids: torch.Tensor, starts: torch.Tensor, prompt_lengths: torch.Tensor) -> dict[str, Hook]:
        """Hook name to what happens there in the forward pass over these tokens.

        Args:
            token_ids: `[batch, pos]`, on the device of the residual stream, as are the others.
            starts: `[batch]`, position of the first column in each row's sequence.
            prompt_lengths: `[batch]`, tokens of each row's prompt.
        """
        if not self._rows:
            return {}
        run = _Pass(token_ids, self._places.steered(token_ids, starts, prompt_lengths), self._rows)
        names = dict.fromkeys([*self._reads, *self._stages])
        return {name: run.hook(name, self._stages.get(name, []), name in self._reads) for name in names}


def steering(
    parts: Iterable[tuple[str, torch.Tensor, float]],
    *,
    method: Method = "SIMPLE_ADDITIVE",
    normalize: bool = False,
    special_ids: frozenset[int] = frozenset(),
) -> Steering:
    """Steer along directions, everywhere in the text.

    Args:
        parts: hook name, direction `[d]`, coefficient.
        method: what is done along each direction.
        normalize: divide each direction by its norm before it is added.
        special_ids: the tokenizer's special tokens.

    Raises:
        BadInput: a direction has no length.
    """
    made = (along(hook, direction, c, method=method, normalize=normalize) for hook, direction, c in parts)
    return Steering(merged(change for change in made if change is not None), special_ids=special_ids)


class _Places:
    """Which positions of which rows are steered."""

    def __init__(self, rows: Sequence[Steering], device: torch.device) -> None:
        special = sorted(frozenset().union(*(row.special_ids for row in rows)))
        self._special = torch.tensor(special, dtype=torch.long, device=device)
        self._steers_special = torch.tensor([[row.steers_special] for row in rows], device=device)
        self._prompt = torch.tensor([[row.positions != "generated"] for row in rows], device=device)
        self._generated = torch.tensor([[row.positions != "prompt"] for row in rows], device=device)

    def steered(self, token_ids: torch.Tensor, starts: torch.Tensor, prompt_lengths: torch.Tensor) -> torch.Tensor:
        """`[batch, pos]`: every generated token; of the prompt all but special tokens and the sequence's first.

        Those are attention sinks, whose residual carries no text and is some hundred times longer.
        """
        positions = starts[:, None] + torch.arange(token_ids.shape[1], device=token_ids.device)
        generated = positions >= prompt_lengths[:, None]
        text = (positions > 0) & ~torch.isin(token_ids, self._special)
        return torch.where(generated, self._generated, self._prompt & (text | self._steers_special))


class _Pass:
    """One forward pass over the rows, with what was read on the way for those that need it later."""

    def __init__(self, token_ids: torch.Tensor, where: torch.Tensor, rows: Mapping[int, Steering]) -> None:
        self.token_ids, self.where, self.rows = token_ids, where, rows
        self._seen: dict[str, torch.Tensor] = {}
        self._undecided = {number: row.condition for number, row in rows.items() if row.condition}

    def hook(self, name: str, stages: Sequence[_Stage], keeps: bool) -> Hook:
        """What happens at a hook point: the activation is kept where it is needed, then changed."""

        def change(activation: torch.Tensor) -> torch.Tensor | None:
            if keeps:
                self._seen[name] = activation
            if not stages:
                return None
            self._decide({number for stage in stages for number in stage.numbers})
            h = activation
            for stage in stages:
                changed = stage.changed(h, self)
                h = torch.where((self.where & stage.has)[(...,) + (None,) * (h.ndim - 2)], changed, h)
            return h

        return change

    def read(self, name: str, number: int) -> torch.Tensor:
        """The activation of a row at a hook point that was passed, `[1, pos, ...]`."""
        if name not in self._seen:
            raise Unusable(f"{name} is only reached after what it decides on.")
        return self._seen[name][number : number + 1]

    def ids(self, number: int) -> torch.Tensor:
        """The tokens of a row, `[1, pos]`."""
        return self.token_ids[number : number + 1]

    def _decide(self, numbers: Set[int]) -> None:
        # One row at a time: the rounding of a product of matrices depends on the number of rows.
        for number in numbers & self._undecided.keys():
            condition, special = self._undecided.pop(number), self.rows[number].special_ids
            read = self.read(condition.loaded.hook_name, number)
            acts = encode(read, self.ids(number), condition.loaded, special, features=[condition.index])
            self.where[number] &= (acts[0, :, 0] > condition.threshold).to(self.where.device)


class _Stage:
    """Changes of one kind at one hook point, one a row at most."""

    def __init__(self, batch: int, changes: Mapping[int, Change], like: torch.Tensor) -> None:
        self.numbers = changes.keys()
        self.has = torch.tensor([[number in changes] for number in range(batch)], device=like.device)

    def changed(self, h: torch.Tensor, run: _Pass) -> torch.Tensor:
        """The activation `[batch, pos, ...]` as it would be if every position were steered."""
        raise NotImplementedError


class _Additions(_Stage):
    def __init__(self, batch: int, changes: Mapping[int, Addition], like: torch.Tensor) -> None:
        super().__init__(batch, changes, like)
        self._deltas = _rows_of({n: each.delta for n, each in changes.items()}, batch).to(like)

    def changed(self, h: torch.Tensor, run: _Pass) -> torch.Tensor:
        return formulas.add(h.flatten(2), self._deltas).view_as(h)


class _Along(_Stage):
    """Changes of the part along a direction."""

    def __init__(self, batch: int, changes: Mapping[int, Scaling | Cap], like: torch.Tensor) -> None:
        super().__init__(batch, changes, like)
        self._units = _rows_of({n: each.unit for n, each in changes.items()}, batch).to(like.device)
        self._values = torch.tensor([_value(changes.get(n)) for n in range(batch)], device=like.device)
        self._formula = formulas.cap if isinstance(next(iter(changes.values())), Cap) else formulas.scale_parallel

    def changed(self, h: torch.Tensor, run: _Pass) -> torch.Tensor:
        return self._formula(h.flatten(2), self._units, self._values).view_as(h)


class _Ablations(_Stage):
    def __init__(self, batch: int, changes: Mapping[int, Ablation], like: torch.Tensor) -> None:
        super().__init__(batch, changes, like)
        self._changes = changes

    def changed(self, h: torch.Tensor, run: _Pass) -> torch.Tensor:
        rows = [self._row(h[n : n + 1], n, run) if n in self._changes else h[n : n + 1] for n in range(len(h))]
        return torch.cat(rows)

    def _row(self, h: torch.Tensor, number: int, run: _Pass) -> torch.Tensor:
        each, special, ids = self._changes[number], run.rows[number].special_ids, run.ids(number)
        reads_here = each.loaded.hook_name == each.hook
        read = h if reads_here else run.read(each.loaded.hook_name, number)
        return formulas.ablate(h, read, ids, each.loaded, each.shares, special, keep_error=each.keep_error)


def _stages(rows: Sequence[Steering], hook: str, like: torch.Tensor) -> list[_Stage]:
    """What happens at a hook point, one after the other."""
    lists = [[change for change in row.changes if change.hook == hook] for row in rows]
    stages: list[_Stage] = []
    for slot in zip_longest(*lists):
        for kind, stage in _STAGES.items():
            changes = {number: change for number, change in enumerate(slot) if isinstance(change, kind)}
            if changes:
                stages.append(stage(len(rows), changes, like))
    return stages


_STAGES: dict[type[Change], Any] = {Addition: _Additions, Scaling: _Along, Cap: _Along, Ablation: _Ablations}


def _reads(row: Steering) -> Iterator[str]:
    """Hook points whose activation is needed by a row at another place, or before it is changed."""
    if row.condition is not None:
        yield row.condition.loaded.hook_name
    for change in row.changes:
        if isinstance(change, Ablation) and change.loaded.hook_name != change.hook:
            yield change.loaded.hook_name


def _rows_of(vectors: Mapping[int, torch.Tensor], batch: int) -> torch.Tensor:
    """The vectors of some rows as `[batch, d]`, zeros elsewhere."""
    none = torch.zeros_like(next(iter(vectors.values())))
    return torch.stack([vectors.get(number, none) for number in range(batch)])


def _value(change: Scaling | Cap | None) -> float:
    match change:
        case Scaling():
            return change.factor
        case Cap():
            return change.most
    return 0.0
