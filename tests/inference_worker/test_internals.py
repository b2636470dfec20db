"""Residual streams and attention over HTTP, beside Hugging Face."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import torch

from tests.inference_worker import tiny
from tests.inference_worker.tiny import MODEL

TEXT = "Hello wörld, twice!"
ATTENTION = {"model": MODEL, "prompt": TEXT, "layer": 1, "head": 2}


@pytest.fixture
async def http(tiny_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with tiny.client(tiny_url) as made:
        yield made


async def test_the_residual_at_the_last_token(http: httpx.AsyncClient) -> None:
    prompts = [TEXT, "of"]
    answer = (await http.post("/v1/activation/raw", json={"prompts": prompts, "layers": [2, 0, 0]})).json()
    assert (answer["hookPoint"], answer["type"], answer["dtype"], answer["device"]) == (
        "residual_stream",
        "final_output_token",
        "float32",
        "cpu",
    )
    for prompt, result in zip(prompts, answer["results"], strict=True):
        ids = tiny.ids(prompt)
        assert result["tokenIds"] == ids
        assert [one["layer"] for one in result["activations"]] == [0, 2]
        for one in result["activations"]:
            assert one["tokenIndices"] == [len(ids) - 1]
            expected = tiny.residual(ids, one["layer"])[-1]
            torch.testing.assert_close(torch.tensor(one["values"][0]), expected, atol=1e-4, rtol=1e-4)


async def test_all_layers_where_none_are_named(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/v1/activation/raw", json={"prompts": ["of"], "model": MODEL})).json()
    assert [one["layer"] for one in answer["results"][0]["activations"]] == [0, 1, 2]


async def test_attention_is_hugging_faces(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/v1/activation/attention", json=ATTENTION)).json()
    ids = tiny.ids(TEXT)
    with torch.inference_mode():
        pattern = tiny.hugging_face()(torch.tensor([ids]), output_attentions=True).attentions[1][0, 2]
    assert answer["seqLen"] == len(ids) == len(answer["tokens"])
    assert answer["attentionIndices"] == sorted(answer["attentionIndices"])
    found = torch.zeros(len(ids) ** 2)
    found[answer["attentionIndices"]] = torch.tensor(answer["attentionValues"])
    found = found.reshape(len(ids), -1)
    for query, row in enumerate(pattern):
        shown = row.topk(min(8, len(ids)))
        kept = shown.indices[shown.values >= 0.005]
        expected = torch.zeros(len(ids))
        expected[kept] = row[kept]
        torch.testing.assert_close(found[query], expected, atol=1e-4, rtol=0)
    assert answer["maxActivation"] == pytest.approx(float(pattern[1:, 1:].max()), abs=1e-4)


async def test_attention_on_one_token(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/v1/activation/attention", json={**ATTENTION, "prompt": tiny.BOS})).json()
    assert (answer["attentionValues"], answer["maxActivation"]) == ([1.0], 0.0)


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("attention", {**ATTENTION, "layer": 3}, 400, "layer"),
        ("attention", {**ATTENTION, "layer": -1}, 400, "layer"),
        ("attention", {**ATTENTION, "head": 4}, 400, "head"),
        ("attention", {**ATTENTION, "head": -1}, 400, "head"),
        ("attention", {**ATTENTION, "head": 10**18}, 400, "head"),
        ("attention", {**ATTENTION, "prompt": ""}, 400, "prompt"),
        ("attention", {**ATTENTION, "model": "x"}, 404, "model"),
        ("raw", {"prompts": ["x"] * 17}, 400, "prompts"),
        ("raw", {"prompts": []}, 400, "prompts"),
        ("raw", {"prompts": ["x", ""]}, 400, "prompts.1"),
        ("raw", {"prompts": ["x"], "layers": [0, 3]}, 400, "layers.1"),
        ("raw", {"prompts": ["x"], "layers": []}, 400, "layers"),
        ("raw", {"prompts": ["x"], "hookPoint": "mlp"}, 400, "hook_point"),
        ("raw", {"prompts": ["x"], "type": "all"}, 400, "type"),
        ("raw", {"prompts": ["x"], "model": "x"}, 404, "model"),
    ],
)
async def test_what_cannot_be_right_is_named(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    answer = await http.post(f"/v1/activation/{path}", json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
