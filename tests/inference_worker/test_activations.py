"""One feature, or a direction of the caller, on texts: two models, beside plain Hugging Face and SAELens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import torch

from inference_worker.engine.attention import attribution
from inference_worker.engine.saes import LoadedSae
from tests.inference_worker import serving, tiny
from tests.inference_worker.tiny import MODEL

TEXT = "Hello wörld, twice!"
FEATURE = {"model": MODEL, "source": "0-res", "index": 7}
DIRECTION = {"model": MODEL, "vector": [0.5] * tiny.D_MODEL, "hook": "blocks.0.hook_resid_post"}


@pytest.fixture
async def http(tiny_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with tiny.client(tiny_url) as made:
        yield made


async def single(http: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post("/v1/activation/single", json={"prompt": TEXT, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("source", ["0-res", "1-res", "2-res"])
async def test_the_second_models_numbers_are_saelens_on_hugging_face(http: httpx.AsyncClient, source: str) -> None:
    ids = tiny.ids(TEXT)
    residual = tiny.residual(ids, int(source[0]))
    expected = tiny.saelens(source).encode(residual)
    counts = torch.tensor(ids) != 0
    if source == "1-res":
        counts &= residual.norm(dim=-1) <= 6.5
        assert 0 < int(counts.sum()) < len(ids) - 1
    for index in expected[counts].amax(0).topk(3).indices.tolist():
        found = await single(http, {**FEATURE, "source": source, "index": index})
        torch.testing.assert_close(
            torch.tensor(found["activation"]["values"]), expected[:, index] * counts, atol=1e-4, rtol=1e-4
        )
        assert found["tokenIds"] == ids
        assert "".join(found["tokens"]) == tiny.BOS + TEXT
        assert found["tokensIsSpecial"] == (~counts).tolist()
        assert found["prependBos"] is True


async def test_a_bos_of_id_0_is_added_once(http: httpx.AsyncClient) -> None:
    added = await single(http, FEATURE)
    written = await single(http, {**FEATURE, "prompt": tiny.BOS + TEXT})
    assert (added["tokenIds"], added["prependBos"], written["prependBos"]) == (written["tokenIds"], True, False)
    assert added["activation"] == written["activation"]


async def test_a_direction_is_a_dot_product_with_bos_as_for_features(http: httpx.AsyncClient) -> None:
    found = await single(http, DIRECTION)
    ids = tiny.ids(TEXT)
    expected = tiny.residual(ids, 0) @ torch.full((tiny.D_MODEL,), 0.5)
    expected[0] = 0
    torch.testing.assert_close(torch.tensor(found["activation"]["values"]), expected, atol=1e-4, rtol=1e-4)
    assert (found["tokenIds"], found["prependBos"], found["tokensIsSpecial"][0]) == (ids, True, True)
    assert found["activation"]["minValue"] == min(found["activation"]["values"]) < 0
    assert found["hookName"] == DIRECTION["hook"]


async def test_an_encoder_column_as_a_direction_is_its_feature(http: httpx.AsyncClient) -> None:
    """A standard SAE's activation is `relu(residual @ column + constant)`."""
    vector = (await http.post("/v1/util/sae-vector", json={**FEATURE, "which": "encoder"})).json()
    of_feature = (await single(http, FEATURE))["activation"]["values"]
    direction = {"model": MODEL, "vector": vector["vector"], "hook": vector["hookName"]}
    of_direction = (await single(http, direction))["activation"]["values"]
    sae = tiny.saelens("0-res")
    constant = float(sae.b_enc[7] - sae.b_dec @ sae.W_enc[:, 7])
    assert of_feature[1:] == pytest.approx([max(value + constant, 0) for value in of_direction[1:]], abs=1e-4)


async def test_a_direction_in_heads(http: httpx.AsyncClient) -> None:
    found = await single(http, {**DIRECTION, "hook": "blocks.1.attn.hook_z"})
    assert len(found["activation"]["values"]) == len(tiny.ids(TEXT))


async def test_attribution_says_which_tokens_gave_the_activation(http: httpx.AsyncClient) -> None:
    ids = torch.tensor([tiny.ids(TEXT)])
    heads = tiny.engine().model.capture(ids, ["blocks.1.attn.hook_z"])["blocks.1.attn.hook_z"][0].flatten(1)
    sae = tiny.saelens("1-att")
    index = int(sae.encode(heads[:, None])[1:].amax(0).argmax())
    found = (await single(http, {**FEATURE, "source": "1-att", "index": index}))["activation"]
    given, target = found["dfaValues"], found["dfaTargetIndex"]
    assert target == found["maxValueIndex"]
    assert given[target + 1 :] == pytest.approx([0] * (ids.shape[1] - target - 1)), "nothing comes from later tokens"
    assert sum(given) == pytest.approx(float(heads[target] @ sae.W_enc[:, index]), abs=1e-4)
    assert sum(given) - float(sae.b_dec @ sae.W_enc[:, index]) + float(sae.b_enc[index]) == pytest.approx(
        found["maxValue"], abs=1e-4
    )
    assert found["dfaMaxValue"] == max(given)


