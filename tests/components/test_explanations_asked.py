"""Addresses of searches by explanation: everything that is asked for stands in them, and nothing else comes out."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from memicos_app.components.explanation_filters import bounds_shown, chips, set_of, toggled, where_choices
from memicos_app.components.explanations_asked import (
    ExplanationsAsked,
    layers_of,
    layers_text,
    search_in,
)
from memicos_app.library.explanation_search import Filters, Scope
from memicos_app.library.search_choices import SearchChoices

FULL = ExplanationsAsked(
    query="a & b?",
    model_id="m",
    source_ids=("0-res", '9-"res'),
    way="words",
    models=("m",),
    sets=("res", "é"),
    layers=(3, 7, 8, 9),
    types=("np_max-act",),
    explainers=("some/model",),
    density=(None, 0.01),
    score=(0.5, None),
    activation=(1.5, 30.25),
    embed=True,
)
CHOICES = SearchChoices(
    releases=["paper"],
    models=[("m", "Model M")],
    types=[("by-hand", "By hand")],
    explainers=["gpt"],
    sources={"res": ["0-res", "9-res", "12-res"], "mlp": ["3-mlp"]},
)


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


@pytest.mark.parametrize(
    "asked",
    [
        ExplanationsAsked(),
        ExplanationsAsked(query="x"),
        FULL,
        ExplanationsAsked(like="an id", release="a release"),
        ExplanationsAsked(query="x", density=(0.0, 1e-6), score=(-1.0, 0.0)),
    ],
)
def test_a_search_is_in_its_address(asked: ExplanationsAsked) -> None:
    assert ExplanationsAsked.of(query(asked.address)) == asked


def test_the_reference_systems_address_is_understood() -> None:
    asked = ExplanationsAsked.of(
        {"q": " cats ", "modelId": "gemma", "sources": '["0-res", "1-res"]', "embed": "true"}
    )
    assert asked.scope == Scope("sources", model_id="gemma", source_ids=("0-res", "1-res"))
    assert (asked.query, asked.embed, asked.filters) == ("cats", True, Filters())
    assert ExplanationsAsked.of({"releaseName": "gemma-scope", "modelId": "x"}).scope == Scope(
        "release", release="gemma-scope"
    )
    assert ExplanationsAsked.of({"modelId": "gemma", "sources": "[]"}).scope == Scope("model", model_id="gemma")
    assert ExplanationsAsked.of({"sources": '["0-res"]'}).scope == Scope("all"), "of no model"


def test_what_makes_no_sense_is_left_out() -> None:
    odd = {
        "q": "x" * 900,
        "way": "both",
        "sources": '{"a": 1}',
        "layers": "7 to nine, -3, 10-12",
        "types": "[1, null]",
        "minDensity": "nan",
        "maxScore": "much",
        "maxActivation": "1e300",
    }
    asked = ExplanationsAsked.of(odd)
    assert asked == ExplanationsAsked(query="x" * 200, layers=(7, 10, 11, 12))


def test_layers_as_people_write_them() -> None:
    assert layers_of("12, 7,8 9") == (7, 8, 9, 12)
    assert layers_text((12, 7, 8, 9)) == "7-9, 12"
    assert layers_of("3 – 5") == (3, 4, 5)
    assert layers_of("5-3") == ()
    assert len(layers_of("0-9999")) == 200


def test_other_words_and_other_places_keep_the_rest() -> None:
    assert FULL.asking(" dogs ") == replace(FULL, query="dogs")
    assert FULL.alike("id") == replace(FULL, query="", like="id")
    assert FULL.alike("id").asking("dogs") == replace(FULL, query="dogs")
    assert FULL.within("release:r").scope == Scope("release", release="r")
    assert (FULL.within("all").scope, FULL.within("all").types) == (Scope("all"), FULL.types)
    assert FULL.within("model:m").scope_name == "model:m"
    assert FULL.unfiltered().filters == Filters()
    assert FULL.unfiltered().scope == FULL.scope
    assert (
        search_in("a b", modelId="m", sources="9-res")
        == "/search-explanations?q=a+b&modelId=m&sources=%5B%229-res%22%5D"
    )


def test_bounds_as_they_are_typed() -> None:
    asked = ExplanationsAsked().bounded("density", "max", "0.5").bounded("score", "min", "0.25")
    assert (asked.density, asked.score) == ((None, 0.005), (0.25, None))
    assert asked.bounded("density", "max", "").density == (None, None)
    assert asked.bounded("score", "min", "x").score == (None, None)
    assert [(one["low"], one["high"]) for one in bounds_shown(asked)] == [("", "0.5"), ("0.25", ""), ("", "")]


def test_each_filter_that_is_set_can_be_left_out() -> None:
    each = chips(FULL, {"np_max-act": "Max activation"})
    assert [one["words"] for one in each] == [
        "model m",
        "set res, é",
        "explained by some/model",
        "layer 3, 7-9",
        "Max activation",
        "fires on to 1.000 %",
        "score from 0.50",
        "strongest from 1.50 to 30.25",
    ]
    assert ExplanationsAsked.of(query(each[5]["href"])) == replace(FULL, density=(None, None))
    assert chips(ExplanationsAsked(query="x"), {}) == []


def test_where_one_can_look() -> None:
    values = [one["value"] for one in where_choices(CHOICES, ExplanationsAsked(model_id="other"))]
    assert values == ["all", "release:paper", "model:m", "model:other"]
    asked = ExplanationsAsked(model_id="m", source_ids=("9-res", "12-res"))
    assert set_of(CHOICES, asked) == "res"
    assert set_of(CHOICES, ExplanationsAsked(model_id="m")) == ""


def test_a_click_on_one_of_all_layers_chooses_it_alone() -> None:
    there = ["0-res", "9-res", "12-res"]
    assert toggled(there, there, "9-res") == ("9-res",)
    assert toggled(there, ["9-res"], "12-res") == ("9-res", "12-res")
    assert toggled(there, ["9-res", "12-res"], "9-res") == ("12-res",)
    assert toggled(there, ["9-res"], "9-res") == tuple(there), "never none"
    assert toggled(["3-mlp"], ["3-mlp"], "3-mlp") == ("3-mlp",)
