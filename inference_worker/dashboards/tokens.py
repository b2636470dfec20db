"""Token windows to make dashboards from: read from a file, packed as BOS and text, chosen by seed.

A window never crosses a row of an .npy file, and every window is different from all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_worker.dashboards.documents import CorpusError, documents

__all__ = ["CorpusError", "Windows", "bos_id", "packed", "windows"]

_DOCUMENT_END = "<|endoftext|>"


@dataclass(frozen=True, slots=True)
class Windows:
    """Token windows and where each came from."""

    ids: NDArray[np.int32]  # [n, context], column 0 is BOS
    numbers: NDArray[np.int64]  # [n], the window's number in the whole corpus
    available: int
    """Different windows that the corpus holds."""


def windows(
    corpus: Path,
    tokenizer: Any,
    *,
    context: int,
    prompts: int,
    pool: int | None = None,
    seed: int = 0,
    column: str = "",
) -> Windows:
    """`prompts` windows of the corpus, in the corpus's order.

    Args:
        corpus: rows of token ids (.npy, `[rows, length]`), text (.txt), or documents (.jsonl: a string, an object,
            or token ids a line; .parquet).
        context: tokens a window, BOS included.
        pool: choose among the first `pool` windows only; None: among all.
        seed: of the choice.
        column: of documents with several; empty: the first of the usual names.

    Raises:
        CorpusError: the file is missing, malformed, or holds no window of this length.
    """
    if context < 2:
        raise CorpusError(f"context must be at least 2 tokens (BOS and one more), not {context}")
    everything = _distinct(_read(corpus, tokenizer, context, column))
    if len(everything) == 0:
        raise CorpusError(f"{corpus}: no window of {context} tokens in it")
    numbers = _chosen(min(len(everything), pool or len(everything)), prompts, seed)
    return Windows(everything[numbers], numbers, len(everything))


def bos_id(tokenizer: Any) -> int:
    """The id put in front of each window: BOS, or the end-of-text token of models that have no BOS."""
    for name in ("bos_token_id", "eos_token_id"):
        if (found := getattr(tokenizer, name, None)) is not None:
            return int(found)
    raise CorpusError("the model's tokenizer has neither a BOS nor an EOS token to begin a window with")


def packed(documents: Iterable[Sequence[int]], context: int, bos: int, end: int) -> NDArray[np.int32]:
    """Windows `[n, context]` of BOS and running text; `end` stands after each document.

    The last tokens, too few for a window, are dropped.
    """
    stream: list[int] = []
    for ids in documents:
        stream.extend(ids)
        stream.append(end)
    return _with_bos(np.asarray(stream, dtype=np.int32)[None, :], context, bos)


def _read(corpus: Path, tokenizer: Any, context: int, column: str) -> NDArray[np.int32]:
    if not corpus.is_file():
        raise CorpusError(f"{corpus}: no such file")
    bos = bos_id(tokenizer)
    if corpus.suffix == ".npy":
        return _from_rows(_rows(corpus), context, bos)
    encoded = (one if isinstance(one, list) else _encoded(one, tokenizer) for one in documents(corpus, column))
    return packed(encoded, context, bos, _document_end(tokenizer))


def _rows(corpus: Path) -> NDArray[Any]:
    try:
        rows = np.load(corpus, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise CorpusError(f"{corpus}: {error}") from error
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or not np.issubdtype(rows.dtype, np.integer):
        raise CorpusError(f"{corpus}: must hold token ids in two dimensions, rows and positions")
    return rows


def _from_rows(rows: NDArray[Any], context: int, bos: int) -> NDArray[np.int32]:
    has_bos = len(rows) > 0 and bool(np.all(rows[:, 0] == bos))
    return _with_bos(np.asarray(rows[:, 1:] if has_bos else rows, dtype=np.int32), context, bos)


def _with_bos(bodies: NDArray[np.int32], context: int, bos: int) -> NDArray[np.int32]:
    """Each row cut into pieces of `context - 1` tokens, each piece behind a BOS: `[n, context]`."""
    length = context - 1
    whole = bodies[:, : bodies.shape[1] // length * length].reshape(-1, length)
    return np.concatenate([np.full((len(whole), 1), bos, dtype=np.int32), whole], axis=1)


def _distinct(found: NDArray[np.int32]) -> NDArray[np.int32]:
    """The rows without repeats, first ones kept, in order."""
    if len(found) == 0:
        return found
    as_bytes = np.ascontiguousarray(found).view(np.dtype((np.void, found.shape[1] * found.itemsize)))
    _, first = np.unique(as_bytes.reshape(-1), return_index=True)
    return found[np.sort(first)]


def _chosen(available: int, prompts: int, seed: int) -> NDArray[np.int64]:
    if prompts >= available:
        return np.arange(available, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(available, prompts, replace=False)).astype(np.int64)


def _document_end(tokenizer: Any) -> int:
    if (found := tokenizer.get_added_vocab().get(_DOCUMENT_END)) is not None:
        return int(found)
    return int(tokenizer.eos_token_id if tokenizer.eos_token_id is not None else bos_id(tokenizer))


def _encoded(text: str, tokenizer: Any) -> list[int]:
    found: list[int] = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    return found
