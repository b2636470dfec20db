"""Runs that are kept come back as they were, hostile text and every option included."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from memicos_app.library import saved_runs
from memicos_app.library.errors import NotFoundError
from memicos_app.library.steering import SteeredFeature, SteerRequest, SteerResult, SteerText

MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"
FEATURE = SteeredFeature(MODEL, SOURCE, 100, 80.0)
REQUEST = SteerRequest(MODEL, "Once upon a time", [FEATURE], temperature=0, n_tokens=6)
TOP = [{"token": " a", "logprob": -0.5}]
LOGPROBS: list[dict[str, Any]] = [{"token": " a", "logprob": -0.5, "top_logprobs": TOP}]
RESULT = SteerResult(SteerText(" a cat", 2, "length", LOGPROBS), SteerText(" a dog", 2, "stop"), True, 5.0)

pytestmark = pytest.mark.usefixtures("database")


def asked(**changes: Any) -> SteerRequest:
    return dataclasses.replace(REQUEST, **changes)


async def test_a_saved_run_comes_back_as_it_was() -> None:
    request = asked(features=[FEATURE, SteeredFeature(MODEL, SOURCE, 7, -3.5)], n_logprobs=1, prepend_bos=True)
    saved = await saved_runs.load_run(await saved_runs.save_run(request, RESULT))
    assert saved.request == request
    assert (saved.result.default, saved.result.steered) == (RESULT.default, RESULT.steered)
    assert saved.made_with["dtype"] == "float32"
    assert saved.made_with["packages"]["torch"]


async def test_hostile_text_survives_being_saved() -> None:
    nasty = "<script>\x00\u202e</script> '; DROP TABLE users; -- 👍🏽"
    request = asked(prompt=nasty)
    result = SteerResult(SteerText(nasty, 3, "stop"), SteerText("\ufdd0", 1, "length"), True, 5.0)
    saved = await saved_runs.load_run(await saved_runs.save_run(request, result))
    assert saved.request.prompt == nasty
    assert (saved.result.default, saved.result.steered) == (result.default, result.steered)


@pytest.mark.parametrize("run_id", ["nothing", "", "\x00", "x" * 1000])
async def test_an_unknown_run(run_id: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        await saved_runs.load_run(run_id)
    assert caught.value.field == "id"


def test_equal_requests_share_their_hash() -> None:
    assert saved_runs.request_hash(REQUEST) == saved_runs.request_hash(asked())
    assert saved_runs.request_hash(REQUEST) != saved_runs.request_hash(asked(seed=17))
    assert saved_runs.request_hash(REQUEST) != saved_runs.request_hash(asked(features=[]))
