"""Documents of a corpus file: texts or token ids, one after another, from .txt, .jsonl or .parquet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SUFFIXES = (".txt", ".jsonl", ".parquet")
TEXT_COLUMNS = ("text", "content", "document")
ID_COLUMNS = ("tokens", "input_ids", "ids")
_ROWS = 1024
"""Of a parquet file held at a time."""

Document = str | list[int]


class CorpusError(ValueError):
    """The corpus cannot be used as asked; the message names the file and what is wrong with it."""


def documents(corpus: Path, column: str = "") -> Iterator[Document]:
    """The documents of a file, in its order.

    Args:
        column: of a .jsonl or .parquet file; empty: the first of the usual names that is there.

    Raises:
        CorpusError: the file is malformed, or has no such column.
    """
    if corpus.suffix == ".txt":
        return _paragraphs(corpus)
    if corpus.suffix == ".jsonl":
        return _lines(corpus, column)
    if corpus.suffix == ".parquet":
        return _rows(corpus, column)
    raise CorpusError(f"{corpus}: a corpus is .npy, .txt, .jsonl or .parquet")


def _paragraphs(corpus: Path) -> Iterator[Document]:
    """A text file in documents of about a megabyte, cut at line ends."""
    with corpus.open(encoding="utf-8", errors="replace") as file:
        while lines := file.readlines(1 << 20):
            yield "".join(lines)


def _lines(corpus: Path, column: str) -> Iterator[Document]:
    with corpus.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                where = f"{corpus}, line {number}"
                yield document_of(_chosen(_parsed(where, line), where, column), where)


def _parsed(where: str, line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise CorpusError(f"{where}: {error}") from error


def _chosen(found: Any, where: str, column: str) -> Any:
    """The document in a line: the line itself, or what a column of it holds."""
    return found[column_of(list(found), where, column)] if isinstance(found, dict) else found


def _rows(corpus: Path, column: str) -> Iterator[Document]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(corpus) as file:
            name = column_of(file.schema_arrow.names, str(corpus), column)
            number = 0
            for batch in file.iter_batches(_ROWS, columns=[name]):
                for value in batch.column(0).to_pylist():
                    number += 1
                    if value is not None:
                        yield document_of(value, f"{corpus}, row {number}")
    except (ArrowException, OSError) as error:
        raise CorpusError(f"{corpus}: {error}") from error


def column_of(there: list[str], where: str, column: str) -> str:
    """The column asked for, else one of a usual name. Raises `CorpusError` where there is none."""
    if column and column in there:
        return column
    usual = None if column else next((name for name in (*ID_COLUMNS, *TEXT_COLUMNS) if name in there), None)
    if usual is None:
        wanted = f"column “{column}”" if column else "column of text or token ids of a usual name; name one"
        raise CorpusError(f"{where}: no {wanted} (there is {', '.join(there) or 'none'})")
    return usual


def document_of(found: Any, where: str) -> Document:
    """Text or token ids. Raises `CorpusError` where it is neither."""
    if isinstance(found, str):
        return found
    if isinstance(found, list) and all(isinstance(item, int) for item in found):
        return found
    raise CorpusError(f"{where}: neither text nor token ids")
