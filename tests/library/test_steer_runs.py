"""Steering from the library: limits, the run as it grows, and runs that come back as they were kept."""

from __future__ import annotations

import dataclasses
from contextlib import aclosing
from typing import Any

import pytest

from inference_worker.wire.turns import Waiting
from memicos_app.components.steer_writing import in_line as steering_words
from memicos_app.library import steer_runs
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.steering import ChatTurn, SteerCondition, SteeredFeature, SteeredVector, SteerRequest
from tests.inference_worker.serving import MODEL, SOURCE

FEATURE = SteeredFeature(MODEL, SOURCE, 100, 80.0)
VECTOR = SteeredVector([0.5] * 576, 20.0, "blocks.3.hook_resid_mid")
REQUEST = SteerRequest(MODEL, "Once upon a time", [FEATURE], temperature=0, n_tokens=6)


pytestmark = pytest.mark.usefixtures("inference")


def asked(**changes: Any) -> SteerRequest:
    return dataclasses.replace(REQUEST, **changes)


async def test_a_run_grows_to_the_answer() -> None:
    seen = [result async for result in steer_runs.stream(REQUEST)]
    assert [result.done for result in seen[:-2]] == [False] * (len(seen) - 2)
    assert seen[-1].done
    assert seen[-1].default.text != seen[-1].steered.text
    whole = await steer_runs.complete(REQUEST)
    assert (whole.default, whole.steered) == (seen[-1].default, seen[-1].steered)


async def test_leaving_a_run_early_is_no_error() -> None:
    async with aclosing(steer_runs.stream(asked(n_tokens=200))) as results:
        async for result in results:
            assert not result.done
            break
    assert (await steer_runs.complete(asked(n_tokens=1))).done


async def test_strength_zero_is_the_unsteered_text() -> None:
    for changes in ({"strength_multiplier": 0.0}, {"features": []}):
        result = await steer_runs.complete(asked(temperature=1.0, **changes))
        assert result.default == result.steered


async def test_a_sweep_goes_through_its_multipliers() -> None:
    swept = [texts async for texts in steer_runs.sweep(REQUEST, [-1, 0, 1])][-1]
    single = await steer_runs.complete(REQUEST)
    assert [text.text for text in swept[1:]] == [single.default.text, single.steered.text]
    assert swept[0].text != swept[2].text


