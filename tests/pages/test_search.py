"""Addresses of the two searches by text."""

from __future__ import annotations

import pytest

from memicos_app.components.text_asked import DENSE, SearchAsked, TokensAsked
from memicos_app.pages import search_topk_by_token
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
