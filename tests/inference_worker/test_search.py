"""Search by text finds what a look at every activation finds, whatever part of the text is held at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import torch

from inference_worker.engine import search
from inference_worker.engine.encode import encode
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.together import result_of
from inference_worker.requests.texts import read, tokens_of
from tests.inference_worker import serving, tiny
from tests.inference_worker.tiny import MODEL

TEXT = "Hello wörld, twice!"
ALL = {"model": MODEL, "sourceSet": "res", "prompt": TEXT}
TOPK = {"model": MODEL, "source": "1-res", "prompt": TEXT}
SOURCES = ["0-res", "1-res", "2-res"]


@pytest.fixture
async def http(tiny_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with tiny.client(tiny_url) as made:
        yield made


async def post(http: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await http.post(f"/v1/activation/{path}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def activations(source: str, text: str = TEXT) -> torch.Tensor:
    """Every activation of a source, `[pos, feature]`, by the engine's encode, which has tests of its own."""
    engine = tiny.engine()
    loaded = engine.saes.get(source)
    (one,) = result_of(read(engine, [tokens_of(engine, text, None)], [loaded.hook_name]))
    return encode(one.captured[loaded.hook_name], one.ids, loaded, engine.model.special_ids)


def ranked(sources: list[str], at: list[int] | None = None, text: str = TEXT) -> list[tuple[float, str, int]]:
    """Every active feature, by key."""
    rows = []
    for source in sources:
        acts = activations(source, text)
        keys = acts[at].sum(0) if at else acts.amax(0)
        rows += [(key, source, index) for index, key in enumerate(keys.tolist()) if key > 0]
    return sorted(rows, key=lambda row: -row[0])


def features(answer: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["source"], one["index"]) for one in answer["activations"]]


async def test_the_strongest_over_all_sources_of_a_set(http: httpx.AsyncClient) -> None:
    answer = await post(http, "all", **ALL)
    assert features(answer) == [(source, index) for _, source, index in ranked(SOURCES)[:25]]
    assert answer["sources"] == SOURCES
    assert "".join(answer["tokens"]) == tiny.BOS + TEXT
    for found in answer["activations"]:
        values = found["values"]
        expected = activations(found["source"])[:, found["index"]]
        torch.testing.assert_close(torch.tensor(values), expected, atol=1e-5, rtol=1e-5)
        assert found["maxValue"] == max(values) == values[found["maxValueIndex"]]
        assert found["sumValues"] == 0
        assert values[0] == 0, "BOS does not count"


async def test_sorted_by_tokens(http: httpx.AsyncClient) -> None:
    answer = await post(http, "all", **ALL, sortByTokenIndexes=[12, 3, 3])
    expected = ranked(SOURCES, [3, 12])[:25]
    assert [one["sumValues"] for one in answer["activations"]] == pytest.approx([key for key, _, _ in expected])
    assert features(answer) == [(source, index) for _, source, index in expected]
    for found in answer["activations"]:
        assert found["sumValues"] == pytest.approx(found["values"][3] + found["values"][12])


@pytest.mark.parametrize("count", [0, 1, 7, 1000])
async def test_as_many_as_asked_for_and_none_that_are_silent(http: httpx.AsyncClient, count: int) -> None:
    answer = await post(http, "all", **ALL, numResults=count)
    assert features(answer) == [(source, index) for _, source, index in ranked(SOURCES)[:count]]


async def test_chosen_sources_and_left_out_features(http: httpx.AsyncClient) -> None:
    chosen = ["2-res", "0-res"]
    everything = ranked(chosen)
    exclude: dict[str, list[int]] = {"0-res": [], "2-res": []}
    for _, source, index in everything[:10]:
        exclude[source].append(index)
    answer = await post(http, "all", **ALL, selectedSources=chosen, exclude=exclude, numResults=10)
    assert features(answer) == [(source, index) for _, source, index in everything[10:20]], "cut after leaving out"
    assert answer["sources"] == chosen


async def test_published_clients_ignore_bos_either_way(http: httpx.AsyncClient) -> None:
    assert await post(http, "all", **ALL, ignoreBos=False) == await post(http, "all", **ALL, ignoreBos=True)


async def test_a_batch_is_its_single_searches(http: httpx.AsyncClient) -> None:
    prompts = [TEXT, "of", "naïve 👍🏽 art"]
    body = {"model": MODEL, "sourceSet": "res"}
    together = (await post(http, "all-batch", **body, prompts=prompts))["results"]
    for prompt, found in zip(prompts, together, strict=True):
        alone = await post(http, "all", **body, prompt=prompt)
        assert features(found) == features(alone)
        assert found["tokens"] == alone["tokens"]
        for one, other in zip(found["activations"], alone["activations"], strict=True):
            assert one["values"] == pytest.approx(other["values"], abs=1e-4)


