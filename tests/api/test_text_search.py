"""Search by text over the API: the worker's ranking, what is known of the features, dense ones left out first."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from memicos_app.db.session import session
from memicos_app.library.query import run_in
from tests.api.dataset import MODEL, SOURCE
from tests.api.test_problems import assert_problem

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("imported", "worker")]
TEXT = "According to the treaty of 1648, the degree of freedom was small."
ALL = {"modelId": MODEL, "sourceSet": "res-4k", "text": TEXT, "selectedLayers": [SOURCE]}
TOPK = {"modelId": MODEL, "source": SOURCE, "text": TEXT}


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def make_dense(index: int, density: float) -> None:
    """Give a feature of the small dataset another number and density, so that a text finds it."""
    async with session() as writer:
        for table in ("features", "feature_labels", "feature_examples"):
            await run_in(writer, f"UPDATE {table} SET index = :to WHERE index = 10", to=index)
        await run_in(writer, "UPDATE explanations SET index = :to WHERE index = 10", to=index)
        await run_in(writer, "UPDATE features SET density = :density WHERE index = :at", density=density, at=index)
        await writer.commit()


async def test_features_of_a_text(client: httpx.AsyncClient) -> None:
    found = await post(client, "/search-all", ALL | {"numResults": 20})
    values = [one["maxValue"] for one in found["result"]]
    assert values == sorted(values, reverse=True)
    assert len(values) == 20
    assert "".join(found["tokens"]) == "<|im_start|>" + TEXT
    for one in found["result"]:
        assert (one["modelId"], one["layer"]) == (MODEL, SOURCE)
        assert one["index"].isdigit()
        assert one["values"][one["maxValueIndex"]] == one["maxValue"] == max(one["values"])
        body = {"feature": {"modelId": MODEL, "source": SOURCE, "index": one["index"]}, "customText": TEXT}
        single = await post(client, "/activation/new", body | {"ignoreBos": False})
        assert single["values"] == pytest.approx(one["values"], abs=1e-3, rel=1e-4)


async def test_positions_from_10_on_sort_as_numbers(client: httpx.AsyncClient) -> None:
    found = await post(client, "/search-all", ALL | {"sortIndexes": [12, 3]})
    assert found["sortIndexes"] == [3, 12]
    sums = [one["values"][3] + one["values"][12] for one in found["result"]]
    assert sums == pytest.approx(sorted(sums, reverse=True))
    assert [one["sumValues"] for one in found["result"]] == pytest.approx(sums)


async def test_all_sources_of_a_set_where_none_are_chosen(client: httpx.AsyncClient) -> None:
    found = await post(client, "/search-all", ALL | {"selectedLayers": []})
    assert SOURCE in found["sources"]
    assert len(found["result"]) == 50


async def test_a_list_of_texts_gives_a_list_without_features(client: httpx.AsyncClient) -> None:
    found = (await post(client, "/search-all", ALL | {"text": [TEXT, "Hello"]}))["results"]
    single = await post(client, "/search-all", ALL)
    assert [one["index"] for one in found[0]["result"]] == [one["index"] for one in single["result"]]
    assert len(found) == 2
    assert not any("neuron" in one for each in found for one in each["result"])


async def test_dense_features_are_left_out_before_the_cut(client: httpx.AsyncClient) -> None:
    everything = (await post(client, "/search-all", ALL | {"numResults": 6}))["result"]
    strongest = everything[0]["index"]
    await make_dense(int(strongest), 0.2)
    try:
        known = (await post(client, "/search-all", ALL | {"numResults": 5}))["result"]
        assert known[0]["neuron"]["index"] == strongest
        assert known[0]["neuron"]["frac_nonzero"] == pytest.approx(0.2)
        assert len(known[0]["neuron"]["activations"]) == 1
        assert "neuron" not in known[1]
        rest = (await post(client, "/search-all", ALL | {"numResults": 5, "densityThreshold": 0.1}))["result"]
        assert [one["index"] for one in rest] == [one["index"] for one in everything[1:]]
        kept = (await post(client, "/search-all", ALL | {"numResults": 5, "densityThreshold": 0.2}))["result"]
        assert kept[0]["index"] == strongest
        rare = (await post(client, "/search-all", ALL | {"numResults": 5, "densityThreshold": 1e-300}))["result"]
        assert strongest not in [one["index"] for one in rare]
        by_token = (await post(client, "/search-topk-by-token", TOPK | {"densityThreshold": 0}))["results"]
        features = [top for one in by_token for top in one["topFeatures"]]
        mine = next(top["feature"] for top in features if top["featureIndex"] == int(strongest))
        assert mine["explanations"][0]["description"] == "<b>feature 10</b>"
        thin = (await post(client, "/search-topk-by-token", TOPK | {"densityThreshold": 0.1}))["results"]
        assert strongest not in {str(top["featureIndex"]) for one in thin for top in one["topFeatures"]}
        assert max(len(one["topFeatures"]) for one in thin) == 10
    finally:
        await restore(int(strongest))


async def restore(index: int) -> None:
    async with session() as writer:
        for table in ("features", "feature_labels", "feature_examples", "explanations"):
            await run_in(writer, f"UPDATE {table} SET index = 10 WHERE index = :at", at=index)
        await writer.commit()


async def test_the_strongest_at_each_token(client: httpx.AsyncClient) -> None:
    found = await post(client, "/search-topk-by-token", TOPK | {"numResults": 3})
    assert found["source"] == SOURCE
    assert "".join(one["token"] for one in found["results"]) == TEXT
    assert [one["position"] for one in found["results"]] == list(range(1, len(found["results"]) + 1))
    for one in found["results"]:
        values = [top["activationValue"] for top in one["topFeatures"]]
        assert values == sorted(values, reverse=True)
        assert len(values) <= 3
    with_bos = await post(client, "/search-topk-by-token", TOPK | {"numResults": 3, "ignoreBos": False})
    assert with_bos["results"][0] == {"position": 0, "token": "<|im_start|>", "isSpecial": True, "topFeatures": []}
    listed = await post(client, "/search-topk-by-token", TOPK | {"numResults": 3, "text": [TEXT, "Hello"]})
    assert [one["source"] for one in listed["results"]] == [SOURCE, SOURCE]


async def test_all_active_features_of_a_source(client: httpx.AsyncClient) -> None:
    body = {"modelId": MODEL, "source": SOURCE, "customText": TEXT}
    found = (await post(client, "/activation/source", body))["results"]
    assert set(found[0]) == {"tokens", "activeFeatures"}
    strongest = (await post(client, "/search-all", ALL | {"numResults": 1}))["result"][0]
    places = dict(found[0]["activeFeatures"][strongest["index"]])
    assert places[strongest["maxValueIndex"]] == pytest.approx(strongest["maxValue"], rel=1e-4)
    assert len((await post(client, "/activation/source", body | {"customText": [TEXT, "a"]}))["results"]) == 2


async def test_stored_examples(client: httpx.AsyncClient) -> None:
    answer = await client.post("/activation/get", json={"modelId": MODEL, "source": SOURCE, "index": "4000"})
    whole = (await client.get(f"/feature/{MODEL}/{SOURCE}/4000")).json()
    assert answer.json() == whole["activations"]
    assert len(answer.json()) == 2


async def test_tokens_and_directions(client: httpx.AsyncClient) -> None:
    tokens = await post(client, "/tokenize", {"modelId": MODEL, "prompt": "hi", "prependBos": False})
    assert tokens == {"tokens": [6004], "tokenStrings": ["hi"], "prependBos": False}
    assert (await post(client, "/tokenize", {"modelId": MODEL, "prompt": "hi"}))["prependBos"] is True
    body = {"modelId": MODEL, "source": SOURCE, "index": "10", "targetModelId": MODEL, "targetSourceId": SOURCE}
    alike = await post(client, "/cossim", body)
    assert len(alike["topkCossimIndices"]) == 10
    assert alike["topkCossimIndices"][0] == 10
    assert alike["topkCossimValues"][0] == pytest.approx(1, abs=1e-5)
    assert alike["topkDecoderCossimFeatures"][0]["explanation"] == "<b>feature 10</b>"


async def test_similar_features_over_other_sources(client: httpx.AsyncClient) -> None:
    body = {"modelId": MODEL, "source": SOURCE, "index": 10, "numResults": 4}
    found = await post(client, "/similar-features", body | {"targetSourceIds": ["7-res-4k", "9-none", "23-res-4k"]})
    cosines = [one["cosineSimilarity"] for one in found["results"]]
    assert len(cosines) == 4
    assert cosines == sorted(cosines, reverse=True)
    assert {one["feature"]["source"] for one in found["results"]} <= {"7-res-4k", "23-res-4k"}
    assert [one["source"] for one in found["skipped"]] == ["9-none"]
    assert found["skipped"][0]["reason"]
    everywhere = await post(client, "/similar-features", body)
    assert everywhere["results"] == found["results"]
    assert everywhere["skipped"] == []


async def test_nulls_and_slashes_are_as_good_as_nothing(client: httpx.AsyncClient) -> None:
    body = ALL | {"sortIndexes": None, "densityThreshold": None, "ignoreBos": None, "numResults": None}
    assert (await post(client, "/search-all/", body)) == await post(client, "/search-all", ALL)


BAD = [
    ("/search-all", {"text": ""}, 400, "text"),
    ("/search-all", {"text": []}, 400, "text"),
    ("/search-all", {"text": [TEXT, ""]}, 400, "text.1"),
    ("/search-all", {"text": [TEXT] * 5}, 400, "text"),
    ("/search-all", {"text": "word " * 3000}, 400, "text"),
    ("/search-all", {"text": ["a", "word " * 3000]}, 400, "text.1"),
    ("/search-all", {"modelId": "x"}, 404, "modelId"),
    ("/search-all", {"sourceSet": "x", "selectedLayers": []}, 404, "sourceSet"),
    ("/search-all", {"selectedLayers": [SOURCE, "x"]}, 404, "selectedLayers.1"),
    ("/search-all", {"selectedLayers": ["a\0"], "densityThreshold": 0.1}, 400, "selectedLayers.0"),
    ("/search-all", {"sortIndexes": [0, 99]}, 400, "sortIndexes.1"),
    ("/search-all", {"sortIndexes": [-1]}, 400, "sortIndexes.0"),
    ("/search-all", {"numResults": 0}, 400, "numResults"),
    ("/search-all", {"numResults": -1}, 400, "numResults"),
    ("/search-all", {"numResults": 101}, 400, "numResults"),
    ("/search-all", {"numResults": 10**18}, 400, "numResults"),
    ("/search-all", {"densityThreshold": 1.5}, 400, "densityThreshold"),
    ("/search-all", {"densityThreshold": -2}, 400, "densityThreshold"),
    ("/search-all", {"threshold": 1}, 400, "threshold"),
    ("/search-topk-by-token", {"source": "x"}, 404, "source"),
    ("/search-topk-by-token", {"numResults": 21}, 400, "numResults"),
    ("/search-topk-by-token", {"text": ""}, 400, "text"),
    ("/activation/source", {"customText": ""}, 400, "customText"),
    ("/activation/source", {"customText": [TEXT, ""]}, 400, "customText.1"),
    ("/activation/source", {"customText": "word " * 3000}, 400, "customText"),
    ("/activation/source", {"source": "x"}, 404, "source"),
    ("/activation/get", {"index": 11}, 404, "index"),
    ("/activation/get", {"source": "x"}, 404, "source"),
    ("/tokenize", {"prompt": ""}, 400, "prompt"),
    ("/tokenize", {"modelId": "x"}, 404, "modelId"),
    ("/tokenize", {"prompt": "word " * 1500}, 400, "prompt"),
    ("/cossim", {"index": 4096}, 404, "index"),
    ("/cossim", {"source": "x"}, 404, "source"),
    ("/cossim", {"targetSourceId": "x"}, 404, "targetSourceId"),
    ("/cossim", {"targetModelId": "x"}, 400, "targetModelId"),
    ("/cossim", {"modelId": "x", "targetModelId": "x"}, 404, "modelId"),
    ("/similar-features", {"index": 4096}, 404, "index"),
    ("/similar-features", {"source": "x"}, 404, "source"),
    ("/similar-features", {"targetSourceIds": []}, 400, "targetSourceIds"),
    ("/similarity-matrix-pred", {}, 400, "sourceId"),
    ("/similarity-matrix-pred", {"text": "x" * 701}, 400, "text"),
]
BODIES: dict[str, dict[str, Any]] = {
    "/search-all": ALL,
    "/search-topk-by-token": TOPK,
    "/activation/source": {"modelId": MODEL, "source": SOURCE, "customText": TEXT},
    "/activation/get": {"modelId": MODEL, "source": SOURCE, "index": 10},
    "/tokenize": {"modelId": MODEL, "prompt": TEXT},
    "/cossim": {"modelId": MODEL, "source": SOURCE, "index": 10, "targetSourceId": SOURCE},
    "/similar-features": {"modelId": MODEL, "source": SOURCE, "index": 10},
    "/similarity-matrix-pred": {"modelId": MODEL, "sourceId": SOURCE, "text": TEXT},
}


@pytest.mark.parametrize(("path", "change", "status", "field"), BAD)
async def test_what_cannot_be_right_names_the_field(
    client: httpx.AsyncClient, path: str, change: dict[str, Any], status: int, field: str
) -> None:
    assert assert_problem(await client.post(path, json=BODIES[path] | change), status)["field"] == field
