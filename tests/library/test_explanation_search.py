"""Search by explanation over a real database with real vectors: ways, scopes, filters, pages, failures."""

from __future__ import annotations

import asyncio

import pytest

from memicos_app.db import session
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders import filling
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.explanation_search import Filters, Page, Scope, like, search
from memicos_app.library.explanation_search.asked import select
from memicos_app.library.explanation_search.words import holding, terms_of
from memicos_app.library.explanations import TOP_TOKENS
from memicos_app.library.query import run_in, writing
from tests.conftest import settle
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

TEXTS = (
    "mentions of felines and cats",
    "references to pet kittens",
    "numeric values in tax documents",
    "Python function definitions",
    "opening quotation marks after a speaker is named",
    "names of chemical elements",
    "<b> and other HTML tags",
)
OTHER = "4-res-tiny"


@pytest.fixture(scope="module", autouse=True)
def filled(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two sources of seven features; the first feature of each has two explanations."""
    for source in (SOURCE, OTHER):
        folder = Folder(tmp_path_factory.mktemp("origin"), source_id=source)
        folder.cards["source"] |= {"id": source}
        lines = [
            feature(i, layer=source, frac_nonzero=0.01 * (i + 1), maxActApprox=1.0 + i) for i in range(len(TEXTS))
        ]
        folder.batch("features/batch-0", lines)
        folder.batch("activations/batch-0", [activation(0, [" a"], [1.0], layer=source)])
        said = [
            explanation(i, text, layer=source, id=f"{source}-{i}", typeName="np_max-act", scoreV2=i / 10)
            for i, text in enumerate(TEXTS)
        ]
        said.append(explanation(0, "cats again", layer=source, id=f"{source}-again", typeName="oai_token-act-pair"))
        folder.batch("explanations/batch-0", said)
        settle(import_source(folder.write(), MODEL, source))
        settle(session.dispose())
    settle(filling.embed_explanations())
    settle(session.dispose())
    return module_database


def addresses(page: Page) -> list[tuple[str, int]]:
    return [(one.source_id, one.index) for one in page.results]


async def test_meaning_finds_other_words() -> None:
    page = await search("kitties and tomcats", way="meaning", limit=4)
    assert {index for _, index in addresses(page)} == {0, 1}
    assert page.embedders == ("all-minilm-l6-v2",)
    first = page.results[0]
    assert first.rank == 1
    assert (first.explanations[0].similarity or 0) > 0.4
    assert (page.way_used, page.note) == ("meaning", "")


async def test_a_feature_comes_once_with_all_that_fits() -> None:
    page = await search("cats", limit=100)
    assert len(addresses(page)) == len(set(addresses(page))) == 2 * len(TEXTS)
    first = page.results[0]
    assert first.index == 0
    assert {one.description for one in first.explanations} == {"cats again", TEXTS[0]}
    assert all(one.words for one in first.explanations)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("chemical", {5}),
        ("element", {5}),  # another form
        ("quotatoin", {4}),  # a slip
        ("definit", {3}),  # as you type
        ("<b>", {6}),
        ("the", set()),
        ("zzzzzz", set()),
        ("documentary", set()),  # no slip of "documents": too far
        ("cars", set()),  # a word by itself, though "cats" is one letter off
        ("kats", set()),  # a slip leaves the first letter
        ("catz", {0}),
    ],
)
async def test_words(query: str, found: set[int]) -> None:
    page = await search(query, way="words")
    assert {index for _, index in addresses(page)} == found
    assert page.way_used == "words"
    assert page.embedders == ()
    assert all(one.explanations[0].similarity is None for one in page.results)


async def test_a_corrected_word_is_told() -> None:
    assert "“quotation”" in (await search("quotatoin")).note


async def test_a_word_of_its_own_is_not_corrected() -> None:
    page = await search("cars")
    assert page.note == ""
    assert not any(one.words for found in page.results for one in found.explanations)


async def test_what_holds_a_corrected_word_counts_half() -> None:
    exact, slip = await terms_of("chemical"), await terms_of("chemicel")
    assert (exact[0].sure, slip[0].sure) == (1.0, 0.5)
    selection = await select(Scope("all"), Filters())
    assert {one.share for one in await holding(selection, exact, 10)} == {1.0}
    assert {one.share for one in await holding(selection, slip, 10)} == {0.5}


async def test_the_explanation_that_holds_the_words_comes_first() -> None:
    """A list of top tokens that is nearer in meaning does not stand before what a person wrote."""
    await _add("chemical", index=5, type_name=TOP_TOKENS)
    found = await search("chemicals and compounds of elements", limit=1)
    await _remove_own()
    first = found.results[0]
    assert first.index == 5
    assert [one.description for one in first.explanations] == [TEXTS[5], "chemical"]
    assert all(one.words for one in first.explanations)


async def test_scopes_and_filters_are_inside_the_query() -> None:
    only = await search("cats", scope=Scope("sources", model_id=MODEL, source_ids=(OTHER,)), limit=100)
    assert {source for source, _ in addresses(only)} == {OTHER}
    assert len(only.results) == len(TEXTS)
    assert len((await search("cats", scope=Scope("release", release="toys"), limit=100)).results) == 2 * len(TEXTS)
    assert len((await search("cats", scope=Scope("model", model_id=MODEL), limit=100)).results) == 2 * len(TEXTS)
    for filters, expected in (
        (Filters(layers=(3,)), {SOURCE}),
        (Filters(models=("other",)), set()),
        (Filters(sets=("res-tiny",)), {SOURCE, OTHER}),
    ):
        found = await search("cats", filters=filters, limit=100)
        assert {source for source, _ in addresses(found)} == expected
    for filters, kept in (
        (Filters(density=(0.025, 0.045)), {2, 3}),
        (Filters(max_activation=(6.0, None)), {5, 6}),
        (Filters(score=(0.45, None)), {5, 6}),
        (Filters(types=("oai_token-act-pair",)), {0}),
        (Filters(explainers=("nobody",)), set()),
    ):
        for way in ("hybrid", "meaning"):
            found = await search("cats", filters=filters, way=way, limit=100)
            assert {index for _, index in addresses(found)} == kept, (filters, way)
    typed = await search("cats", filters=Filters(types=("oai_token-act-pair",)))
    assert [one.description for one in typed.results[0].explanations] == ["cats again"]


async def test_pages_hold_everything_once_though_rows_arrive() -> None:
    seen: list[tuple[str, int]] = []
    cursor, ranks = None, []
    while True:
        page = await search("cats", cursor=cursor, limit=3)
        seen += addresses(page)
        ranks += [one.rank for one in page.results]
        if len(seen) == 3:
            await _add("cats cats cats", index=6)
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.results) == 3
    assert len(seen) == len(set(seen)) == 2 * len(TEXTS)
    assert ranks == list(range(1, len(seen) + 1))
    assert (SOURCE, 6) in addresses(await search("cats", limit=3)), "a new search finds the new one"
    await _remove_own()


async def _remove_own() -> None:
    async with writing() as writer:
        await run_in(writer, "DELETE FROM explanations WHERE generation_id IS NULL")
        await writer.commit()


async def _add(text: str, index: int, type_name: str | None = None) -> None:
    async with writing() as writer:
        await run_in(
            writer,
            """
            INSERT INTO explanations (id, model_id, source_id, index, description, type_name)
            VALUES ('own', :m, :s, :i, :d, :t)
            """,
            t=type_name,
            m=MODEL,
            s=SOURCE,
            i=index,
            d=text,
        )
        await writer.commit()
    assert await filling.embed_explanations(MODEL, SOURCE) == 1


async def test_small_blocks_make_the_same_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memicos_app.library.explanation_search.BLOCKS", (3, 8, 40))
    seen, cursor = [], None
    for _ in range(20):
        page = await search("cats", way="meaning", cursor=cursor, limit=2)
        seen += addresses(page)
        cursor = page.cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 2 * len(TEXTS)


async def test_more_like_this() -> None:
    page = await like(f"{SOURCE}-0", limit=3)
    assert (SOURCE, 0) not in addresses(page)
    assert addresses(page)[0] == (OTHER, 0)
    with pytest.raises(NotFoundError):
        await like("nothing of this name")


async def test_index_and_exact_scan_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = await search("cats and dogs", way="meaning", limit=100)
    monkeypatch.setattr("memicos_app.library.explanation_search.meaning.EXACT_BELOW", 0)
    for filters in (Filters(), Filters(density=(0.025, 0.045))):
        walked = await search("cats and dogs", way="meaning", filters=filters, limit=100)
        fits = [one for one in addresses(exact) if filters == Filters() or one[1] in (2, 3)]
        assert addresses(walked) == fits


async def test_a_selection_knows_how_many_it_holds_of_how_many() -> None:
    whole = await select(Scope("all"), Filters())
    part = await select(Scope("sources", model_id=MODEL, source_ids=(OTHER,)), Filters(density=(0.0, 1.0)))
    assert whole.n == whole.of == part.of == 2 * (len(TEXTS) + 1)
    assert (part.n, part.by_feature, whole.by_feature) == (len(TEXTS) + 1, True, False)
    assert "features" in part.joined
    assert "features" not in whole.joined


async def test_halves_of_the_sources_make_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await search("cats and dogs", way="meaning", limit=100)
    monkeypatch.setattr("memicos_app.library.explanation_search.meaning._WORTH_HALVES", 0)
    halves = await search("cats and dogs", way="meaning", limit=100)
    assert addresses(halves) == addresses(whole)
    assert {source for source, _ in addresses(halves)} == {SOURCE, OTHER}


async def test_an_explanation_without_its_feature_is_not_found() -> None:
    await _add("cats cats cats", index=500)
    page = await search("cats", limit=100)
    assert {index for _, index in addresses(page)} == set(range(len(TEXTS)))
    assert page.cursor is None
    await _remove_own()


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"query": "  "}, "query"),
        ({"query": "x" * 3000}, "query"),
        ({"query": "x", "way": "magic"}, "way"),
        ({"query": "x", "limit": 0}, "limit"),
        ({"query": "x", "cursor": "nonsense"}, "cursor"),
        ({"query": "x", "cursor": "eJwDAAAAAAE"}, "cursor"),
        ({"query": "x", "filters": Filters(density=(1.0, 0.0))}, "density"),
        ({"query": "x", "filters": Filters(score=(float("nan"), None))}, "score"),
        ({"query": "x", "scope": Scope("model", model_id="none")}, "model_id"),
        ({"query": "x", "scope": Scope("release", release="none")}, "release"),
        ({"query": "x", "scope": Scope("sources", model_id=MODEL)}, "source_ids"),
        ({"query": "x", "scope": Scope("sources", model_id=MODEL, source_ids=("9-none",))}, "source_ids"),
    ],
)
async def test_bad_questions_are_refused(how: dict[str, object], field: str) -> None:
    with pytest.raises((BadInputError, NotFoundError)) as caught:
        await search(**how)  # type: ignore[arg-type]
    assert caught.value.field == field


async def test_a_cursor_belongs_to_its_question() -> None:
    cursor = (await search("cats", limit=2)).cursor
    assert cursor
    with pytest.raises(BadInputError, match="another search"):
        await search("dogs", cursor=cursor)


async def test_queries_side_by_side() -> None:
    pages = await asyncio.gather(*(search(text, limit=1) for text in TEXTS))
    assert [page.results[0].index for page in pages] == list(range(len(TEXTS)))


async def test_hostile_text() -> None:
    for query in ("\x00'); DROP TABLE x; --", "\ud800", "% _ \\", "'a' & | ! :*", "ﷺ" * 100):
        await search(query)
