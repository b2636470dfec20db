"""The published package `neuronpedia-inference-client`, unmodified, on all of its operations against the worker.

It sends snake_case and reads snake_case: only its host is set, to the worker's address below `/snake`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neuronpedia_inference_client as published
import pytest
from neuronpedia_inference_client.exceptions import BadRequestException, NotFoundException, UnauthorizedException

from inference_worker.addresses import SNAKE
from tests.inference_worker.serving import MODEL, SECRET, SOURCE

TEXT = "According to the treaty of 1648"
INDEX = "4044"
"""Of a feature that is active on the text."""
SET = SOURCE.partition("-")[2]
FEATURE = published.NPSteerFeature(model=MODEL, source=SOURCE, index=100, strength=40)
STEER: dict[str, Any] = {
    "model": MODEL,
    "steer_method": published.NPSteerMethod.SIMPLE_ADDITIVE,
    "normalize_steering": False,
    "types": [published.NPSteerType.DEFAULT, published.NPSteerType.STEERED],
    "features": [FEATURE],
    "n_completion_tokens": 6,
    "temperature": 0,
    "strength_multiplier": 1,
    "freq_penalty": 0,
    "seed": 16,
    "n_logprobs": 2,
}
WHERE: dict[str, Any] = {"model": MODEL, "source": SOURCE}
SEARCH: dict[str, Any] = {
    "model": MODEL,
    "source_set": SET,
    "selected_sources": [SOURCE],
    "sort_by_token_indexes": [],
    "ignore_bos": True,
    "num_results": 7,
}
CHAT = [published.NPSteerChatMessage(role="user", content="Name a colour.")]
OPERATIONS = 12


@pytest.fixture
def api(worker_url: str) -> Iterator[published.DefaultApi]:
    with published.ApiClient(configuration(worker_url, SECRET)) as client:
        yield published.DefaultApi(client)


def configuration(worker_url: str, secret: str) -> published.Configuration:
    return published.Configuration(host=f"{worker_url}{SNAKE}/v1", api_key={"SimpleSecretAuth": secret})


def test_tokenize(api: published.DefaultApi) -> None:
    answer = api.tokenize_post(published.TokenizePostRequest(model=MODEL, text=TEXT, prepend_bos=True))
    assert answer.prepend_bos
    assert "".join(answer.token_strings[1:]) == TEXT
    assert len(answer.tokens) == len(answer.token_strings)


def test_activation_single(api: published.DefaultApi) -> None:
    request = published.ActivationSinglePostRequest(prompt=TEXT, index=INDEX, **WHERE)
    answer = api.activation_single_post(request)
    values = answer.activation.values
    assert len(values) == len(answer.tokens) == len(answer.tokens_is_special)
    assert answer.activation.max_value == max(values) == values[answer.activation.max_value_index]
    assert answer.activation.max_value > 0


def test_activation_of_a_vector(api: published.DefaultApi) -> None:
    found = api.util_sae_vector_post(published.UtilSaeVectorPostRequest(index=int(INDEX), **WHERE))
    request = published.ActivationSinglePostRequest(
        prompt=TEXT, model=MODEL, vector=found.vector, hook=f"blocks.{SOURCE.partition('-')[0]}.hook_resid_post"
    )
    answer = api.activation_single_post(request)
    assert len(answer.activation.values) == len(answer.tokens)
    assert answer.activation.max_value > 0


def test_activation_single_batch(api: published.DefaultApi) -> None:
    single = api.activation_single_post(published.ActivationSinglePostRequest(prompt=TEXT, index=INDEX, **WHERE))
    request = published.ActivationSingleBatchPostRequest(prompts=[TEXT, "Hello"], index=INDEX, **WHERE)
    results = api.activation_single_batch_post(request).results
    assert len(results) == 2
    assert results[0].tokens == single.tokens
    assert results[0].activation.values == pytest.approx(single.activation.values, abs=1e-3)


def test_activation_all(api: published.DefaultApi) -> None:
    answer = api.activation_all_post(published.ActivationAllPostRequest(prompt=TEXT, **SEARCH))
    assert len(answer.activations) == 7
    assert {one.source for one in answer.activations} == {SOURCE}
    peaks = [one.max_value for one in answer.activations]
    assert peaks == sorted(peaks, reverse=True)
    for one in answer.activations:
        assert len(one.values) == len(answer.tokens)
        assert one.values[int(one.max_value_index)] == one.max_value
    top = answer.activations[0]
    single = api.activation_single_post(
        published.ActivationSinglePostRequest(prompt=TEXT, index=str(top.index), **WHERE)
    )
    assert single.activation.max_value == pytest.approx(top.max_value, abs=1e-3)


def test_activation_all_batch(api: published.DefaultApi) -> None:
    request = published.ActivationAllBatchPostRequest(prompts=[TEXT, "Hello there"], **SEARCH)
    results = api.activation_all_batch_post(request).results
    single = api.activation_all_post(published.ActivationAllPostRequest(prompt=TEXT, **SEARCH))
    assert [one.index for one in results[0].activations] == [one.index for one in single.activations]
    assert len(results) == 2


def test_activation_source(api: published.DefaultApi) -> None:
    request = published.ActivationSourcePostRequest(prompts=[TEXT], **WHERE)
    result = api.activation_source_post(request).results[0]
    assert result.active_features
    for index, where in result.active_features.items():
        assert index.isdigit()
        assert all(position < len(result.tokens) and value > 0 for position, value in where)


def test_activation_topk_by_token(api: published.DefaultApi) -> None:
    request = published.ActivationTopkByTokenPostRequest(prompt=TEXT, top_k=3, ignore_bos=True, **WHERE)
    answer = api.activation_topk_by_token_post(request)
    assert answer.results
    for one in answer.results:
        assert answer.tokens[one.token_position] == one.token
        assert not one.is_special
        values = [feature.activation_value for feature in one.top_features]
        assert len(values) <= 3
        assert values == sorted(values, reverse=True)


def test_activation_topk_by_token_batch(api: published.DefaultApi) -> None:
    request = published.ActivationTopkByTokenBatchPostRequest(
        prompts=[TEXT, "Hello"], top_k=2, ignore_bos=True, **WHERE
    )
    results = api.activation_topk_by_token_batch_post(request).results
    assert len(results) == 2
    assert all(result.results and result.tokens for result in results)


def test_steer_completion(api: published.DefaultApi) -> None:
    request = published.SteerCompletionRequest(prompt="Once upon a time", **STEER)
    default, steered = api.steer_completion_post(request).outputs
    assert [default.type, steered.type] == STEER["types"]
    assert default.output != steered.output
    assert len(default.logprobs or []) == 6
    assert len((default.logprobs or [])[0].top_logprobs) == 2


def test_steering_with_a_vector_is_steering_with_its_feature(api: published.DefaultApi) -> None:
    found = api.util_sae_vector_post(published.UtilSaeVectorPostRequest(index=100, **WHERE))
    vector = published.NPSteerVector(steering_vector=found.vector, strength=40, hook=found.hook_name)
    changed = {**STEER, "features": None, "vectors": [vector]}
    answers = [
        api.steer_completion_post(published.SteerCompletionRequest(prompt="Once upon a time", **body)).outputs
        for body in (STEER, changed)
    ]
    assert [one.output for one in answers[0]] == [one.output for one in answers[1]]


def test_steer_completion_chat(api: published.DefaultApi) -> None:
    request = published.SteerCompletionChatPostRequest(prompt=CHAT, steer_special_tokens=False, **STEER)
    answer = api.steer_completion_chat_post(request)
    assert [one.type for one in answer.outputs] == STEER["types"]
    for one in answer.outputs:
        assert one.chat_template[-1].role == "assistant"
        assert any(message == CHAT[0] for message in one.chat_template)
        assert "Name a colour." in one.raw
    assert any(message == CHAT[0] for message in answer.input.chat_template)
    assert answer.input.raw


def test_sae_vector(api: published.DefaultApi) -> None:
    answer = api.util_sae_vector_post(published.UtilSaeVectorPostRequest(index=int(INDEX), **WHERE))
    assert len(answer.vector) == 576
    assert answer.hook_name.startswith("blocks.")


def test_topk_by_decoder_cossim(api: published.DefaultApi) -> None:
    asked = published.NPFeature(index=int(INDEX), **WHERE)
    request = published.UtilSaeTopkByDecoderCossimPostRequest(feature=asked, num_results=4, **WHERE)
    answer = api.util_sae_topk_by_decoder_cossim_post(request)
    found = answer.topk_decoder_cossim_features or []
    assert answer.feature == asked
    assert len(found) == 4
    values = [one.cosine_similarity or 0 for one in found]
    assert values == sorted(values, reverse=True)
    assert all(-1.0001 <= value <= 1.0001 for value in values)


def test_each_of_its_operations_is_tried_here() -> None:
    calls = {name for name in vars(published.DefaultApi) if name.endswith("_post")}
    source = Path(__file__).read_text(encoding="utf-8")
    assert len(calls) == OPERATIONS
    assert {name for name in calls if f"api.{name}(" not in source} == set()


def test_failures_reach_its_own_exceptions(api: published.DefaultApi, worker_url: str) -> None:
    with pytest.raises(NotFoundException) as unknown:
        api.util_sae_vector_post(published.UtilSaeVectorPostRequest(index=99999, **WHERE))
    assert '"field":"index"' in (unknown.value.body or "").replace(" ", "")
    with pytest.raises(BadRequestException):
        api.activation_single_post(published.ActivationSinglePostRequest(prompt="", index=INDEX, **WHERE))
    with published.ApiClient(configuration(worker_url, "wrong")) as client, pytest.raises(UnauthorizedException):
        published.DefaultApi(client).tokenize_post(published.TokenizePostRequest(model=MODEL, text=TEXT))
