"""The search by explanation as a visitor has it: results with their dashboards, marks, pages that follow, filters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from memicos_app.components import explanations_found
from memicos_app.components.explanations_asked import ExplanationsAsked
from memicos_app.components.explanations_found import STILL, found_so_far, told
from memicos_app.db import session
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders import filling
from memicos_app.library.query import run_in
from memicos_app.pages.search_explanations import SearchState
from tests.conftest import settle
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature
from tests.pages.events import Visitor, visitor

WORDS = (
    "cats",
    "court rulings",
    "kitchens",
    "a running dog",
    "“quoted” words",
    "rivers",
    "<b>bold</b>",
    "cats asleep",
)
PATH = "/search-explanations"


@pytest.fixture(scope="module", autouse=True)
def filled(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eight features with vectors; one has two explanations."""
    folder = Folder(tmp_path_factory.mktemp("origin"))
    indices = range(len(WORDS))
    folder.batch("features/batch-0", [feature(i, frac_nonzero=0.001 * (i + 1)) for i in indices])
    folder.batch("activations/batch-0", [activation(i, [" a", " b"], [1.0, 0.5]) for i in indices])
    said = [explanation(i, text, id=f"x{i}", typeName="np_max-act", scoreV2=i / 10) for i, text in enumerate(WORDS)]
    said.append(explanation(0, "sleepy felines", id="again", typeName="oai_token-act-pair"))
    folder.batch("explanations/batch-0", said)
    settle(import_source(folder.write(), MODEL, SOURCE))
    settle(filling.embed_explanations())
    settle(session.dispose())
    return module_database


@dataclass
class Searcher(Visitor):
    """A visitor of the search page."""

    href: str = PATH

    def router_data(self) -> dict[str, Any]:
        query = dict(parse_qsl(urlsplit(self.href).query))
        return super().router_data() | {"pathname": PATH, "asPath": self.href, "query": query}

    async def go(self, href: str) -> None:
        """Open an address."""
        self.href = href
        await self.cause(SearchState.load())

    async def do(self, event: Any) -> None:
        """Cause an event, and open where it leads."""
        seen = len(self.told("_redirect"))
        await self.cause(event)
        for path in self.told("_redirect")[seen:]:
            await self.go(path)

    @property
    def found(self) -> list[int]:
        return [int(one["card"]["number"]) for one in self.shown["rows"]]


@asynccontextmanager
async def searcher(href: str) -> AsyncIterator[Searcher]:
    async with visitor(MODEL, SOURCE, "0") as plain:
        one = Searcher(plain.processor, plain.browser, plain.address)
        await one.go(href)
        yield one


async def test_words_are_found_and_marked_with_their_dashboards() -> None:
    async with searcher(f"{PATH}?q=run+kitchen&way=words") as one:
        assert sorted(one.found) == [2, 3]
        running = next(row for row in one.shown["rows"] if row["card"]["number"] == "3")
        assert [(part["text"], part["marked"]) for part in running["first"]["pieces"]] == [
            ("a ", False),
            ("running", True),
            (" dog", False),
        ]
        assert running["card"]["examples"]
        assert (running["card"]["density"], running["first"]["score"]) == ("0.400 %", "0.30")
        assert one.shown["list_href"].startswith("/quick-list?name=run+kitchen&features=%5B%22")
        assert (one.shown["summary"], one.shown["used"], one.shown["note"]) == ("2 features", "By words", "")
        assert not one.shown["lacks_vectors"]
        assert not one.shown["more_follow"]


async def test_both_ways_at_once_with_all_explanations_of_a_feature() -> None:
    async with searcher(f"{PATH}?q=cats") as one:
        first = one.shown["rows"][0]
        assert one.shown["used"] == "By meaning (all-minilm-l6-v2) and by words"
        assert first["card"]["number"] == "0"
        assert [part["text"] for line in first["others"] for part in line["pieces"]] == ["sleepy felines"]
        assert float(first["first"]["near"]) > 0.9
        assert first["first"]["like_href"] == f"{PATH}?like=x0"