async def test_attribution_comes_with_sources_of_heads(http: httpx.AsyncClient) -> None:
    answer = await post(http, "all", **{**ALL, "sourceSet": "att"})
    assert answer["activations"]
    for found in answer["activations"][:3]:
        single = await post(http, "single", model=MODEL, source="1-att", index=found["index"], prompt=TEXT)
        assert found["dfaValues"] == pytest.approx(single["activation"]["dfaValues"], abs=1e-4)
        assert found["dfaTargetIndex"] == single["activation"]["dfaTargetIndex"]


async def test_every_active_feature_of_a_source(http: httpx.AsyncClient) -> None:
    prompts = [TEXT, "of"]
    results = (await post(http, "source", model=MODEL, source="1-res", prompts=prompts))["results"]
    for prompt, found in zip(prompts, results, strict=True):
        dense = torch.zeros(len(found["tokens"]), 48)
        for index, places in found["activeFeatures"].items():
            for place, value in places:
                dense[place, int(index)] = value
        torch.testing.assert_close(dense, activations("1-res", prompt), atol=1e-5, rtol=1e-5)


async def test_the_strongest_at_each_token(http: httpx.AsyncClient) -> None:
    answer = await post(http, "topk-by-token", **TOPK, topK=4, ignoreBos=False)
    acts = activations("1-res")
    assert [one["token"] for one in answer["results"]] == answer["tokens"]
    for place, found in enumerate(answer["results"]):
        assert found["tokenPosition"] == place
        values = [one["activationValue"] for one in found["topFeatures"]]
        expected = acts[place].topk(4).values
        assert values == pytest.approx(expected[expected > 0].tolist(), abs=1e-5)
        assert [acts[place, one["featureIndex"]].item() for one in found["topFeatures"]] == pytest.approx(values)
        assert not (found["isSpecial"] and found["topFeatures"])
    assert answer["results"][0]["isSpecial"]


async def test_by_token_leaves_bos_out_and_keeps_positions(http: httpx.AsyncClient) -> None:
    results = (await post(http, "topk-by-token", **TOPK))["results"]
    assert [one["tokenPosition"] for one in results] == list(range(1, len(tiny.ids(TEXT))))
    assert max(len(one["topFeatures"]) for one in results) == 5
    without = (await post(http, "topk-by-token", **TOPK, prependBos=False))["results"]
    assert without[0]["tokenPosition"] == 0, "no BOS was added that could be left out"


async def test_left_out_by_token(http: httpx.AsyncClient) -> None:
    first = (await post(http, "topk-by-token", **TOPK, topK=1))["results"]
    strongest = sorted({one["topFeatures"][0]["featureIndex"] for one in first if one["topFeatures"]})
    rest = (await post(http, "topk-by-token", **TOPK, topK=48, exclude=strongest))["results"]
    shown = {feature["featureIndex"] for one in rest for feature in one["topFeatures"]}
    assert shown
    assert shown.isdisjoint(strongest)


async def test_by_token_in_a_batch(http: httpx.AsyncClient) -> None:
    prompts = [TEXT, "of"]
    together = await post(http, "topk-by-token-batch", model=MODEL, source="1-res", prompts=prompts)
    for prompt, found in zip(prompts, together["results"], strict=True):
        alone = await post(http, "topk-by-token", **{**TOPK, "prompt": prompt})
        assert [one["tokenPosition"] for one in found["results"]] == [
            one["tokenPosition"] for one in alone["results"]
        ]
        for one, other in zip(found["results"], alone["results"], strict=True):
            assert [f["featureIndex"] for f in one["topFeatures"]] == [
                f["featureIndex"] for f in other["topFeatures"]
            ]


def found(text: search.Text, loaded: LoadedSae, at: list[int]) -> tuple[search.Strongest, torch.Tensor, torch.Tensor]:
    best = result_of(search.strongest(text, loaded, 12, at=at))
    return best, *result_of(search.strongest_by_token(text, loaded, 3))


