"""A feature over the API: the library's numbers under the names that clients know."""

from __future__ import annotations

import json

import httpx
import pytest

from memicos_app.library import features
from memicos_app.library.feature_json import encode, feature_json
from tests.api.dataset import MODEL, SOURCE, TOKENS, VALUES
from tests.api.test_problems import assert_problem

AT = {"modelId": MODEL, "layer": SOURCE, "index": 10}
ADDRESS = f"/feature/{MODEL}/{SOURCE}/10"
pytestmark = pytest.mark.usefixtures("imported")


async def test_the_answer_is_what_the_library_gives_pages(client: httpx.AsyncClient) -> None:
    expected = encode(feature_json(await features.feature(MODEL, SOURCE, 10)))
    answer = await client.get(ADDRESS)
    assert answer.status_code == 200
    assert answer.content == expected, "nobody lists it or says something of it"
    assert (await client.post("/features", json=[AT])).content == b"[" + expected + b"]"


async def test_what_published_clients_read(client: httpx.AsyncClient) -> None:
    body = json.loads((await client.get(ADDRESS)).content)
    assert (body["modelId"], body["layer"], body["index"], body["frac_nonzero"]) == (MODEL, SOURCE, "10", 0.01)
    (first, second) = body["activations"]
    assert first["tokens"] == TOKENS
    assert first["values"] == pytest.approx(VALUES, rel=1e-3)
    assert second["maxValue"] == pytest.approx(1.5, rel=1e-3)
    assert {"binMin", "binMax", "binContains", "modelId", "layer", "index", "id"} <= set(first)
    (explanation,) = body["explanations"]
    assert explanation["description"] == "<b>feature 10</b>"
    assert explanation["typeName"] == "np_max-act"
    assert {"id", "modelId", "layer", "index", "explanationModelName", "scores"} <= set(explanation)
    assert (body["source"]["id"], body["sourceSet"]["name"], body["model"]["id"]) == (SOURCE, "res-4k", MODEL)


async def test_a_download_is_the_same_with_a_file_name(client: httpx.AsyncClient) -> None:
    plain, download = await client.get(ADDRESS), await client.get(ADDRESS, params={"download": "true"})
    assert download.content == plain.content
    assert download.headers["content-disposition"] == f'attachment; filename="{MODEL}_{SOURCE}_10.json"'


async def test_large_answers_are_compressed_for_those_who_ask(client: httpx.AsyncClient) -> None:
    assert (await client.get(ADDRESS, headers={"accept-encoding": "gzip"})).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await client.get(ADDRESS, headers={"accept-encoding": "identity"})).headers


@pytest.mark.parametrize(
    ("address", "status", "field"),
    [
        (f"/feature/{MODEL}/{SOURCE}/11", 404, "index"),
        (f"/feature/{MODEL}/{SOURCE}/5000000", 404, "index"),
        (f"/feature/{MODEL}/16-res-4k/1", 404, "source_id"),
        (f"/feature/none/{SOURCE}/1", 404, "model_id"),
        (f"/feature/{MODEL}/{SOURCE}/ten", 400, "index"),
        (f"/feature/{MODEL}/{SOURCE}/-1", 400, "index"),
        (f"/feature/{MODEL}/{SOURCE}/99999999999999", 400, "index"),
        (f"/features/{MODEL}/{SOURCE}?limit=0", 400, "limit"),
        (f"/features/{MODEL}/{SOURCE}?sort=size", 400, "sort"),
        (f"/features/{MODEL}/{SOURCE}?offset=-1", 400, "offset"),
    ],
)
async def test_wrong_addresses_name_the_part(
    client: httpx.AsyncClient, address: str, status: int, field: str
) -> None:
    assert assert_problem(await client.get(address), status)["field"] == field


async def test_the_list_is_sorted_cut_and_counted(client: httpx.AsyncClient) -> None:
    whole = (await client.get(f"/features/{MODEL}/{SOURCE}")).json()
    assert whole["total"] == 3
    assert [row["index"] for row in whole["rows"]] == [0, 10, 4000]
    part = (await client.get(f"/features/{MODEL}/{SOURCE}?descending=true&offset=1&limit=1")).json()
    assert ([row["index"] for row in part["rows"]], part["offset"]) == ([10], 1)
    found = (await client.get(f"/features/{MODEL}/{SOURCE}", params={"query": "feature 4000"})).json()
    assert [row["index"] for row in found["rows"]] == [4000]


@pytest.mark.slow
async def test_the_vector_is_the_workers(client: httpx.AsyncClient, worker: str) -> None:
    answer = await client.get(f"{ADDRESS}/vector")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert len(body["vector"]) == 576
    assert body["norm"] == pytest.approx(sum(value * value for value in body["vector"]) ** 0.5, rel=1e-4)
    assert body["hookName"] == "blocks.15.hook_resid_post"
    download = await client.get(f"{ADDRESS}/vector", params={"download": "1"})
    assert download.headers["content-disposition"].endswith('_10_vector.json"')


async def test_a_vector_needs_the_worker(client: httpx.AsyncClient, no_worker: None) -> None:
    answer = await client.get(f"{ADDRESS}/vector")
    assert assert_problem(answer, 503)["error"] == "unavailable"
    assert "retry-after" in answer.headers
