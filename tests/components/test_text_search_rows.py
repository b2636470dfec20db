"""What the page makes of a search by text."""

from __future__ import annotations

from memicos_app.components import text_search_rows as rows
from memicos_app.library.feature_facts import UNKNOWN, FeatureFacts
from memicos_app.library.inference_search import FoundFeature, TextSearch


def found(sort_by: list[int]) -> TextSearch:
    feature = FoundFeature("9-res", 5, [0.0, 1.0, 4.0, 2.0], 4.0, 2, 3.0, FeatureFacts("<b>war</b>", "t", 0.002, 9.0))
    unknown = FoundFeature("9-res", 6, [0.0, 0.0, 0.0, 0.5], 0.5, 3, 0.0, UNKNOWN)
    tokens = ["<s>", "the", " war", " end"]
    return TextSearch("m", tokens, [True, False, False, False], True, ["9-res"], sort_by, [feature, unknown])


def test_a_row_is_built_around_the_token_it_is_sorted_by() -> None:
    strongest = rows.result_row(found([]), found([]).features[0], "the war")
    assert (strongest["strip"]["p"], strongest["strongest"], strongest["density"]) == (2, "4.00", "0.200 %")
    assert strongest["href"] == "/m/9-res/5?defaulttesttext=the+war"
    by_tokens = rows.result_row(found([1, 3]), found([1, 3]).features[0], "the war")
    assert (by_tokens["strip"]["p"], by_tokens["strongest"]) == (3, "3.00")
    assert rows.result_row(found([]), found([]).features[1], "x")["density"] == ""


def test_what_is_said_of_the_sorting() -> None:
    assert rows.sorting(found([2])) == "Strongest on “war”"
    assert rows.sorting(found([1, 2])) == "Strongest on “the”, “war”, added up"
    assert "Click tokens" in rows.sorting(found([]))
    assert rows.told(found([])) == "2 features of 1 source"