async def test_features_of_other_hook_points_have_no_attribution(http: httpx.AsyncClient) -> None:
    assert (await single(http, FEATURE))["activation"]["dfaValues"] is None


@pytest.mark.parametrize(
    "target", [FEATURE, {**FEATURE, "source": "1-att"}, {**FEATURE, "source": "1-tmp"}, DIRECTION]
)
async def test_a_batch_is_its_single_texts(http: httpx.AsyncClient, target: dict[str, Any]) -> None:
    prompts = [TEXT, "of", "naïve 👍🏽 artifacts", TEXT]
    answer = await http.post("/v1/activation/single-batch", json={**target, "prompts": prompts})
    results = answer.json()["results"]
    for prompt, found in zip(prompts, results, strict=True):
        alone = await single(http, {**target, "prompt": prompt})
        assert found["activation"]["values"] == pytest.approx(alone["activation"]["values"], abs=1e-4)
        assert {k: v for k, v in found.items() if k != "activation"} == {
            k: v for k, v in alone.items() if k != "activation"
        }


async def test_grouped_heads_are_attributed_too() -> None:
    """The demo model has nine heads over three of values: what they gave sums to what the heads wrote."""
    model = serving.language_model()
    ids = torch.tensor([model.tokenizer.tokenize("The treaty of 1648").ids])
    names = [f"blocks.4.attn.hook_{part}" for part in ("v", "pattern", "z")]
    values, pattern, written = (found[0] for found in model.capture(ids, names).values())
    torch.manual_seed(0)

    class Sae:
        W_enc = torch.randn(576, 5)

    loaded = LoadedSae("4-a", Sae, names[2], names[2], 576, 5, None)
    targets = torch.tensor([3, 4, 2, 5, 1])
    given = attribution(values, pattern, loaded, torch.arange(5), targets)
    expected = (written.flatten(1)[targets] * Sae.W_enc.T).sum(1)
    torch.testing.assert_close(given.sum(1), expected, atol=1e-3, rtol=1e-3)


BAD = [
    ({"model": "gpt2"}, 404, "model"),
    ({"source": "9-res"}, 404, "source"),
    ({"source": None}, 400, "source"),
    ({"index": None}, 400, "index"),
    ({"index": 40}, 404, "index"),
    ({"index": -1}, 404, "index"),
    ({"index": 10**18}, 404, "index"),
    ({"index": "9" * 5000}, 400, "index"),
    ({"index": "seven"}, 400, "index"),
    ({"prompt": ""}, 400, "prompt"),
    ({"prompt": "x" * 48}, 400, "prompt"),
    ({"prompt": None}, 400, "prompt"),
    ({"tokens": [0, 300], "prompt": None}, 400, "tokens"),
    ({"vector": [1.0]}, 400, "source"),
    ({**DIRECTION, "source": None, "index": None, "vector": [1.0]}, 400, "vector"),
    ({**DIRECTION, "source": None, "index": None, "vector": []}, 400, "vector"),
    ({**DIRECTION, "source": None, "index": None, "vector": None}, 400, "vector"),
    ({**DIRECTION, "source": None, "index": None, "vector": [1e308] * 32}, 400, "vector"),
    ({**DIRECTION, "source": None, "index": None, "hook": None}, 400, "hook"),
    ({**DIRECTION, "source": None, "index": None, "hook": "blocks.3.hook_resid_post"}, 404, "hook"),
    ({**DIRECTION, "source": None, "index": None, "hook": "blocks.1.attn.hook_pattern"}, 404, "hook"),
    ({**DIRECTION, "source": None, "index": None, "hook": "hook_embed.__class__"}, 404, "hook"),
]


@pytest.mark.parametrize(("change", "status", "field"), BAD)
async def test_what_cannot_be_right_is_named(
    http: httpx.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await http.post("/v1/activation/single", json={"prompt": TEXT, **FEATURE, **change})
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text


async def test_numbers_that_are_none_are_named(http: httpx.AsyncClient) -> None:
    body = json.dumps({**DIRECTION, "prompt": TEXT, "vector": [0.5, float("nan")]})
    answer = await http.post("/v1/activation/single", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["field"]) == (400, "vector.1")


@pytest.mark.parametrize(
    ("prompts", "field"),
    [
        ([], "prompts"),
        ([TEXT] * 5, "prompts"),
        ([TEXT, "", TEXT], "prompts.1"),
        ([TEXT, TEXT, "x" * 48], "prompts.2"),
        ([TEXT, 5], "prompts.1"),
    ],
)
@pytest.mark.parametrize("path", ["single-batch", "all-batch", "source", "topk-by-token-batch"])
async def test_the_text_at_fault_is_named(http: httpx.AsyncClient, path: str, prompts: list[Any], field: str) -> None:
    rest = {"all-batch": {"sourceSet": "res"}, "single-batch": {"index": 7}}.get(path, {})
    source = {} if path == "all-batch" else {"source": "0-res"}
    answer = await http.post(f"/v1/activation/{path}", json={"model": MODEL, "prompts": prompts, **rest, **source})
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text
