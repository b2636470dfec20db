"""Keys and values of rows that share forward passes: each row has its own, of its own length.

A batch of ordinary caches needs equal lengths or padding with masks, and copies whenever a row joins or
leaves. Here a forward pass is handed the caches of whichever rows take part, and attention runs a row at a
time over exactly that row's keys; all else (projections, MLPs, norms) runs for all rows at once, which is
where the time goes. A row's numbers cannot depend on its neighbours, and nothing is padded or masked.

Rows that are given as many tokens each stand below each other (`Rows`); rows that are given unequal numbers of
them stand in one line (`Line`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

BLOCK = 128
"""Tokens by which a row's room grows."""
ATTENTION = "memicos_rows"
"""Name of the attention below among transformers' implementations."""


class RowCache:
    """Keys and values of one row, `[kv_heads, room, d_head]` a layer."""

    def __init__(self) -> None:
        self.length = 0
        """Tokens that are held; the next one stands at this position."""
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def reserve(self, tokens: int) -> None:
        """Make room for so many more tokens, a whole number of blocks at a time."""
        room = _room(self.length + tokens)
        for number, (keys, values) in self._layers.items():
            if keys.shape[1] < room:
                self._layers[number] = (_grown(keys, self.length, room), _grown(values, self.length, room))

    def append(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Write keys and values `[kv_heads, pos, d_head]` behind what is there; all of them so far.

        `length` stays: it grows once all layers have been written.
        """
        end = self.length + keys.shape[1]
        if layer not in self._layers:
            self._layers[layer] = (_empty(keys, _room(end)), _empty(values, _room(end)))
        for held, new in zip(self._layers[layer], (keys, values), strict=True):
            held[:, self.length : end] = new
        all_keys, all_values = self._layers[layer]
        return all_keys[:, :end], all_values[:, :end]


class Rows:
    """The caches of a batch's rows in the place of a transformers cache, for one forward pass.

    The batch may have more rows than there are caches; those behind are fillers and attend to nothing.
    """

    def __init__(self, rows: Sequence[RowCache]) -> None:
        self._rows = rows

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Keys and values a row; a list, which only the attention below understands."""
        pairs = [row.append(layer_idx, keys[number], values[number]) for number, row in enumerate(self._rows)]
        return [keys for keys, _ in pairs], [values for _, values in pairs]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Of the longest row. A model that uses it instead of position ids is found out when it is loaded."""
        return max(row.length for row in self._rows)


class Line:
    """The same for a batch of one, in which the rows' new tokens follow each other.

    Args:
        rows: one for each run of tokens.
        lengths: of the runs; what stands behind them fills the line up and attends to nothing.
    """

    def __init__(self, rows: Sequence[RowCache], lengths: Sequence[int]) -> None:
        self._rows, self._lengths = rows, list(lengths)

    def update(
        self, keys: torch.Tensor, values: torch.Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[InLine, InLine]:
        """Keys and values a row, which only the attention below understands."""
        runs = zip(self._rows, self._split(keys), self._split(values), strict=True)
        pairs = [row.append(layer_idx, k, v) for row, k, v in runs]
        return InLine([keys for keys, _ in pairs], self._lengths), InLine([values for _, values in pairs], [])

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Of the longest row."""
        return max(row.length for row in self._rows)

    def _split(self, held: torch.Tensor) -> Sequence[torch.Tensor]:
        return torch.split(held[0, :, : sum(self._lengths)], self._lengths, dim=1)


@dataclass(frozen=True, slots=True)
class InLine:
    """Keys or values of rows whose queries stand in one line, `lengths` of each."""

    rows: list[torch.Tensor]
    lengths: list[int]


ONE_PASS = threading.RLock()
"""Held during a forward pass: hooks and the kind of attention belong to the model, which another thread may want."""


@contextmanager
def attention_by_row(model: Any) -> Iterator[None]:
    """While open, a Hugging Face model's attention takes `Rows`, and no other thread runs a model."""
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, _attention)
    with ONE_PASS:
        usual = model.config._attn_implementation
        # A name that transformers has no masks for, so that it makes none.
        model.config._attn_implementation = ATTENTION
        try:
            yield
        finally:
            model.config._attn_implementation = usual


def _attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    keys: list[torch.Tensor] | InLine,
    values: list[torch.Tensor] | InLine,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Transformers' attention interface: query `[batch, heads, pos, d_head]` to `[batch, pos, heads, d_head]`."""
    if softcap is not None or s_aux is not None:
        raise NotImplementedError("attention with soft-capped scores or sinks")
    if isinstance(keys, InLine) and isinstance(values, InLine):
        queries = torch.split(query[0, :, : sum(keys.lengths)], keys.lengths, dim=1)
        return _filled(_attended(queries, keys.rows, values.rows, scaling, sliding_window), query, 1), None
    assert isinstance(keys, list)
    assert isinstance(values, list)
    return _filled(_attended(query, keys, values, scaling, sliding_window), query, 0), None


def _attended(
    queries: Iterable[torch.Tensor],
    keys: Iterable[torch.Tensor],
    values: Iterable[torch.Tensor],
    scaling: float | None,
    window: int | None,
) -> list[torch.Tensor]:
    return [_row_attention(q, k, v, scaling, window) for q, k, v in zip(queries, keys, values, strict=False)]


def _filled(found: list[torch.Tensor], query: torch.Tensor, dim: int) -> torch.Tensor:
    """What the rows attended to, one after the other along `dim`, with zeros where there are no rows."""
    wanted = query.shape[2] if dim else query.shape[0]
    whole = torch.cat(found, dim)
    if whole.shape[dim] == wanted:
        return whole
    shape = list(whole.shape)
    shape[dim] = wanted - whole.shape[dim]
    return torch.cat([whole, whole.new_zeros(shape)], dim)


def _row_attention(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, scaling: float | None, window: int | None
) -> torch.Tensor:
    """Attention of one row's last positions, `[heads, pos, d_head]`, to `[1, pos, heads, d_head]`."""
    heads, positions, _ = query.shape
    if positions > 1:
        mask = _mask(positions, keys.shape[1], window, keys.device)
        found = scaled_dot_product_attention(
            query[None],
            keys[None],
            values[None],
            attn_mask=mask,
            is_causal=mask is None,
            scale=scaling,
            enable_gqa=heads != keys.shape[0],
        )
        return found.transpose(1, 2)
    if window is not None:
        keys, values = keys[:, -window:], values[:, -window:]
    # Heads that share keys stand in the place of positions: one small matrix product instead of copied keys.
    grouped = query.reshape(1, keys.shape[0], -1, query.shape[2])
    found = scaled_dot_product_attention(grouped, keys[None], values[None], scale=scaling)
    return found.reshape(1, 1, heads, -1)


def _mask(positions: int, length: int, window: int | None, device: torch.device) -> torch.Tensor | None:
    """Which keys each of the last positions sees, `[pos, length]`; None: plainly causal from the first one on."""
    if positions == length and (window is None or window >= length):
        return None
    here = torch.arange(length - positions, length, device=device)[:, None]
    there = torch.arange(length, device=device)
    visible = there <= here
    return visible if window is None else visible & (there > here - window)


def _room(tokens: int) -> int:
    return -(-tokens // BLOCK) * BLOCK


def _empty(like: torch.Tensor, room: int) -> torch.Tensor:
    return like.new_empty(like.shape[0], room, like.shape[2])


def _grown(held: torch.Tensor, length: int, room: int) -> torch.Tensor:
    grown = _empty(held, room)
    grown[:, :length] = held[:, :length]
    return grown
