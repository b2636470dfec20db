"""The page of a list out of its address: what the address holds, and the small dashboards it shows."""

from __future__ import annotations

from memicos_app.components.feature_card import shown
from memicos_app.components.own_row import NOTHING, own_row
from memicos_app.library.feature_cards import feature_cards
from memicos_app.library.quick_lists import FeatureAddress
from memicos_app.pages.quick_list import ListAsked
from tests.api import dataset

TEN = FeatureAddress(dataset.MODEL, dataset.SOURCE, 10)
GONE = FeatureAddress(dataset.MODEL, "9-none", 3)


def test_the_address_holds_name_features_and_text() -> None:
    asked = ListAsked.of({"name": " a <b> ", "features": '["m/s/1"]', "defaulttesttext": "sun & moon"})
    assert (asked.name, asked.features, asked.text) == ("a <b>", '["m/s/1"]', "sun & moon")
    assert asked.address == "/quick-list?name=a+%3Cb%3E&features=%5B%22m%2Fs%2F1%22%5D&defaulttesttext=sun+%26+moon"
    assert ListAsked.of({}).address == "/quick-list"


async def test_cards_are_what_the_features_own_pages_show(imported: str) -> None:
    found = await feature_cards([TEN, GONE], examples=2)
    assert list(found) == [TEN]
    card = shown(TEN, found[TEN])
    assert (card["number"], card["here"]) == ("10", True)
    assert card["href"] == f"/{dataset.MODEL}/{dataset.SOURCE}/10"
    assert 0 < len(card["examples"]) <= 2
    assert card["up"][0]["value"] == max(one["value"] for one in card["up"])


def test_a_feature_without_a_dashboard_keeps_its_description() -> None:
    card = shown(GONE, None, "towns \u202eright to left")
    assert (card["title"], card["here"], card["explained"]) == ("towns ‹RLO›right to left", False, True)
    assert shown(GONE, None)["title"] == "Feature 3"


def test_the_text_is_shown_around_its_strongest_token() -> None:
    tokens = [f" {n}" for n in range(60)]
    row = own_row(tokens, [0.0] * 50 + [2.5] + [0.0] * 9)
    assert row["strongest"] == "2.50"
    assert (row["strip"]["p"], row["strip"]["m"]) == (24, 2.5)
    assert own_row(tokens, []) == NOTHING
