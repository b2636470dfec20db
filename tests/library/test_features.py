"""Reading features: one, random ones, lists in every order and filter, and what is said where there is none."""

from __future__ import annotations

import pytest

from memicos_app.db import session
from memicos_app.library import features, sequences, words
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError
from memicos_app.library.query import rows_in, run_in
from memicos_app.library.sequences import ByteCache
from memicos_app.library.views import FeatureSort
from tests.conftest import settle
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

WORDS = {0: "names of cities", 2: "Cats and dogs", 4: "the word “dog” (100% sure)", 6: "beginnings of sentences"}


@pytest.fixture(scope="module")
def filled(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Features 0, 2, … 38 of one source; the first four explained, the last dead."""
    folder = Folder(tmp_path_factory.mktemp("origin"))
    indices = range(0, 40, 2)
    folder.batch(
        "features/batch-0",
        [feature(i, frac_nonzero=(38 - i) / 1000, maxActApprox=i % 7 if i < 38 else 0) for i in indices],
    )
    texts = [["one", " two", " three", *(f" {n}" for n in range(30))] for _ in range(2)]
    peaks = [[0.0] * 20 + [float(i + 1)] + [0.0] * 12 for i in indices if i < 38]
    folder.batch(
        "activations/batch-0",
        [activation(i, texts[i % 2], peak) for i, peak in zip(indices, peaks, strict=False)],
    )
    lines = [explanation(i, text, typeName="np_max-act", id=f"e{i}") for i, text in WORDS.items()]
    lines.append(explanation(0, "handmade: towns", typeName="written-by-hand", authorName="Ada", scoreV2=0.1))
    folder.batch("explanations/batch-0", lines)
    settle(import_source(folder.write(), MODEL, SOURCE))
    settle(session.dispose())
    return module_database


async def indices(query: str = "", sort: FeatureSort = "index", descending: bool = False) -> list[int]:
    found = await features.feature_list(MODEL, SOURCE, sort=sort, descending=descending, query=query, limit=100)
    assert found.total == len(found.rows)
    return [one.index for one in found.rows]


async def test_neighbours_skip_what_is_not_there(filled: str) -> None:
    around = {i: await features.feature(MODEL, SOURCE, i) for i in (0, 2, 38)}
    assert {i: (one.previous_index, one.next_index) for i, one in around.items()} == {
        0: (None, 2),
        2: (0, 4),
        38: (36, None),
    }


async def test_explanations_in_reading_order(filled: str) -> None:
    found = (await features.feature(MODEL, SOURCE, 0)).explanations
    assert [(one.description, one.author) for one in found] == [("handmade: towns", "Ada"), ("names of cities", "")]


async def test_similar_features_carry_their_explanations(filled: str) -> None:
    view = await features.feature(MODEL, SOURCE, 20)
    assert [(one.index, one.explanation) for one in view.similar] == [(0, "handmade: towns"), (1, "")]


@pytest.mark.parametrize(
    ("address", "message", "field"),
    [
        (("nomodel", SOURCE, 0), "There is no model 'nomodel' here.", "model_id"),
        ((MODEL, "9-none", 0), "Model toy has no source '9-none'.", "source_id"),
        ((MODEL, SOURCE, 7), "Feature 7 of toy/3-res-tiny has no dashboard", "index"),
        ((MODEL, SOURCE, 7), "Nearest are 6 and 8.", "index"),
        ((MODEL, SOURCE, 5000), "Source toy/3-res-tiny has features 0 to 38.", "index"),
    ],
)
async def test_what_is_not_there(filled: str, address: tuple[str, str, int], message: str, field: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        await features.feature(*address)
    assert message in caught.value.message
    assert caught.value.field == field


async def test_list_by_index_in_pages(filled: str) -> None:
    assert await indices() == list(range(0, 40, 2))
    page = await features.feature_list(MODEL, SOURCE, offset=5, limit=3)
    assert (page.total, page.offset, [one.index for one in page.rows]) == (20, 5, [10, 12, 14])
    last = await features.feature_list(MODEL, SOURCE, offset=19, limit=3, descending=True)
    assert [one.index for one in last.rows] == [0]
    assert (await features.feature_list(MODEL, SOURCE, offset=20)).rows == []


async def test_list_by_number(filled: str) -> None:
    assert await indices(sort="density") == list(range(38, -2, -2))
    assert await indices(sort="density", descending=True) == list(range(0, 40, 2))
    found = await features.feature_list(MODEL, SOURCE, sort="max_activation", descending=True)
    assert [one.max_activation for one in found.rows] == [*sorted((i % 7 for i in range(0, 38, 2)), reverse=True), 0]


async def test_list_by_explanation_has_the_unexplained_last(filled: str) -> None:
    rest = list(range(8, 40, 2))
    assert await indices(sort="explanation") == [6, 2, 0, 4, *rest]
    assert await indices(sort="explanation", descending=True) == [4, 0, 2, 6, *rest]
    pages = [
        await features.feature_list(MODEL, SOURCE, sort="explanation", offset=o, limit=3) for o in range(0, 20, 3)
    ]
    assert [one.index for page in pages for one in page.rows] == [6, 2, 0, 4, *rest]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("dog", [2, 4]),
        ("DOG cat", [2]),
        ("cit", [0]),
        ("(100%", [4]),
        ("%", [4]),
        ("“", [4]),
        ("8", [8]),
        ("7", []),
        ("nothing like it", []),
        ("' | ''", []),
        ("\x00", []),
        ("\ud800", []),
        ("   ", list(range(0, 40, 2))),
    ],
)
async def test_filter(filled: str, query: str, expected: list[int]) -> None:
    assert await indices(query) == expected


async def test_words_are_found_through_the_index(filled: str) -> None:
    """The query must use the indexed expression to the letter."""
    condition, values = words.matches("dog cat")
    async with session.session() as one:
        await run_in(one, "SET LOCAL enable_seqscan = off")
        plan = await rows_in(one, f"EXPLAIN SELECT 1 FROM explanations AS x WHERE {condition}", **values)
    assert "explanations_words_idx" in str(plan)


@pytest.mark.parametrize("sort", ["index", "density", "max_activation", "explanation"])
async def test_filter_keeps_the_order(filled: str, sort: FeatureSort) -> None:
    everything = await indices(sort=sort)
    assert await indices("dog", sort=sort) == [index for index in everything if index in (2, 4)]


async def test_a_page_behind_the_last_still_says_how_many(filled: str) -> None:
    found = await features.feature_list(MODEL, SOURCE, query="dog", offset=10)
    assert (found.total, found.rows) == (2, [])


async def test_rows_preview_the_strongest_activation(filled: str) -> None:
    row, dead = [(await features.feature_list(MODEL, SOURCE, offset=o, limit=1)).rows[0] for o in (3, 19)]
    assert (row.explanation, row.explanation_type) == ("beginnings of sentences", "np_max-act")
    assert row.values[row.peak] == 7.0
    assert row.tokens == [f" {n}" for n in range(9, 23)]
    assert (dead.tokens, dead.values, dead.peak) == ([], [], 0)


@pytest.mark.parametrize(
    ("more", "field"),
    [({"sort": "size"}, "sort"), ({"offset": -1}, "offset"), ({"limit": 0}, "limit"), ({"limit": 501}, "limit")],
)
async def test_what_cannot_be_listed(filled: str, more: dict[str, object], field: str) -> None:
    with pytest.raises(BadInputError) as caught:
        await features.feature_list(MODEL, SOURCE, **more)  # type: ignore[arg-type]
    assert caught.value.field == field


async def test_list_of_what_is_not_there(filled: str) -> None:
    with pytest.raises(NotFoundError):
        await features.feature_list(MODEL, "9-none")


async def test_random_features_are_live_and_differ(filled: str) -> None:
    found = {await features.random_feature() for _ in range(60)}
    assert {(model, source) for model, source, _ in found} == {(MODEL, SOURCE)}
    assert {index for _, _, index in found} <= set(range(2, 38, 2)) - {0, 14, 28}, "0, 14 and 28 have maximum 0"
    assert len(found) > 5
    assert (await features.random_feature(MODEL, SOURCE))[:2] == (MODEL, SOURCE)
    with pytest.raises(NotFoundError) as caught:
        await features.random_feature(MODEL, "9-none")
    assert caught.value.field == "source_id"


async def test_search_finds_each_feature_once_by_any_of_its_explanations(filled: str) -> None:
    assert [(one.index, one.explanation) for one in await features.search_text(MODEL, "dog")] == [
        (2, "Cats and dogs"),
        (4, "the word “dog” (100% sure)"),
    ]
    assert [one.explanation for one in await features.search_text(MODEL, "town")] == ["handmade: towns"]
    assert len(await features.search_text(MODEL, "dog", limit=1)) == 1
    assert await features.search_text("other", "dog") == []
    for more in ({"query": " "}, {"query": "dog", "limit": 0}):
        with pytest.raises(LibraryError):
            await features.search_text(MODEL, **more)  # type: ignore[arg-type]


async def test_shared_sequences_are_read_once(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequences, "_chunks", ByteCache[object](1 << 20))
    monkeypatch.setattr(sequences, "_vocabularies", ByteCache[object](1 << 20))
    asked: list[list[int]] = []
    read = sequences._read_chunks

    async def counted(generation: int, numbers: list[int]) -> dict[int, bytes]:
        asked.append(numbers)
        return await read(generation, numbers)

    monkeypatch.setattr(sequences, "_read_chunks", counted)
    first = await features.feature(MODEL, SOURCE, 4)
    again = await features.feature(MODEL, SOURCE, 4)
    assert first.activations == again.activations
    assert [numbers for numbers in asked if numbers] == [[0], [sequences.VOCABULARY_CHUNK]]


def test_the_cache_keeps_what_was_used_last_within_its_bytes() -> None:
    cache: ByteCache[str] = ByteCache(10)
    keys = [("", "", 0, place) for place in range(4)]
    for key in keys[:3]:
        cache.put(key, f"v{key[3]}", 4)
    assert [cache.get(key) for key in keys[:3]] == [None, "v1", "v2"]
    assert cache.get(keys[1]) == "v1"
    cache.put(keys[3], "v3", 4)
    assert [cache.get(key) for key in keys] == [None, "v1", None, "v3"]
    cache.put(keys[1], "large", 11)
    assert (cache.get(keys[1]), cache.size) == (None, 4)
