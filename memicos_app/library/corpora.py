"""What texts dashboards can be made from, as far as that can be said without reading them."""

from __future__ import annotations

import re
from pathlib import Path

from memicos_app.library.errors import BadInputError
from memicos_app.settings import ROOT

DEMO_CORPUS = ROOT / "demo" / "datasets" / "corpus.npy"
SUFFIXES = (".txt", ".jsonl", ".parquet", ".npy")
_DATASET = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(:[\w.-]+)?")


def is_dataset_name(corpus: str) -> bool:
    """Whether a corpus is a dataset of the hub, `owner/name` or `owner/name:configuration`, and no file."""
    named = _DATASET.fullmatch(corpus.strip()) is not None
    return named and Path(corpus).suffix not in SUFFIXES and not Path(corpus).expanduser().exists()


def corpus_file(corpus: str) -> Path:
    """The file of a corpus; empty: the demo's.

    Raises:
        BadInputError: there is no such file, or it is of no kind that can be read.
    """
    if not corpus.strip():
        if not DEMO_CORPUS.is_file():
            raise BadInputError("Name a corpus: a text, JSONL, parquet or .npy file.", field="corpus")
        return DEMO_CORPUS
    path = Path(corpus.strip()).expanduser()
    if not path.is_file():
        raise BadInputError(f"There is no corpus {path}.", field="corpus")
    if path.suffix not in SUFFIXES:
        raise BadInputError(f"{path}: a corpus is a {', '.join(SUFFIXES)} file.", field="corpus")
    return path.resolve()
