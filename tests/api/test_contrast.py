"""Contrastive search over the API: the worker's ranking, what is known of the features, dense ones left out first."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.dataset import MODEL, SOURCE
from tests.api.test_problems import assert_problem
from tests.api.test_text_search import make_dense, post, restore

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("imported", "worker")]
FRENCH = ["Le traité fut signé à Paris.", "Il fait très beau aujourd'hui."]
ENGLISH = ["The treaty was signed in Paris.", "The weather is very fine today."]
BODY: dict[str, Any] = {
    "modelId": MODEL,
    "sourceSet": "res-4k",
    "selectedLayers": [SOURCE],
    "first": FRENCH,
    "second": ENGLISH,
    "numResults": 6,
}


async def test_features_of_both_sides(client: httpx.AsyncClient) -> None:
    found = await post(client, "/search-contrast", BODY)
    for side, sign in (("first", 1), ("second", -1)):
        separations = [sign * one["separation"] for one in found[side]]
        assert len(separations) == 6
        assert separations == sorted(separations, reverse=True)
        assert separations[-1] > 0
    assert ["".join(text["tokens"]) for text in found["firstTexts"]] == [f"<|im_start|>{text}" for text in FRENCH]
    assert (found["measure"], found["sources"]) == ("peak", [SOURCE])
    for one in found["first"] + found["second"]:
        assert (one["modelId"], one["layer"]) == (MODEL, SOURCE)
        for text, on in zip(FRENCH + ENGLISH, one["onFirst"] + one["onSecond"], strict=True):
            body = {"feature": {"modelId": MODEL, "source": SOURCE, "index": one["index"]}, "customText": text}
            single = await post(client, "/activation/new", body | {"ignoreBos": False})
            assert on["value"] == pytest.approx(single["maxValue"], abs=1e-3, rel=1e-4)
            for place, activation in on["active"]:
                assert activation == pytest.approx(single["values"][place], abs=1e-3, rel=1e-4)


async def test_the_measure_changes_what_is_found(client: httpx.AsyncClient) -> None:
    shares = await post(client, "/search-contrast", BODY | {"measure": "share"})
    assert all(0 <= on["value"] <= 1 for one in shares["first"] for on in one["onFirst"])
    means = await post(client, "/search-contrast", BODY | {"measure": "mean"})
    assert [one["separation"] for one in means["first"]] != [one["separation"] for one in shares["first"]]


async def test_a_text_a_side_is_as_good_as_a_list_of_one(client: httpx.AsyncClient) -> None:
    plain = await post(client, "/search-contrast", BODY | {"first": FRENCH[0], "second": ENGLISH[0]})
    assert plain == await post(client, "/search-contrast", BODY | {"first": FRENCH[:1], "second": ENGLISH[:1]})
    assert [one["spread"] for one in plain["first"]] == [0] * 6


async def test_dense_features_are_left_out_before_the_cut(client: httpx.AsyncClient) -> None:
    everything = (await post(client, "/search-contrast", BODY | {"numResults": 7}))["first"]
    best = everything[0]["index"]
    await make_dense(int(best), 0.2)
    try:
        known = (await post(client, "/search-contrast", BODY))["first"][0]
        assert (known["index"], known["explanation"]) == (best, "<b>feature 10</b>")
        assert known["frac_nonzero"] == pytest.approx(0.2)
        thin = (await post(client, "/search-contrast", BODY | {"densityThreshold": 0.1}))["first"]
        assert [one["index"] for one in thin] == [one["index"] for one in everything[1:]]
        assert thin[0]["separation"] == everything[1]["separation"], "what is left out changes nothing else"
    finally:
        await restore(int(best))


BAD = [
    ({"first": ""}, 400, "first"),
    ({"first": []}, 400, "first"),
    ({"second": ["a", ""]}, 400, "second.1"),
    ({"second": ["a"] * 9}, 400, "second"),
    ({"second": "word " * 3000}, 400, "second"),
    ({"first": ["a", "word " * 3000]}, 400, "first.1"),
    ({"modelId": "x"}, 404, "modelId"),
    ({"sourceSet": "x", "selectedLayers": []}, 404, "sourceSet"),
    ({"selectedLayers": [SOURCE, "x"]}, 404, "selectedLayers.1"),
    ({"selectedLayers": ["a\0"], "densityThreshold": 0.1}, 400, "selectedLayers.0"),
    ({"measure": "median"}, 400, "measure"),
    ({"numResults": 0}, 400, "numResults"),
    ({"numResults": 101}, 400, "numResults"),
    ({"densityThreshold": 2}, 400, "densityThreshold"),
    ({"third": "x"}, 400, "third"),
]


@pytest.mark.parametrize(("change", "status", "field"), BAD)
async def test_what_cannot_be_right_names_the_field(
    client: httpx.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    assert assert_problem(await client.post("/search-contrast", json=BODY | change), status)["field"] == field
