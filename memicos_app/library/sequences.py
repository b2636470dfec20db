"""Token windows that features of a source share, kept decoded in this process up to a number of bytes.

What is read once of a generation never changes, so nothing here needs to be made new, only forgotten.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

from memicos_app.library import blocks
from memicos_app.library.blocks import INLINE, REFERENCES, Block
from memicos_app.library.packing import Ints
from memicos_app.library.query import rows
from memicos_app.settings import get_settings

PER_CHUNK = 16
"""Sequences a row of `sequence_chunks`; sequence n is in chunk n // PER_CHUNK."""
VOCABULARY_CHUNK = -1

Kept = TypeVar("Kept")
Key = tuple[str, str, int, int]
Windows = list[list[str]]


class GenerationGone(Exception):
    """What was being read has just been replaced by a newer import."""


class ByteCache(Generic[Kept]):
    """The most recently used values whose sizes add up to at most `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._kept: OrderedDict[Key, tuple[Kept, int]] = OrderedDict()

    def get(self, key: Key) -> Kept | None:
        """The value, now the most recently used; None where it is not kept."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: Key, value: Kept, size: int) -> None:
        """Keep a value of so many bytes; the least recently used go. One that is larger than all is not kept."""
        self.size -= self._kept.pop(key, (None, 0))[1]
        if size > self.limit:
            return
        self._kept[key] = (value, size)
        self.size += size
        while self.size > self.limit:
            self.size -= self._kept.popitem(last=False)[1][1]


_chunks: ByteCache[list[Ints]] = ByteCache(64 << 20)
_vocabularies: ByteCache[list[str]] = ByteCache(256 << 20)


async def windows(generation_id: int, block: Block, only: int | None = None) -> Windows:
    """Tokens of each example of a block, or of its first `only` examples."""
    found = await windows_of_many(generation_id, [block], only)
    return found[0]


async def windows_of_many(
    generation_id: int, many: Sequence[Block], only: int | None = None
) -> list[list[list[str]]]:
    """`windows` for many blocks of one generation, with at most two questions to the database."""
    chunks = await _load_chunks(generation_id, chunks_of(many, only))
    strings = await _vocabulary(generation_id) if any(block.format != INLINE for block in many) else []
    return [_tokens(block, chunks, strings, slice(only)) for block in many]


async def windows_at(generation_id: int, places: Sequence[tuple[Block, int]]) -> Windows:
    """Tokens of one example of each of some blocks of one generation, which are named by their places."""
    numbers = {block.sequences()[place] // PER_CHUNK for block, place in places if block.format == REFERENCES}
    chunks = await _load_chunks(generation_id, numbers)
    strings = await _vocabulary(generation_id) if any(block.format != INLINE for block, _ in places) else []
    return [_tokens(block, chunks, strings, slice(place, place + 1))[0] for block, place in places]


def chunks_of(many: Sequence[Block], only: int | None = None) -> set[int]:
    """Numbers of the chunks with the sequences that blocks refer to, or that their first `only` examples do."""
    referring = [block for block in many if block.format == REFERENCES]
    return {number // PER_CHUNK for block in referring for number in block.sequences()[:only]}


def _tokens(block: Block, chunks: dict[int, list[Ints]], strings: list[str], which: slice) -> Windows:
    if block.format == INLINE:
        return block.windows()[which]
    if block.format == REFERENCES:
        ids = [chunks[number // PER_CHUNK][number % PER_CHUNK] for number in block.sequences()[which]]
    else:
        ids = block.token_ids()[which]
    return [[strings[token] for token in window.tolist()] for window in ids]


async def _load_chunks(generation_id: int, numbers: Iterable[int]) -> dict[int, list[Ints]]:
    found = {number: _chunks.get(_key(generation_id, number)) for number in numbers}
    missing = [number for number, chunk in found.items() if chunk is None]
    for number, chunk in (await _read_chunks(generation_id, missing)).items():
        decoded = blocks.decode_chunk(chunk)
        _chunks.put(_key(generation_id, number), decoded, sum(window.nbytes + 96 for window in decoded))
        found[number] = decoded
    if any(chunk is None for chunk in found.values()):
        raise GenerationGone
    return {number: chunk for number, chunk in found.items() if chunk is not None}


async def _vocabulary(generation_id: int) -> list[str]:
    key = _key(generation_id, VOCABULARY_CHUNK)
    kept = _vocabularies.get(key)
    if kept is not None:
        return kept
    stored = await _read_chunks(generation_id, [VOCABULARY_CHUNK])
    if VOCABULARY_CHUNK not in stored:
        raise GenerationGone
    strings = blocks.decode_vocabulary(stored[VOCABULARY_CHUNK])
    _vocabularies.put(key, strings, sum(sys.getsizeof(one) + 8 for one in strings))
    return strings


def _key(generation_id: int, chunk: int) -> Key:
    """Generations are numbered anew in each database."""
    settings = get_settings()
    return settings.database_url.get_secret_value(), str(settings.data_dir), generation_id, chunk


async def _read_chunks(generation_id: int, numbers: list[int]) -> dict[int, bytes]:
    if not numbers:
        return {}
    found: Any = await rows(
        "SELECT chunk, block FROM sequence_chunks WHERE generation_id = :generation AND chunk = ANY(:numbers)",
        generation=generation_id,
        numbers=numbers,
    )
    return {one["chunk"]: bytes(one["block"]) for one in found}
