"""A feature on texts over the API: what published clients send and read, and the library's numbers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from memicos_app.library import activations
from tests.api.dataset import MODEL, SOURCE
from tests.api.test_problems import assert_problem

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("worker")]
TEXT = "The capital of France is Paris, and the cat sat on the mat."
FEATURE = {"modelId": MODEL, "layer": SOURCE, "index": "10"}


async def post(client: httpx.AsyncClient, **body: Any) -> httpx.Response:
    return await client.post("/activation/new", json=body)


async def test_numbers_are_those_of_the_library(client: httpx.AsyncClient) -> None:
    body = (await post(client, feature=FEATURE, customText=TEXT)).json()
    expected = await activations.test(MODEL, SOURCE, 10, TEXT)
    assert (body["tokens"], body["values"], body["maxValue"]) == (
        expected.tokens,
        expected.values,
        expected.max_value,
    )
    assert "".join(body["tokens"]) == TEXT
    assert body["values"][body["maxValueTokenIndex"]] == body["maxValue"] == max(body["values"])
    assert body["minValue"] == min(body["values"])
    assert (body["modelId"], body["layer"], body["source"], body["index"]) == (MODEL, SOURCE, SOURCE, "10")
    assert body["hookName"] == "blocks.15.hook_resid_post"


@pytest.mark.parametrize(
    "body",
    [
        {"neuron": FEATURE},
        {"feature": {"modelId": MODEL, "source": SOURCE, "index": "10"}},
        {"feature": {"modelId": MODEL, "source": SOURCE, "index": 10}},
    ],
)
async def test_every_way_to_name_a_feature(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    usual = (await post(client, feature=FEATURE, customText=TEXT)).json()
    other = (await post(client, **body, customText=TEXT)).json()
    assert other | {"createdAt": None} == usual | {"createdAt": None}


async def test_a_list_gives_a_list_of_the_same(client: httpx.AsyncClient) -> None:
    texts = [TEXT, "Another one."]
    listed = (await post(client, feature=FEATURE, customText=texts)).json()
    single = [(await post(client, feature=FEATURE, customText=text)).json() for text in texts]
    assert [one["tokens"] for one in listed] == [one["tokens"] for one in single]
    for one, other in zip(listed, single, strict=True):
        assert one["values"] == pytest.approx(other["values"], abs=1e-4)
    assert isinstance((await post(client, feature=FEATURE, customText=[TEXT])).json(), list)


async def test_bos_is_left_out_unless_asked_for_and_never_counts(client: httpx.AsyncClient) -> None:
    without = (await post(client, feature=FEATURE, customText=TEXT)).json()
    asked = (await post(client, feature=FEATURE, customText=TEXT, ignoreBos=False)).json()
    assert asked["tokens"] == ["<|im_start|>", *without["tokens"]]
    assert asked["values"] == [0.0, *without["values"]]
    assert asked["tokensIsSpecial"][0]
    assert without["prependBos"]
    assert asked["prependBos"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"feature": FEATURE}, 400, "customText"),
        ({"customText": TEXT}, 400, "feature"),
        ({"feature": FEATURE, "customText": ""}, 400, "customText"),
        ({"feature": FEATURE, "customText": []}, 400, "customText"),
        ({"feature": FEATURE, "customText": [TEXT, 5]}, 400, "customText.1"),
        ({"feature": FEATURE, "customText": ["x"] * 17}, 400, "customText"),
        ({"feature": FEATURE, "customText": "word " * 3000}, 400, "customText"),
        ({"feature": FEATURE, "customText": TEXT, "ignoreBOS": True}, 400, "ignoreBOS"),
        ({"feature": {**FEATURE, "index": "ten"}, "customText": TEXT}, 400, "feature.index"),
        ({"feature": {**FEATURE, "index": -1}, "customText": TEXT}, 400, "feature.index"),
        ({"feature": {**FEATURE, "index": True}, "customText": TEXT}, 400, "feature.index"),
        ({"feature": {**FEATURE, "index": 4096}, "customText": TEXT}, 404, "feature.index"),
        ({"feature": {**FEATURE, "layer": "16-none"}, "customText": TEXT}, 404, "feature.layer"),
        ({"feature": {**FEATURE, "modelId": "gpt2"}, "customText": TEXT}, 404, "feature.modelId"),
        ({"feature": {"modelId": MODEL, "index": 1}, "customText": TEXT}, 400, "feature.layer"),
    ],
)
async def test_what_cannot_be_right_names_the_field(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, field: str
) -> None:
    assert assert_problem(await client.post("/activation/new", json=body), status)["field"] == field


async def test_half_a_character_is_refused(client: httpx.AsyncClient) -> None:
    content = b'{"feature": {"modelId": "m", "layer": "l", "index": 1}, "customText": "\\ud83d"}'
    answer = await client.post("/activation/new", content=content, headers={"content-type": "application/json"})
    assert assert_problem(answer, 400)["field"] == "customText"