async def test_more_like_an_explanation_until_words_are_typed() -> None:
    async with searcher(f"{PATH}?like=x0") as one:
        assert one.shown["like"] == "cats"
        assert 0 not in one.found
        assert one.found[0] == 7
        await one.do(SearchState.type("rivers"))
        assert one.href == f"{PATH}?q=rivers"
        assert (one.shown["like"], one.found[0]) == ("", 5)
        await one.go(f"{PATH}?like=nobody")
        assert "no explanation nobody" in one.shown["problem"]


async def test_results_go_on_without_doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanations_found, "LIMIT", 3)
    async with searcher(f"{PATH}?q=cats&way=meaning") as one:
        assert (len(one.found), one.shown["summary"]) == (3, "The first 3 features")
        while one.shown["more_follow"]:
            await one.cause(SearchState.more())
        assert sorted(one.found) == list(range(len(WORDS)))
        assert one.shown["summary"] == "8 features"
        await one.cause(SearchState.more())
        assert len(one.found) == len(WORDS), "nothing follows the last"


async def test_filters_are_in_the_address_and_in_the_query() -> None:
    async with searcher(f"{PATH}?q=cats&modelId={MODEL}") as one:
        assert one.shown["where"] == f"model:{MODEL}"
        await one.do(SearchState.bound("density", "max", "0.25"))
        assert sorted(one.found) == [0, 1]
        assert "maxDensity=0.0025" in one.href
        assert [chip["words"] for chip in one.shown["chips"]] == ["fires on to 0.250 %"]
        await one.do(SearchState.choose_kind("oai_token-act-pair"))
        assert one.found == [0]
        await one.go(one.shown["clear_href"])
        assert (len(one.found), one.shown["chips"]) == (len(WORDS), [])
        await one.do(SearchState.bound("score", "min", "0.65"))
        assert one.found == [7]
        await one.do(SearchState.bound("score", "min", "nonsense"))
        assert len(one.found) == len(WORDS)
        await one.do(SearchState.choose_layers("99"))
        assert (one.found, one.shown["summary"]) == ([], "0 features")


async def test_sources_of_a_model_are_chosen_by_set() -> None:
    async with searcher(f"{PATH}?q=cats&modelId={MODEL}") as one:
        (only,) = one.shown["sets"]
        await one.do(SearchState.choose_set(only["value"]))
        assert "sources=" in one.href
        assert [source["chosen"] for source in one.shown["sources"]] == [True]
        await one.do(SearchState.choose_where("all"))
        assert one.href == f"{PATH}?q=cats"
        await one.go(f"{PATH}?q=cats&modelId={MODEL}&sources=nowhere")
        assert "nowhere" in one.shown["problem"]
        assert one.found == []


async def test_no_words_is_no_search() -> None:
    async with searcher(PATH) as one:
        assert one.shown["loaded"]
        assert not one.shown["asks"]
        await one.do(SearchState.submit({"q": " cats  "}))
        assert one.href == f"{PATH}?q=cats"
        await one.do(SearchState.choose_way("words"))
        assert one.href == f"{PATH}?q=cats&way=words"


async def test_words_come_first_where_meaning_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanations_found, "PATIENCE", 0)
    pages = [page async for page in found_so_far(ExplanationsAsked(query="cats"))]
    assert [page.way_used for page in pages] == ["words", "hybrid"]
    assert (pages[0].note, pages[0].cursor) == (STILL, None)
    assert [page.note async for page in found_so_far(ExplanationsAsked(query="cats", way="meaning"))] == [""]


async def test_without_vectors_the_page_says_what_makes_them() -> None:
    await forget_vectors()
    try:
        async with searcher(f"{PATH}?q=cats") as one:
            assert one.shown["lacks_vectors"]
            assert one.shown["used"] == "By words"
            assert "No explanation has a vector yet" in one.shown["note"]
            await one.do(SearchState.choose_way("words"))
            assert not one.shown["lacks_vectors"], "nobody asked for meaning"
    finally:
        await filling.embed_explanations()


async def forget_vectors() -> None:
    async with session.session() as writer:
        await run_in(writer, "DELETE FROM explanation_embeddings")
        await run_in(writer, "UPDATE explanations SET embedded = 0")
        await writer.commit()


def test_how_many() -> None:
    assert told(0, more=False) == "0 features"
    assert told(1, more=False) == "1 feature"
    assert told(20, more=True) == "The first 20 features"
