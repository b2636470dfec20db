"""Embedders behind an endpoint, over a real server with real vectors; and search with two of them side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from memicos_app.library import outbound
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders import Embedder, EmbedderError, embedders, filling, indexes, remote
from memicos_app.library.embedders.known import known
from memicos_app.library.embedders.minilm import embed_now
from memicos_app.library.errors import BadInputError
from memicos_app.library.explanation_search import question, search
from memicos_app.library.query import rows, run_in, writing
from memicos_app.settings import get_settings
from tests.library import embedding_server
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

TEXTS = ["mentions of felines and cats", "references to pet kittens", "numeric values in tax documents"]


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """The packaged model, whose loading no request should wait for."""
    embed_now(["."])


@pytest.fixture
def manner() -> embedding_server.Manner:
    return embedding_server.Manner()


@pytest.fixture
def endpoint(manner: embedding_server.Manner, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A running endpoint that settings name, on this machine."""
    for patience in ("_SOON", "_PATIENT"):
        monkeypatch.setattr(remote, patience, outbound.Patience(tries=2, pause=0.1))
    monkeypatch.setattr(remote, "_BATCH", 4)
    with embedding_server.served(manner) as url:
        monkeypatch.setenv("EMBEDDINGS_BASE_URL", url)
        monkeypatch.setenv("EMBEDDINGS_API_KEY", embedding_server.KEY)
        monkeypatch.setenv("EMBEDDINGS_MODEL", "small")
        get_settings.cache_clear()
        question._recent.clear()
        yield url
    get_settings.cache_clear()


async def far() -> Embedder:
    return (await embedders())[-1]


async def test_vectors_come_in_order_and_of_length_1(endpoint: str, manner: embedding_server.Manner) -> None:
    embedder = await far()
    assert (embedder.id, embedder.name, embedder.dimensions) == (3, "small", 256)
    texts = [*TEXTS, "", "x" * 9000, "text"]
    vectors = await embedder.embed(texts)
    assert manner.asked == [4, 2]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)
    whole = embed_now(TEXTS)[:, :256]
    cosines = np.sum(whole / np.linalg.norm(whole, axis=1, keepdims=True) * vectors[:3], axis=1)
    assert cosines == pytest.approx([1, 1, 1], abs=1e-5)
    assert (await far()).id == 3, "its number stays"


async def test_a_busy_server_is_asked_again(endpoint: str, manner: embedding_server.Manner) -> None:
    manner.failures = 1
    assert len(await (await far()).embed(TEXTS)) == 3
    manner.failures = 2
    with pytest.raises(EmbedderError, match="asked 2 times") as caught:
        await (await far()).embed(TEXTS)
    assert caught.value.fault == "unreachable"


async def test_models_of_one_size(endpoint: str, manner: embedding_server.Manner) -> None:
    manner.refuses_dimensions = True
    assert (await (await far()).embed(TEXTS)).shape == (3, 256)
    manner.dimensions = 128
    with pytest.raises(EmbedderError, match="vectors of 128 dimensions: set EMBEDDINGS_DIMENSIONS") as caught:
        await (await far()).embed(TEXTS)
    assert caught.value.fault == "bad_answer"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("EMBEDDINGS_API_KEY", "wrong", "key"),
        ("EMBEDDINGS_MODEL", "other", "refused"),
        ("EMBEDDINGS_BASE_URL", "http://127.0.0.1:9/v1", "unreachable"),
    ],
)
async def test_failures_say_whose_turn_it_is(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str, fault: str
) -> None:
    monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    with pytest.raises(EmbedderError) as caught:
        await (await far()).embed(TEXTS, query=True)
    assert caught.value.fault == fault
    assert embedding_server.KEY not in str(caught.value)


async def test_an_answer_without_vectors(endpoint: str, manner: embedding_server.Manner) -> None:
    manner.nonsense = True
    with pytest.raises(EmbedderError) as caught:
        await (await far()).embed(TEXTS)
    assert caught.value.fault == "bad_answer"


async def test_openai_needs_a_key(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one.name for one in await embedders()] == ["all-minilm-l6-v2"]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    get_settings.cache_clear()
    try:
        openai = (await embedders())[-1]
        assert (openai.id, openai.name, openai.dimensions) == (2, "text-embedding-3-large", 256)
    finally:
        monkeypatch.delenv("OPENAI_API_KEY")
        get_settings.cache_clear()


async def test_two_embedders_side_by_side(
    endpoint: str, manner: embedding_server.Manner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    folder.batch("features/batch-0", [feature(i) for i in range(3)])
    folder.batch("activations/batch-0", [activation(2, [" dog"], [1.0])])
    folder.batch("explanations/batch-0", [explanation(i, text) for i, text in enumerate(TEXTS)])
    await import_source(folder.write(), MODEL, SOURCE)
    none_yet = await search("kittens")
    assert none_yet.way_used == "words"
    assert "memicos embed" in none_yet.note
    assert await filling.embed_explanations() == 3
    assert (await search("kittens")).embedders == ("all-minilm-l6-v2",)
    assert await filling.embed_explanations(embedder=await filling.named("small")) == 3
    assert await filling.coverage(3) == (3, 0)
    both = await search("young cats")
    assert both.embedders == ("all-minilm-l6-v2", "small")
    assert {one.index for one in both.results[:2]} == {0, 1}
    indexed = await rows("SELECT relname FROM pg_class WHERE relname LIKE '%embed%_3_idx' ORDER BY 1")
    assert len(indexed) == 2, "its vectors and what it lacks have indexes"
    manner.failures = 99
    question._recent.clear()
    one = await search("young cats")
    assert one.embedders == ("all-minilm-l6-v2",)
    assert one.note.startswith("small was not used")
    assert [each.index for each in one.results[:2]] == [0, 1]
    with pytest.raises(BadInputError, match="there are all-minilm-l6-v2, small"):
        await filling.named("none")
    built = await indexes.rebuild_all()
    assert [(each.name, each.vectors) for each in built] == [("all-minilm-l6-v2", 3), ("small", 3)]
    assert [each.id for each in await known()] == [1, 2, 3]


async def test_changed_words_lose_their_vectors(database: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.batch("features/batch-0", [feature(0)])
    folder.batch("activations/batch-0", [activation(0, [" dog"], [1.0])])
    folder.batch("explanations/batch-0", [explanation(0, TEXTS[0], embedding=[1.0] * 256)])
    await import_source(folder.write(), MODEL, SOURCE)
    await filling.embed_explanations()
    assert (await filling.coverage(1), await filling.coverage(2)) == ((1, 0), (1, 0))
    async with writing() as writer:
        await run_in(writer, "UPDATE explanations SET description = 'other words'")
        await writer.commit()
    assert (await filling.coverage(1), await filling.coverage(2)) == ((0, 1), (0, 1))
    assert await filling.embed_explanations() == 1
