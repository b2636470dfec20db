"""Best matches of two SAEs' features: the same as comparing all pairs at once, in both directions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import torch
from torch.nn.functional import normalize

from inference_worker.engine import matching
from inference_worker.engine.errors import BadInput
from inference_worker.engine.together import result_of
from tests.inference_worker import tiny
from tests.inference_worker.tiny import MODEL

PATH = "/v1/util/sae-decoder-match"


@pytest.fixture
async def http(tiny_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with tiny.client(tiny_url) as made:
        yield made


def all_pairs() -> torch.Tensor:
    first, second = (normalize(tiny.saelens(source).W_dec, dim=1) for source in ("0-res", "1-res"))
    return first @ second.T


async def test_each_feature_has_its_best_match_both_ways(http: httpx.AsyncClient) -> None:
    answer = (await http.post(PATH, json={"model": MODEL, "source": "0-res", "target": "1-res"})).json()
    cosines = all_pairs()
    assert answer["indices"] == cosines.argmax(1).tolist()
    assert answer["targetIndices"] == cosines.argmax(0).tolist()
    assert answer["cosines"] == pytest.approx(cosines.amax(1).tolist(), abs=1e-5)
    assert answer["targetCosines"] == pytest.approx(cosines.amax(0).tolist(), abs=1e-5)
    assert answer["features"] is None


async def test_a_source_matches_itself(http: httpx.AsyncClient) -> None:
    answer = (await http.post(PATH, json={"model": MODEL, "source": "0-res", "target": "0-res"})).json()
    assert answer["indices"] == list(range(len(answer["indices"])))
    assert min(answer["cosines"]) > 0.9999


async def test_chosen_features_alone(http: httpx.AsyncClient) -> None:
    body = {"model": MODEL, "source": "0-res", "target": "1-res", "features": [7, 3]}
    answer = (await http.post(PATH, json=body)).json()
    cosines = all_pairs()[[7, 3]]
    assert (answer["features"], answer["indices"]) == ([7, 3], cosines.argmax(1).tolist())
    assert answer["targetIndices"] == [(7, 3)[row] for row in cosines.argmax(0).tolist()]


def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (tiny.engine().saes.get(source) for source in ("0-res", "1-res"))
    whole = result_of(matching.best_matches(first, second))
    monkeypatch.setattr(matching, "ROWS", 3)
    monkeypatch.setattr(matching, "CHUNK", 5)
    parts = result_of(matching.best_matches(first, second))
    for one, other in zip(whole, parts, strict=True):
        assert torch.equal(one.indices, other.indices)
        assert torch.allclose(one.cosines, other.cosines, atol=1e-6)


def test_too_much_is_refused_with_what_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (tiny.engine().saes.get(source) for source in ("0-res", "1-res"))
    monkeypatch.setattr(matching, "MOST", 2.0 * second.d_sae * second.d_in)
    with pytest.raises(BadInput, match="at most 2") as caught:
        result_of(matching.best_matches(first, second))
    assert caught.value.field == "features"


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"target": "9-none"}, 404, "target"),
        ({"source": "9-none"}, 404, "source"),
        ({"features": [99_999]}, 404, "index"),
        ({"features": []}, 400, "features"),
        ({"target": "1-att"}, 400, "target"),
    ],
)
async def test_what_cannot_be_compared(
    http: httpx.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await http.post(PATH, json={"model": MODEL, "source": "0-res", "target": "1-res", **change})
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
