"""A dataset of the Hugging Face hub as a corpus: as many of its texts as a run needs, kept in a file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from inference_worker.dashboards.documents import CorpusError, column_of, document_of

_CHARACTERS_A_TOKEN = 8
"""More than any usual text has, so that enough is fetched."""


def fetch(name: str, folder: Path, *, tokens: int, column: str = "", split: str = "train") -> Path:
    """A .jsonl file with the first texts of a dataset, enough for so many tokens; fetched once.

    Raises:
        CorpusError: the hub cannot be reached or has no such dataset, split or column.
    """
    characters = _CHARACTERS_A_TOKEN * tokens
    said = re.sub(r"[^\w.-]+", "-", f"{name}-{split}{f'-{column}' if column else ''}-{characters}")
    path = folder / f"{said}.jsonl"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8") as file:
            for text in _enough(_rows(name, split), name, column, characters):
                file.write(json.dumps(text, ensure_ascii=False) + "\n")
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _rows(name: str, split: str) -> Iterable[dict[str, Any]]:
    dataset, _, configuration = name.partition(":")
    try:
        from datasets import load_dataset

        yield from load_dataset(dataset, configuration or None, split=split, streaming=True)
    except Exception as error:  # the library and what it reads with have errors of many kinds
        raise CorpusError(_sentence(error, name)) from error


def _enough(rows: Iterable[dict[str, Any]], name: str, column: str, characters: int) -> Iterator[str]:
    for number, row in enumerate(rows, 1):
        text = document_of(row[column_of(list(row), name, column)], f"{name}, row {number}")
        if not isinstance(text, str):
            raise CorpusError(f"{name}: its column holds token ids; name one of text")
        yield text
        characters -= len(text)
        if characters <= 0:
            return


def _sentence(error: Exception, name: str) -> str:
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"ConnectionError", "OfflineModeIsEnabled", "LocalEntryNotFoundError", "TransportError"}:
        return (
            f"The dataset {name} has to be read from the Hugging Face hub, which cannot be reached from here "
            f"({line}). Name a local .txt, .jsonl, .parquet or .npy file instead."
        )
    return f"The dataset {name} cannot be read: {line}"
