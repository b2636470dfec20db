"""The demo's token corpus: deduplicated documents, shuffled, packed into rows of BOS and 127 tokens.

`python -m demo.corpus` writes `demo/work/rows.npy` (training and dashboards) and `demo/work/heldout.npy`
(whole documents kept apart for evaluation), both uint16 `[rows, 128]`, and says what is in them in `corpus.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from demo.texts import Document, documents

DEMO = Path(__file__).parent
WORK = DEMO / "work"
BOS, END_OF_TEXT = 1, 0
CONTEXT = 128
HELD_OUT_ONE_IN = 50

TOKENS_OF_SOURCE = {
    "wikipedia": 2_000_000,
    "state of the union": 1_000_000,
    "factbook": 400_000,
    "shakespeare and milton": 600_000,
    "python reference": 250_000,
    "python source": 700_000,
}

_DIGITS = re.compile(r"\d")
_SPACE = re.compile(r"\s+")
_SHORTEST_REPEAT = 24


@dataclass(frozen=True)
class Tokens:
    """A tokenised document; `ids` holds no BOS and no separator."""

    source: str
    title: str
    ids: list[int]


def without_repeats(texts: Iterable[Document]) -> Iterator[Document]:
    """The documents without paragraphs seen before; digits, case and white space make no difference.

    Very short paragraphs ("Exeunt.", "else:") are ordinary language and stay.
    """
    seen: set[bytes] = set()
    for text in texts:
        kept = []
        for paragraph in text.paragraphs:
            fingerprint = _fingerprint(paragraph)
            if fingerprint is None or fingerprint not in seen:
                kept.append(paragraph)
                seen.update([] if fingerprint is None else [fingerprint])
        if kept:
            yield Document(text.source, text.title, tuple(kept))


def shuffled(texts: Iterable[Document]) -> list[Document]:
    """The documents in an order that depends on nothing but their names."""
    return sorted(texts, key=lambda text: _lot(text.source, text.title))


def is_held_out(source: str, title: str) -> bool:
    """Whether a document is kept for evaluation: about one in fifty, chosen by its name."""
    return int.from_bytes(_lot("held out", source, title)[:4]) % HELD_OUT_ONE_IN == 0


def within_budget(texts: Iterable[Tokens], budget: dict[str, int]) -> Iterator[Tokens]:
    """Documents until each source has its number of tokens."""
    left = dict(budget)
    for text in texts:
        if left[text.source] > 0:
            left[text.source] -= len(text.ids)
            yield text


def packed(texts: Iterable[Sequence[int]], context: int = CONTEXT) -> NDArray[np.uint16]:
    """Rows `[n, context]` that each begin with BOS; `<|endoftext|>` stands between documents.

    The last tokens, too few for a row, are dropped.
    """
    stream: list[int] = []
    for ids in texts:
        stream.extend(ids)
        stream.append(END_OF_TEXT)
    count = len(stream) // (context - 1)
    body = np.array(stream[: count * (context - 1)], dtype=np.uint16).reshape(count, context - 1)
    return np.concatenate([np.full((count, 1), BOS, dtype=np.uint16), body], axis=1)


def row_sources(texts: Iterable[Tokens], context: int = CONTEXT) -> list[str]:
    """For each row of `packed`, the source that most of its tokens come from."""
    names = [text.source for text in texts for _ in range(len(text.ids) + 1)]
    size = context - 1
    parts = (names[start : start + size] for start in range(0, len(names) - size + 1, size))
    return [Counter(part).most_common(1)[0][0] for part in parts]


def build(model: Path, work: Path = WORK) -> dict[str, object]:
    """Write both row files and `corpus.json`, which is returned.

    Args:
        model: Hugging Face folder whose tokenizer is used.
    """
    work.mkdir(parents=True, exist_ok=True)
    order = shuffled(without_repeats(documents(work / "downloads")))
    texts = list(within_budget(_tokenised(order, model), TOKENS_OF_SOURCE))
    kept = [text for text in texts if not is_held_out(text.source, text.title)]
    apart = [text for text in texts if is_held_out(text.source, text.title)]
    rows, heldout = packed(text.ids for text in kept), packed(text.ids for text in apart)
    np.save(work / "rows.npy", rows)
    np.save(work / "heldout.npy", heldout)
    (work / "heldout_sources.json").write_text(json.dumps(row_sources(apart)))
    facts: dict[str, object] = {
        "rows": len(rows),
        "heldout_rows": len(heldout),
        "sha256": hashlib.sha256(rows.tobytes()).hexdigest(),
        "heldout_sha256": hashlib.sha256(heldout.tobytes()).hexdigest(),
        "sources": _by_source(texts),
    }
    (work / "corpus.json").write_text(json.dumps(facts, indent=1) + "\n")
    return facts


def _fingerprint(paragraph: str) -> bytes | None:
    plain = _SPACE.sub(" ", _DIGITS.sub("0", paragraph.lower())).strip()
    return hashlib.sha256(plain.encode()).digest()[:12] if len(plain) >= _SHORTEST_REPEAT else None


def _lot(*names: str) -> bytes:
    return hashlib.sha256("\0".join(names).encode()).digest()


def _tokenised(texts: list[Document], model: Path) -> Iterator[Tokens]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(model))
    for start in range(0, len(texts), 256):
        part = texts[start : start + 256]
        batch = tokenizer(["\n\n".join(text.paragraphs) for text in part], add_special_tokens=False)
        for text, ids in zip(part, batch["input_ids"], strict=True):
            yield Tokens(text.source, text.title, ids)


def _by_source(texts: list[Tokens]) -> dict[str, dict[str, int]]:
    facts = {source: {"documents": 0, "tokens": 0} for source in TOKENS_OF_SOURCE}
    for text in texts:
        facts[text.source]["documents"] += 1
        facts[text.source]["tokens"] += len(text.ids)
    return facts


if __name__ == "__main__":
    from inference_worker.engine.packaged import ensure_packaged_model

    print(json.dumps(build(ensure_packaged_model(DEMO.parent / ".memicos" / "models")), indent=1))
