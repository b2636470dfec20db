"""What tells two sets of texts apart is what an independent computation finds, in plain torch and plain numbers."""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import torch

from inference_worker.engine.contrast import farthest, separation
from tests.inference_worker import plain, serving, tiny
from tests.inference_worker.test_search import activations
from tests.inference_worker.tiny import MODEL

FIRST, SECOND = ["Hello wörld, twice!", "naïve art", "HELLO"], ["of 1648", "def f(x):"]
BODY: dict[str, Any] = {"model": MODEL, "sourceSet": "res", "first": FIRST, "second": SECOND}
SOURCES = ["0-res", "1-res", "2-res"]
MEASURES = ["peak", "mean", "share"]


@pytest.fixture
async def http(tiny_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with tiny.client(tiny_url) as made:
        yield made


async def contrast(http: httpx.AsyncClient, **change: Any) -> dict[str, Any]:
    answer = await http.post("/v1/activation/contrast", json={**BODY, **change})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def value(column: list[float], n_counted: int, measure: str) -> float:
    """One feature's activations on a text as one number."""
    if measure == "peak":
        return max(column)
    return sum(column if measure == "mean" else (one > 0 for one in column)) / n_counted


def by_hand(source: str, measure: str) -> dict[int, tuple[float, float, float, float]]:
    """Separation, both means and the spread of every feature of a source, feature by feature in plain Python."""
    texts = [activations(source, text) for text in FIRST + SECOND]
    counted = [len(one) - 1 for one in texts] if source != "1-res" else [int(n) for n in sunk(texts)]
    table = [
        [value(column, n, measure) for column in one.T.tolist()] for one, n in zip(texts, counted, strict=True)
    ]  # [text][feature]
    typical = statistics.fmean(one for row in table for one in row if one > 0)
    found = {}
    for index in range(len(table[0])):
        a, b = [row[index] for row in table[:3]], [row[index] for row in table[3:]]
        spread = ((2 * statistics.variance(a) + statistics.variance(b)) / 3) ** 0.5
        gap = statistics.fmean(a) - statistics.fmean(b)
        found[index] = (gap / (spread + typical), statistics.fmean(a), statistics.fmean(b), spread)
    return found


def sunk(texts: list[torch.Tensor]) -> list[int]:
    """Tokens that count for the SAE with a `sink_norm`: not BOS, and not those with a long residual."""
    short = [
        sum(torch.linalg.vector_norm(tiny.residual(tiny.ids(text), 1), dim=-1)[1:] <= tiny.SAES["1-res"]["sink_norm"])
        for text in FIRST + SECOND
    ]
    assert [len(one) - 1 for one in texts] != short, "some token is a sink"
    return [int(one) for one in short]


@pytest.mark.parametrize("measure", MEASURES)
async def test_both_sides_are_those_of_a_computation_by_hand(http: httpx.AsyncClient, measure: str) -> None:
    answer = await contrast(http, measure=measure, numResults=12)
    expected = {(source, index): one for source in SOURCES for index, one in by_hand(source, measure).items()}
    order = sorted(expected.items(), key=lambda item: -item[1][0])
    for side, best in (("first", order[:12]), ("second", order[::-1][:12])):
        assert [one["separation"] for one in answer[side]] == pytest.approx([row[0] for _, row in best], abs=1e-5)
        for one in answer[side]:
            row = expected[one["source"], one["index"]]
            assert (one["separation"], one["firstMean"], one["secondMean"], one["spread"]) == pytest.approx(
                row, abs=1e-5
            )
    assert answer["sources"] == SOURCES
    assert set(answer["typical"]) == set(SOURCES)


async def test_values_and_activations_are_those_of_each_text(http: httpx.AsyncClient) -> None:
    answer = await contrast(http, numResults=5)
    assert ["".join(text["tokens"]) for text in answer["firstTexts"]] == [tiny.BOS + text for text in FIRST]
    assert all(text["tokensIsSpecial"][0] and text["prependBos"] for text in answer["secondTexts"])
    for one in answer["first"] + answer["second"]:
        for text, on in zip(FIRST + SECOND, one["onFirst"] + one["onSecond"], strict=True):
            expected = activations(one["source"], text)[:, one["index"]]
            dense = torch.zeros_like(expected)
            for place, activation in on["active"]:
                assert place > 0, "BOS does not count"
                dense[place] = activation
            torch.testing.assert_close(dense, expected, atol=1e-5, rtol=1e-5)
            assert on["value"] == pytest.approx(expected.max().item(), abs=1e-5)


async def test_sides_changed_over_are_the_same_the_other_way_round(http: httpx.AsyncClient) -> None:
    one = await contrast(http, measure="mean")
    other = await contrast(http, measure="mean", first=SECOND, second=FIRST)
    assert [(f["source"], f["index"]) for f in one["first"]] == [(f["source"], f["index"]) for f in other["second"]]
    assert [f["separation"] for f in one["second"]] == pytest.approx([-f["separation"] for f in other["first"]])


async def test_the_same_texts_on_both_sides_are_told_apart_by_nothing(http: httpx.AsyncClient) -> None:
    answer = await contrast(http, first=FIRST, second=FIRST)
    assert answer["first"] == answer["second"] == []


async def test_one_text_a_side_is_ranked_by_the_difference(http: httpx.AsyncClient) -> None:
    answer = await contrast(http, first=FIRST[:1], second=SECOND[:1], selectedSources=["0-res"])
    for one in answer["first"] + answer["second"]:
        assert one["spread"] == 0
        gap = one["firstMean"] - one["secondMean"]
        assert one["separation"] == pytest.approx(gap / answer["typical"]["0-res"])


async def test_left_out_before_the_cut_without_changing_the_rest(http: httpx.AsyncClient) -> None:
    everything = (await contrast(http, numResults=16, selectedSources=["2-res"]))["first"]
    exclude = {"2-res": [one["index"] for one in everything[:4]]}
    rest = await contrast(http, numResults=6, selectedSources=["2-res"], exclude=exclude)
    assert rest["first"] == everything[4:10]
    assert rest["sources"] == ["2-res"]
    assert (await contrast(http, numResults=0))["first"] == []


async def test_a_text_without_bos(http: httpx.AsyncClient) -> None:
    answer = await contrast(http, prependBos=False)
    assert not any(text["prependBos"] for text in answer["firstTexts"])
    assert answer["firstTexts"][0]["tokens"][0] == "H"


def test_nothing_active_has_no_separation() -> None:
    apart = separation(torch.zeros(2, 3), torch.zeros(1, 3))
    assert apart.score.tolist() == [0, 0, 0]
    assert farthest(apart.score, 3).tolist() == []
    assert farthest(torch.tensor([1.0, 2.0, -1.0, 2.0]), 3).tolist() == [1, 3, 0]


BAD = [
    ({"model": "x"}, 404, "model"),
    ({"sourceSet": "none"}, 404, "source_set"),
    ({"selectedSources": ["0-res", "1-att"]}, 404, "selected_sources.1"),
    ({"first": []}, 400, "first"),
    ({"second": ["of"] * 9}, 400, "second"),
    ({"second": ["of", ""]}, 400, "second.1"),
    ({"first": ["x" * 48]}, 400, "first.0"),
    ({"measure": "median"}, 400, "measure"),
    ({"numResults": 101}, 400, "num_results"),
    ({"numResults": -1}, 400, "num_results"),
    ({"exclude": {"0-res": [40]}}, 400, "exclude"),
    ({"exclude": {"1-att": [1]}}, 404, "exclude"),
]


@pytest.mark.parametrize(("change", "status", "field"), BAD)
async def test_what_cannot_be_right_is_named(
    http: httpx.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    answer = await http.post("/v1/activation/contrast", json={**BODY, **change})
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text


FRENCH = [
    "Le traité fut signé à Paris et la guerre était enfin terminée.",
    "Je ne sais pas ce que vous voulez dire, mais il fait très beau aujourd'hui.",
    "Les enfants jouent dans le jardin pendant que leur mère prépare le dîner.",
]
ENGLISH = [
    "The treaty was signed in Paris and the war was over at last.",
    "I do not know what you mean, but the weather is very fine today.",
    "The children play in the garden while their mother prepares the dinner.",
]


async def test_french_and_english_as_plain_torch_tells_them_apart(worker_url: str) -> None:
    body = {
        "model": serving.MODEL,
        "sourceSet": "res-4k",
        "selectedSources": [serving.SOURCE],
        "first": FRENCH,
        "second": ENGLISH,
        "measure": "mean",
        "numResults": 10,
    }
    async with tiny.client(worker_url) as http:
        answer = (await http.post("/v1/activation/contrast", json=body)).json()
    score = plain_separation()
    for side, order in (("first", score.argsort(descending=True)), ("second", score.argsort())):
        assert {one["index"] for one in answer[side]} == set(order[:10].tolist())
        for one in answer[side]:
            assert one["separation"] == pytest.approx(score[one["index"]].item(), rel=1e-3)
    best = answer["first"][0]
    assert min(on["value"] for on in best["onFirst"]) > max(on["value"] for on in best["onSecond"])


@torch.inference_mode()
def plain_separation() -> torch.Tensor:
    """Separation by mean activation of every feature, `[d_sae]`: Hugging Face's states through SAELens's encode."""
    sae = plain.saelens()
    rows = []
    for text in FRENCH + ENGLISH:
        ids = plain.tokenizer()(text, add_special_tokens=False)["input_ids"]
        states = plain.residual([plain.tokenizer().bos_token_id, *ids])
        sink = serving.sae().sink_norm or float("inf")
        rows.append(sae.encode(states)[1:][states[1:].norm(dim=-1) <= sink].mean(0))
    table = torch.stack(rows)
    first, second = table[:3], table[3:]
    pooled = ((first.var(0) + second.var(0)) / 2).sqrt()
    return (first.mean(0) - second.mean(0)) / (pooled + table[table > 0].mean())