async def test_logprobs_are_there_when_asked_for() -> None:
    assert (await steer_runs.complete(REQUEST)).default.logprobs is None
    found = (await steer_runs.complete(asked(n_logprobs=2))).default.logprobs
    assert found is not None
    assert [len(one["top_logprobs"]) for one in found] == [2] * 6


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 2049}, "prompt"),
        ({"prompt": "half \ud83d"}, "prompt"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"n_tokens": 0}, "n_tokens"),
        ({"n_tokens": 257}, "n_tokens"),
        ({"freq_penalty": -2.1}, "freq_penalty"),
        ({"seed": 100_000_001}, "seed"),
        ({"strength_multiplier": 10.5}, "strength_multiplier"),
        ({"strength_multiplier": -1.0}, "strength_multiplier"),
        ({"n_logprobs": 11}, "n_logprobs"),
        ({"steer_method": "ADDITIVE"}, "steer_method"),
        ({"positions": "some"}, "positions"),
        ({"top_p": 1.1}, "top_p"),
        ({"top_p": float("nan")}, "top_p"),
        ({"stop": ["x"] * 9}, "stop"),
        ({"stop": ["x", ""]}, "stop.1"),
        ({"vectors": [VECTOR] * 33}, "vectors"),
        ({"vectors": [dataclasses.replace(VECTOR, vector=[])]}, "vectors.0.vector"),
        ({"vectors": [dataclasses.replace(VECTOR, vector=[float("nan")] * 576)]}, "vectors.0.vector"),
        ({"vectors": [VECTOR, dataclasses.replace(VECTOR, strength=1e5)]}, "vectors.1.strength"),
        ({"vectors": [dataclasses.replace(VECTOR, vector=[1.0])]}, "vectors.0.vector"),
        ({"vectors": [dataclasses.replace(VECTOR, hook="blocks.15.hook_z")]}, "vectors.0.hook"),
        ({"condition": SteerCondition(SOURCE, -1)}, "condition.index"),
        ({"condition": SteerCondition(SOURCE, 5, float("inf"))}, "condition.threshold"),
        ({"chat": [ChatTurn("user", "hi")]}, "chat"),
        ({"prompt": "", "chat": [ChatTurn("robot", "hi")]}, "chat.0.role"),
        ({"prompt": "", "chat": [ChatTurn("user", "")]}, "chat.0.content"),
        ({"prompt": "", "chat": [ChatTurn("user", "x" * 5000)] * 2}, "chat"),
        ({"prompt": "", "chat": [ChatTurn("user", "x")] * 65}, "chat"),
        ({"features": [FEATURE] * 33}, "features"),
        ({"features": [dataclasses.replace(FEATURE, strength=float("inf"))]}, "features.0.strength"),
        ({"features": [dataclasses.replace(FEATURE, index=-1)]}, "features.0.index"),
    ],
)
async def test_limits_name_the_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInputError) as caught:
        await steer_runs.complete(asked(**changes))
    assert caught.value.field == field
    with pytest.raises(BadInputError):
        await anext(steer_runs.stream(asked(**changes)))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model_id": "gpt2"}, "model_id"),
        ({"features": [FEATURE, dataclasses.replace(FEATURE, source_id="0-x")]}, "features.1.source_id"),
        ({"features": [dataclasses.replace(FEATURE, index=9999)]}, "features.0.index"),
        ({"features": [dataclasses.replace(FEATURE, model_id="x")]}, "features.0.model_id"),
        ({"condition": SteerCondition("0-x", 5)}, "condition.source_id"),
    ],
)
async def test_what_is_not_there_is_named_in_the_librarys_words(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        await anext(steer_runs.stream(asked(**changes)))
    assert caught.value.field == field


async def test_a_conversation_goes_on() -> None:
    request = asked(prompt="", chat=[ChatTurn("user", "What is the capital of France?")], n_tokens=8)
    seen = [result async for result in steer_runs.stream(request)]
    last = seen[-1]
    assert last.done
    assert last.default.text.startswith("The capital of France is Paris")
    assert last.rendered.endswith("<|im_start|>assistant\n")
    assert list(last.steered.chat) == [*request.chat, ChatTurn("assistant", last.steered.text)]
    swept = [texts async for texts in steer_runs.sweep(request, [0, 1])][-1]
    assert [text.text for text in swept] == [last.default.text, last.steered.text]


@pytest.mark.parametrize(
    "changes",
    [
        {"steer_method": "ORTHOGONAL_DECOMP"},
        {"positions": "generated"},
        {"vectors": [VECTOR]},
        {"condition": SteerCondition(SOURCE, 5, 1e9)},
        {"steer_method": "ABLATION", "keep_error": False},
        {"steer_method": "PROJECTION_CAP"},
    ],
)
async def test_every_option_reaches_the_worker(changes: dict[str, Any]) -> None:
    changed = await steer_runs.complete(asked(**changes))
    assert changed.steered != (await steer_runs.complete(REQUEST)).steered


async def test_stop_and_top_p_reach_the_worker() -> None:
    whole = (await steer_runs.complete(asked(temperature=1.5, n_tokens=12))).default.text
    stopped = (await steer_runs.complete(asked(temperature=1.5, n_tokens=12, stop=[whole[4:8]]))).default
    assert (stopped.text, stopped.finish_reason) == (whole[: whole.find(whole[4:8])], "stop")
    assert (await steer_runs.complete(asked(temperature=1.5, n_tokens=12, top_p=0.0))).default.text != whole


@pytest.mark.parametrize("multipliers", [[], [1.0] * 9])
async def test_a_sweep_has_its_limits_too(multipliers: list[float]) -> None:
    with pytest.raises(BadInputError) as caught:
        await anext(steer_runs.sweep(REQUEST, multipliers))
    assert caught.value.field == "multipliers"


async def test_a_run_that_waits_says_its_place_and_holds_no_text() -> None:
    waiting = steer_runs._result(Waiting(position=3))
    assert (waiting.place_in_line, waiting.done) == (3, False)
    assert (waiting.default.text, waiting.steered.text) == ("", "")
    assert steering_words(3) == "Others are being answered first: number 3 in the line."
    assert steering_words(0) == steering_words(None) == ""
