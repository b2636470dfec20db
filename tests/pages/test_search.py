"""Addresses of the two searches by text, and what their pages make of the answers."""

from __future__ import annotations

import pytest

from memicos_app.components.text_asked import DENSE, SearchAsked, TokensAsked
from memicos_app.library.feature_facts import UNKNOWN, FeatureFacts
from memicos_app.library.inference_search import FoundFeature, TextSearch, TokenFeature, TokenFeatures, TokenSearch
from memicos_app.pages import search, search_topk_by_token
from memicos_app.pages.model import text_search

FULL = SearchAsked("a b & c?", "m", "res", ("0-res", "9-res"), (3, 12), ignore_bos=False, dense=True)


def query(address: str) -> dict[str, str]:
    from urllib.parse import parse_qsl, urlsplit

    return dict(parse_qsl(urlsplit(address).query))


@pytest.mark.parametrize("asked", [SearchAsked(), SearchAsked(text="x"), FULL])
def test_a_search_is_in_its_address(asked: SearchAsked) -> None:
    assert SearchAsked.of(query(asked.address)) == asked
    assert asked.address.startswith("/search")


@pytest.mark.parametrize("asked", [TokensAsked(), TokensAsked("a&b", "m", "9-res", False, 0.0, "density")])
def test_a_search_by_token_is_in_its_address(asked: TokensAsked) -> None:
    assert TokensAsked.of(query(asked.address)) == asked


def test_what_makes_no_sense_is_left_out() -> None:
    odd = {"sortIndexes": '[-1, 3, true, "x", 3]', "selectedLayers": '{"a": 1}', "q": "x" * 9000, "ignoreBos": "?"}
    asked = SearchAsked.of(odd)
    assert (asked.sort_by, asked.source_ids, asked.ignore_bos, len(asked.text)) == ((3,), (), True, 2000)
    for density in ("5", "-1", "nan", "x"):
        assert TokensAsked.of({"densityThreshold": density, "sortBy": "x"}) == TokensAsked(density=DENSE)


def test_sources_and_tokens_are_chosen_and_left_out() -> None:
    asked = SearchAsked(text="x").with_source("9-res", ["0-res", "9-res", "12-res"])
    assert asked.source_ids == ("0-res", "12-res")
    assert asked.with_source("9-res", ["0-res", "12-res"]).source_ids == ("0-res", "12-res", "9-res")
    assert asked.with_source("9-res", ["9-res"]).source_ids == ("9-res",), "the last one stays"
    assert search_topk_by_token.middle(["0-res", "9-res", "12-res"], {"12-res"}) == "12-res"
    assert search_topk_by_token.middle(["0-res", "9-res", "12-res"], set()) == "9-res"
    assert asked.with_token(12).with_token(3).sort_by == (3, 12)
    assert asked.with_token(12).with_token(12).sort_by == ()
    assert asked.with_token(12).asking("other").sort_by == ()


def test_a_models_address_with_a_text_is_a_search() -> None:
    assert query(text_search("m", {"q": "a b", "sortIndexes": "[3]"})) == {
        "modelId": "m",
        "q": "a b",
        "sortIndexes": "[3]",
    }


def found(sort_by: list[int]) -> TextSearch:
    feature = FoundFeature("9-res", 5, [0.0, 1.0, 4.0, 2.0], 4.0, 2, 3.0, FeatureFacts("<b>war</b>", "t", 0.002, 9.0))
    unknown = FoundFeature("9-res", 6, [0.0, 0.0, 0.0, 0.5], 0.5, 3, 0.0, UNKNOWN)
    tokens = ["<s>", "the", " war", " end"]
    return TextSearch("m", tokens, [True, False, False, False], True, ["9-res"], sort_by, [feature, unknown])


def test_a_row_is_built_around_the_token_it_is_sorted_by() -> None:
    strongest = search.result_row(found([]), found([]).features[0], "the war")
    assert (strongest["strip"]["p"], strongest["strongest"], strongest["density"]) == (2, "4.00", "0.200 %")
    assert strongest["href"] == "/m/9-res/5?defaulttesttext=the+war"
    by_tokens = search.result_row(found([1, 3]), found([1, 3]).features[0], "the war")
    assert (by_tokens["strip"]["p"], by_tokens["strongest"]) == (3, "3.00")
    assert search.result_row(found([]), found([]).features[1], "x")["density"] == ""


def test_what_is_said_of_the_sorting() -> None:
    assert search.sorting(found([2])) == "Strongest on “war”"
    assert search.sorting(found([1, 2])) == "Strongest on “the”, “war”, added up"
    assert "Click tokens" in search.sorting(found([]))
    assert search.told(found([])) == "2 features of 1 source"


def test_features_of_a_whole_text_in_three_orders() -> None:
    often, strong, rare = (
        TokenFeature(1, 2.0, FeatureFacts("often", "", 0.5, 1.0)),
        TokenFeature(2, 9.0, FeatureFacts("strong", "", 0.2, 1.0)),
        TokenFeature(3, 1.0, FeatureFacts("rare", "", 0.1, 1.0)),
    )
    rows = [TokenFeatures(1, "a", False, [strong, often]), TokenFeatures(2, "b", False, [often, rare])]
    answer = TokenSearch("m", "9-res", ["<s>", "a", "b"], True, rows)
    orders = {
        order: [one["words"] for one in search_topk_by_token.whole_features(answer, order, "ab")]
        for order in ("frequency", "strength", "density")
    }
    assert orders == {
        "frequency": ["often", "strong", "rare"],
        "strength": ["strong", "often", "rare"],
        "density": ["rare", "strong", "often"],
    }
    assert [row["token"] for row in search_topk_by_token.token_rows(answer, "ab")] == ["a", "b"]
