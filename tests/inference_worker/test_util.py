"""Directions over HTTP: which is which, how alike they are, and where a comparison has no meaning."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import torch
from torch.nn.functional import cosine_similarity, normalize

from tests.inference_worker import serving, tiny
from tests.inference_worker.tiny import MODEL

FEATURE = {"model": MODEL, "source": "0-res", "index": 7}
COSSIM = {"model": MODEL, "source": "1-res", "feature": FEATURE, "numResults": 10}
MATRIX = {"modelId": MODEL, "sourceId": "1-tmp", "text": "Hello wörld, twice!"}


@pytest.fixture
async def http(tiny_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with tiny.client(tiny_url) as made:
        yield made


async def post(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(f"/v1/util/{path}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_decoder_encoder_or_both(http: httpx.AsyncClient) -> None:
    sae = tiny.saelens("0-res")
    plain = await post(http, "sae-vector", FEATURE)
    encoder = await post(http, "sae-vector", {**FEATURE, "which": "encoder"})
    both = await post(http, "sae-vector", {**FEATURE, "which": "both"})
    assert (plain["which"], encoder["which"], both["which"]) == ("decoder", "encoder", "both")
    assert plain["vector"] == both["vector"] == pytest.approx(sae.W_dec[7].tolist())
    assert encoder["vector"] == both["encoderVector"] == pytest.approx(sae.W_enc[:, 7].tolist())
    assert (plain["norm"], encoder["norm"]) == pytest.approx(
        (float(sae.W_dec[7].norm()), float(sae.W_enc[:, 7].norm()))
    )
    assert both["encoderNorm"] == encoder["norm"]
    assert plain["hookName"] == both["encoderHookName"] == "blocks.0.hook_resid_post"


async def test_tied_weights_read_what_they_write(http: httpx.AsyncClient) -> None:
    both = await post(http, "sae-vector", {**FEATURE, "source": "1-tmp", "which": "both"})
    assert both["vector"] == both["encoderVector"]


async def test_a_feature_of_another_source_is_compared_by_its_own_row(http: httpx.AsyncClient) -> None:
    answer = await post(http, "sae-topk-by-decoder-cossim", COSSIM)
    row, rows = tiny.saelens("0-res").W_dec[7], tiny.saelens("1-res").W_dec
    expected = cosine_similarity(row[None], rows).sort(descending=True)
    found = answer["topkDecoderCossimFeatures"]
    assert [one["feature"]["index"] for one in found] == expected.indices[:10].tolist()
    assert [one["cosineSimilarity"] for one in found] == pytest.approx(expected.values[:10].tolist(), abs=1e-5)
    assert {one["feature"]["source"] for one in found} == {"1-res"}
    assert answer["feature"] == FEATURE
    assert found[0]["cosineSimilarity"] < 0.99, "not itself"


async def test_a_feature_is_its_own_best_match(http: httpx.AsyncClient) -> None:
    answer = await post(http, "sae-topk-by-decoder-cossim", {**COSSIM, "source": "0-res"})
    first = answer["topkDecoderCossimFeatures"][0]
    assert first["feature"] == FEATURE
    assert first["cosineSimilarity"] == pytest.approx(1, abs=1e-6)


async def test_a_vector_is_compared_as_the_feature_it_came_from(http: httpx.AsyncClient) -> None:
    row = [3 * value for value in tiny.saelens("0-res").W_dec[7].tolist()]
    body = {"model": MODEL, "source": "1-res", "vector": row, "numResults": 10}
    of_vector = await post(http, "sae-topk-by-decoder-cossim", body)
    of_feature = await post(http, "sae-topk-by-decoder-cossim", COSSIM)
    assert of_vector["feature"] is None
    for one, other in zip(
        of_vector["topkDecoderCossimFeatures"], of_feature["topkDecoderCossimFeatures"], strict=True
    ):
        assert one["feature"] == other["feature"]
        assert one["cosineSimilarity"] == pytest.approx(other["cosineSimilarity"], abs=1e-6)


async def test_no_more_than_there_are(http: httpx.AsyncClient) -> None:
    answer = await post(http, "sae-topk-by-decoder-cossim", {**COSSIM, "numResults": 1000})
    assert len(answer["topkDecoderCossimFeatures"]) == 48


async def test_the_demos_layers_share_the_residual_stream(worker_url: str) -> None:
    feature = {"model": serving.MODEL, "source": serving.SOURCE, "index": 5}
    async with tiny.client(worker_url) as http:
        for source in serving.engine().saes.sources():
            body = {"model": serving.MODEL, "source": source, "feature": feature, "numResults": 3}
            found = (await post(http, "sae-topk-by-decoder-cossim", body))["topkDecoderCossimFeatures"]
            rows = serving.engine().saes.get(source).sae.W_dec
            expected = cosine_similarity(serving.sae().sae.W_dec[5][None], rows).topk(3)
            assert [one["cosineSimilarity"] for one in found] == pytest.approx(expected.values.tolist(), abs=1e-5)
            assert found[0]["cosineSimilarity"] == pytest.approx(1, abs=1e-5) or source != serving.SOURCE


async def test_what_a_temporal_sae_predicts(http: httpx.AsyncClient) -> None:
    answer = await post(http, "similarity-matrix-pred", MATRIX)
    ids = tiny.ids(MATRIX["text"])
    with torch.inference_mode():
        predicted = tiny.saelens("1-tmp").encode_with_predictions(tiny.residual(ids, 1)[None])[1][0, 1:]
    codes = normalize(predicted - predicted.mean(0), dim=-1)
    torch.testing.assert_close(torch.tensor(answer["similarityMatrix"]), codes @ codes.T, atol=1e-4, rtol=1e-4)
    assert "".join(answer["tokens"]) == MATRIX["text"]
    assert [row[i] for i, row in enumerate(answer["similarityMatrix"])] == pytest.approx(
        [1] * (len(ids) - 1), abs=1e-4
    )


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("sae-vector", {**FEATURE, "index": 40}, 404, "index"),
        ("sae-vector", {**FEATURE, "index": 10**18}, 404, "index"),
        ("sae-vector", {**FEATURE, "index": -1}, 404, "index"),
        ("sae-vector", {**FEATURE, "which": "W_dec"}, 400, "which"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "model": "x"}, 404, "model"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "source": "x"}, 404, "source"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "feature": {**FEATURE, "model": "x"}}, 404, "feature.model"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "feature": {**FEATURE, "source": "x"}}, 404, "feature.source"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "feature": {**FEATURE, "index": 40}}, 404, "feature.index"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "feature": None}, 400, "feature"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "vector": [1.0] * 32}, 400, "feature"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "feature": None, "vector": [1.0]}, 400, "vector"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "feature": None, "vector": [0.0] * 32}, 400, "vector"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "feature": None, "vector": [1e308] * 32}, 400, "vector"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "source": "1-att"}, 400, "source"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "numResults": 0}, 400, "num_results"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "numResults": -1}, 400, "num_results"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "numResults": 1001}, 400, "num_results"),
        ("sae-topk-by-decoder-cossim", {**COSSIM, "numResults": 10**18}, 400, "num_results"),
        ("similarity-matrix-pred", {**MATRIX, "sourceId": "0-res"}, 422, "source_id"),
        ("similarity-matrix-pred", {**MATRIX, "sourceId": "9-res"}, 404, "source_id"),
        ("similarity-matrix-pred", {**MATRIX, "modelId": "x"}, 404, "model_id"),
        ("similarity-matrix-pred", {**MATRIX, "text": ""}, 400, "text"),
        ("similarity-matrix-pred", {**MATRIX, "text": "x" * 48}, 400, "text"),
        ("similarity-matrix-pred", {**MATRIX, "index": 64}, 404, "index"),
    ],
)
async def test_what_cannot_be_right_is_named(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    answer = await http.post(f"/v1/util/{path}", json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
