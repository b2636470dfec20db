"""Token windows met while importing: which repeat, their vocabulary, and how they are numbered.

Tokens get numbers as they come. Once enough have been seen (`order`) the frequent ones get the small
numbers, which take one byte in a block. Windows are shared while that saves space, which is measured as
the import goes: fixed-window dashboards repeat each window for many features, other datasets never do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from memicos_app.library import blocks
from memicos_app.library.datasets.reading import parse
from memicos_app.library.feature_json import encode
from memicos_app.library.packing import Ints
from memicos_app.library.sequences import PER_CHUNK

TEXTS_KEPT = 32 << 20
"""Bytes of tokens whose sequence is known by their text alone, without parsing them."""
WORTH_SHARING = 0.8
"""Windows are shared while fewer than this share of those met is new."""


class Vocabulary(dict[str, int]):
    """A number for every string, given on first sight."""

    def __missing__(self, token: str) -> int:
        self[token] = number = len(self)
        return number


class Windows:
    """All windows of one import, by content."""

    def __init__(self) -> None:
        self.sharing = True
        self.count = 0
        """Shared sequences so far."""
        self._vocabulary = Vocabulary()
        self._rank: Ints | None = None
        self._number: dict[bytes, int] = {}
        self._texts: dict[bytes, int] = {}
        self._texts_size = 0
        self._unwritten: list[Ints] = []
        self._written_chunks = 0
        self._met = self._new = 0

    @classmethod
    def recalled(cls, strings: Sequence[str], chunks: Sequence[bytes], sharing: bool) -> Windows:
        """As they were after a file was stored: its vocabulary in order, and its chunks with the incomplete one."""
        known = cls()
        known.sharing = sharing
        known._vocabulary.update((token, number) for number, token in enumerate(strings))
        if strings:
            known._rank = np.arange(len(strings))
        shared = [window for chunk in chunks for window in blocks.decode_chunk(chunk)]
        known.count = len(shared)
        known._written_chunks = len(shared) // PER_CHUNK
        known._unwritten = shared[known._written_chunks * PER_CHUNK :]
        if sharing:
            texts = ([strings[token] for token in window.tolist()] for window in shared)
            known._number = {_content(text): number for number, text in enumerate(texts)}
        return known

    def ids(self, tokens: Sequence[str]) -> Ints:
        """Vocabulary numbers of a window's tokens."""
        vocabulary = self._vocabulary
        return self._ranked(np.asarray([vocabulary[token] for token in tokens], np.int64))

    def share(self, tokens: Sequence[str]) -> int:
        """Number of the shared sequence with these tokens, a new one at first sight."""
        self._met += 1
        number = self._number.setdefault(_content(tokens), self.count)
        if number == self.count:
            self._new += 1
            self.count += 1
            self._unwritten.append(self.ids(tokens))
        return number

    def share_all(self, texts: Sequence[bytes], tokens: Mapping[bytes, list[str]]) -> Ints:
        """Numbers of the shared sequences with these texts, JSON of tokens; `tokens` of some of them."""
        known, numbers = self._texts, []
        for text in texts:
            number = known.get(text)
            if number is None:
                number = self.share(_tokens(text, tokens))
                known[text] = number
                self._texts_size += len(text)
            else:
                self._met += 1
            numbers.append(number)
        if self._texts_size > TEXTS_KEPT:
            known.clear()
            self._texts_size = 0
        return np.asarray(numbers, np.int64)

    def ids_all(self, texts: Sequence[bytes], tokens: Mapping[bytes, list[str]]) -> Ints:
        """Vocabulary numbers of the tokens of these texts, end to end."""
        number = self._vocabulary.__getitem__
        flat = list(map(number, chain.from_iterable([_tokens(text, tokens) for text in texts])))
        return self._ranked(np.asarray(flat, np.int64))

    def tokens(self, ids: Ints) -> list[str]:
        """The strings of vocabulary numbers."""
        strings = self._strings()
        return [strings[number] for number in ids.tolist()]

    def stop_sharing_if_useless(self) -> bool:
        """Look at the windows met since the last call; true when sharing has just stopped."""
        useless = self.sharing and self._met > 0 and self._new >= WORTH_SHARING * self._met
        self._met = self._new = 0
        if useless:
            self.sharing = False
            self._number.clear()
            self._texts.clear()
        return useless

    def take_back(self, references: Sequence[int] | Ints) -> list[Ints]:
        """Tokens of all shared sequences referred to so far, which are then no longer shared."""
        windows = [self._unwritten[number] for number in references]
        self._unwritten, self.count = [], 0
        return windows

    @property
    def ordered(self) -> bool:
        """Whether the vocabulary has its final order."""
        return self._rank is not None

    def order(self, counts: Ints) -> Ints:
        """Give the most frequent tokens the smallest numbers; the array maps numbers given so far to new ones."""
        rank = np.empty(len(counts), np.int64)
        rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        self._rank = rank
        self._unwritten = [rank[ids] for ids in self._unwritten]
        return rank

    def counts(self, inline: Sequence[Ints], references: Sequence[int] | Ints) -> Ints:
        """How often each token occurs in windows kept inline and in shared ones; before any chunk is written."""
        times = np.bincount(np.asarray(references, np.int64), minlength=len(self._unwritten))
        weights = [np.ones(sum(map(len, inline))), np.repeat(times, [len(ids) for ids in self._unwritten])]
        flat = np.concatenate([np.zeros(0, np.int64), *inline, *self._unwritten])
        total: Ints = np.bincount(flat, np.concatenate(weights), len(self._vocabulary)).astype(np.int64)
        return total

    def chunks(self) -> list[tuple[int, bytes]]:
        """Rows of `sequence_chunks` that are complete, each once."""
        done = []
        while len(self._unwritten) >= PER_CHUNK:
            done.append((self._written_chunks, blocks.encode_chunk(self._unwritten[:PER_CHUNK])))
            del self._unwritten[:PER_CHUNK]
            self._written_chunks += 1
        return done

    def incomplete(self) -> list[tuple[int, bytes]]:
        """The row of the chunk that has room left, which may grow yet; none where all are full."""
        return [(self._written_chunks, blocks.encode_chunk(self._unwritten))] if self._unwritten else []

    @property
    def written_chunks(self) -> int:
        """How many chunks were complete so far."""
        return self._written_chunks

    def vocabulary(self, after: int = 0) -> list[str]:
        """The strings by number, from a number on; final once `ordered`."""
        return self._strings()[after:]

    def _strings(self) -> list[str]:
        given = list(self._vocabulary)
        ordered = [""] * len(given)
        for number, token in zip(self._ranked(np.arange(len(given))).tolist(), given, strict=True):
            ordered[number] = token
        return ordered

    def _ranked(self, ids: Ints) -> Ints:
        if self._rank is None:
            return ids
        known = ids < len(self._rank)
        if known.all():
            return self._rank[ids]
        return np.where(known, self._rank[np.minimum(ids, len(self._rank) - 1)], ids)


def _tokens(text: bytes, known: Mapping[bytes, list[str]]) -> list[str]:
    tokens: list[str] = known.get(text) or parse(text)
    return tokens


def _content(tokens: Sequence[str]) -> bytes:
    """A short name of exactly these tokens."""
    return hashlib.blake2b(encode(tokens), digest_size=16).digest()