@pytest.mark.parametrize("source", ["0-res", "1-tmp"])
@pytest.mark.parametrize("at", [[], [2, 17]])
def test_parts_of_a_text_are_the_whole(source: str, at: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    engine = tiny.engine()
    loaded = engine.saes.get(source)
    (read_text,) = result_of(read(engine, [tokens_of(engine, TEXT, None)], [loaded.hook_name]))
    text = read_text.at(loaded.hook_name)
    whole = (
        result_of(search.strongest(text, loaded, 12, at=at)),
        *result_of(search.strongest_by_token(text, loaded, 3)),
    )
    active = result_of(search.active(text, loaded))
    monkeypatch.setattr(search, "PART_BYTES", 4 * loaded.d_sae * 6)
    parts = (
        result_of(search.strongest(text, loaded, 12, at=at)),
        *result_of(search.strongest_by_token(text, loaded, 3)),
    )
    assert torch.equal(parts[0].indices, whole[0].indices)
    torch.testing.assert_close(parts[0].values, whole[0].values)
    torch.testing.assert_close(parts[0].keys, whole[0].keys)
    torch.testing.assert_close(parts[2], whole[2])
    for one, other in zip(result_of(search.active(text, loaded)), active, strict=True):
        torch.testing.assert_close(one, other)


def test_equal_keys_keep_their_order() -> None:
    def found(source: int, keys: list[float]) -> search.Strongest:
        count = len(keys)
        return search.Strongest(
            torch.full((count,), source), torch.arange(count), torch.tensor(keys), torch.zeros(2, count)
        )

    merged = found(0, [3.0, 2.0, 1.0]).merged(found(1, [3.0, 2.0]), 4)
    assert list(zip(merged.sources.tolist(), merged.indices.tolist(), strict=True)) == [
        (0, 0),
        (1, 0),
        (0, 1),
        (1, 1),
    ]
    assert merged.values.shape == (2, 4)


BAD = [
    ("all", {"model": "x"}, 404, "model"),
    ("all", {"sourceSet": "none"}, 404, "source_set"),
    ("all", {"selectedSources": ["0-res", "1-att"]}, 404, "selected_sources.1"),
    ("all", {"prompt": ""}, 400, "prompt"),
    ("all", {"prompt": "x" * 48}, 400, "prompt"),
    ("all", {"sortByTokenIndexes": [3, 21]}, 400, "sort_by_token_indexes.1"),
    ("all", {"sortByTokenIndexes": [-1]}, 400, "sort_by_token_indexes.0"),
    ("all", {"sortByTokenIndexes": [10**18]}, 400, "sort_by_token_indexes.0"),
    ("all", {"numResults": -1}, 400, "num_results"),
    ("all", {"numResults": 1001}, 400, "num_results"),
    ("all", {"numResults": 10**18}, 400, "num_results"),
    ("all", {"numResults": 2.5}, 400, "num_results"),
    ("all", {"exclude": {"0-res": [40]}}, 400, "exclude"),
    ("all", {"exclude": {"0-res": [-1]}}, 400, "exclude"),
    ("all", {"exclude": {"1-att": [1]}}, 404, "exclude"),
    ("topk-by-token", {"source": "9-res"}, 404, "source"),
    ("topk-by-token", {"topK": 0}, 400, "top_k"),
    ("topk-by-token", {"topK": -1}, 400, "top_k"),
    ("topk-by-token", {"topK": 1001}, 400, "top_k"),
    ("topk-by-token", {"exclude": [48]}, 400, "exclude"),
    ("topk-by-token", {"prompt": ""}, 400, "prompt"),
    ("source", {"source": "9-res"}, 404, "source"),
]


@pytest.mark.parametrize(("path", "change", "status", "field"), BAD)
async def test_what_cannot_be_right_is_named(
    http: httpx.AsyncClient, path: str, change: dict[str, Any], status: int, field: str
) -> None:
    base: dict[str, Any] = {"all": ALL, "topk-by-token": TOPK}.get(path, {"model": MODEL, "prompts": [TEXT]})
    answer = await http.post(f"/v1/activation/{path}", json={**base, **change})
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text


async def test_the_demos_three_layers_in_one_search(worker_url: str) -> None:
    sources = serving.engine().saes.sources()
    async with tiny.client(worker_url) as http:
        body = {
            "model": serving.MODEL,
            "sourceSet": "res-4k",
            "prompt": "According to the treaty of 1648",
            "num_results": 9,
        }
        answer = await post(http, "all", **body)
        assert answer["sources"] == sources
        assert len(answer["activations"]) == 9
        for found in answer["activations"]:
            feature = {"model": serving.MODEL, "source": found["source"], "index": found["index"]}
            single = await post(http, "single", **feature, prompt=body["prompt"])
            assert found["values"] == pytest.approx(single["activation"]["values"], rel=1e-4, abs=1e-3)
