"""What the page makes of a contrast."""

from __future__ import annotations

from memicos_app.components import contrast_rows as rows
from memicos_app.library.contrast import Contrast, ContrastFeature, ContrastText, Measure, OnText
from memicos_app.library.feature_facts import UNKNOWN, FeatureFacts

FIRST = [ContrastText(["<s>", "le", " roi"], [True, False, False], True), ContrastText(["un"], [False], False)]
SECOND = [ContrastText(["<s>", "the", " king"], [True, False, False], True)]


def found(measure: Measure = "peak") -> Contrast:
    french = ContrastFeature(
        "9-res", 5, 1.5, 2.5, 0.0, 0.1, [OnText(4.0, [(1, 4.0), (2, 1.0)]), OnText(1.0, [(0, 1.0)])], [OnText(0, [])],
        FeatureFacts("<b>French</b>", "t", 0.002, 9.0),
    )  # fmt: skip
    english = ContrastFeature(
        "9-res", 6, -0.5, 0.5, 0.75, 0.0, [OnText(0.5, []), OnText(0.5, [])], [OnText(0.75, [(2, 0.75)])], UNKNOWN
    )
    return Contrast("m", measure, ["9-res"], {"9-res": 1.0}, [french], [english], FIRST, SECOND)


def test_a_row_shows_the_text_of_its_side_that_it_is_strongest_on() -> None:
    (french,), (english,) = rows.contrast_rows(found())
    assert french["href"] == "/m/9-res/5?defaulttesttext=le+roi"
    assert (french["strip"]["t"], french["strip"]["p"]) == ("le roi", 0)
    assert (french["separation"], french["density"], french["told"]) == ("1.50", "0.200 %", "2.50 against 0.00")
    assert [one["height"] for one in french["first"] + french["second"]] == ["100%", "25%", "0%"]
    assert (english["strip"]["t"], english["separation"], english["density"]) == ("the king", "0.50", "")


def test_all_texts_of_a_feature() -> None:
    first, second = rows.whole_texts(found(), "9-res/5")
    assert (first["title"], first["note"]) == ("First side", "2.50 on average")
    assert [(row["t"], row.get("h")) for row in first["rows"]] == [("le roi", "4.00"), ("un", "1.00")]
    assert second["rows"][0]["v"] == []
    assert rows.whole_texts(found(), "9-res/99") == []


def test_shares_are_per_cent() -> None:
    (french,), _ = rows.contrast_rows(found("share"))
    assert french["first"][1]["words"] == "100 %"
    assert rows.told(found()) == "2 against 1 texts, 1 source"
