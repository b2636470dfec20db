"""Runs that are kept come back as they were: every option, conversations, the strip, hostile text."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from memicos_app.library import saved_runs
from memicos_app.library.errors import NotFoundError
from memicos_app.library.saved_runs import Kept
from memicos_app.library.steering import (
    ChatTurn,
    SteerCondition,
    SteeredFeature,
    SteeredVector,
    SteerRequest,
    SteerResult,
    SteerText,
)

MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"
FEATURE = SteeredFeature(MODEL, SOURCE, 100, 80.0)
REQUEST = SteerRequest(MODEL, "Once upon a time", [FEATURE], temperature=0, n_tokens=6)
TOP = [{"token": " a", "logprob": -0.5}]
LOGPROBS: list[dict[str, Any]] = [{"token": " a", "logprob": -0.5, "top_logprobs": TOP}]
RESULT = SteerResult(SteerText(" a cat", 2, "length", LOGPROBS), SteerText(" a dog", 2, "stop"), True, None)
SAID = (ChatTurn("user", "Hello"),)
PARTED = (ChatTurn("user", "Hi"), ChatTurn("assistant", "Who?"), ChatTurn("user", "Me"))
EVERY_OPTION: dict[str, Any] = {
    "features": [FEATURE, SteeredFeature(MODEL, SOURCE, 7, -3.5)],
    "vectors": (SteeredVector([0.5, -1.25], 3.0, "blocks.3.hook_resid_pre", "waves"),),
    "condition": SteerCondition(SOURCE, 9, 1.5),
    "steer_method": "ABLATION",
    "keep_error": False,
    "normalize_steering": True,
    "positions": "generated",
    "steer_special_tokens": True,
    "top_p": 0.9,
    "stop": ("\n\n", "END"),
    "freq_penalty": 0.25,
    "seed": -7,
    "strength_multiplier": 1.5,
    "n_logprobs": 1,
    "prepend_bos": True,
}


def asked(**changes: Any) -> SteerRequest:
    return dataclasses.replace(REQUEST, **changes)


@pytest.mark.usefixtures("database")
async def test_every_option_comes_back() -> None:
    assert {one.name for one in dataclasses.fields(SteerRequest)} - EVERY_OPTION.keys() <= {
        "model_id",
        "prompt",
        "chat",
        "temperature",
        "n_tokens",
    }, "a new option must be kept, too"
    kept = Kept(asked(**EVERY_OPTION), RESULT, strip=[SteerText("one", 1, "length"), SteerText("two", 2, "stop")])
    saved = await saved_runs.load(await saved_runs.save(kept))
    assert saved.request == kept.request
    assert saved.result == kept.result
    assert saved.strip == kept.strip
    assert saved.made_with["dtype"] == "float32"
    assert saved.made_with["packages"]["torch"]


@pytest.mark.usefixtures("database")
async def test_parted_conversations_come_back() -> None:
    default = SteerText("Well.", 2, "stop", chat=(*SAID, ChatTurn("assistant", "Well.")), raw="<s>Hello</s>Well.")
    steered = SteerText("Ships.", 2, "stop", chat=(*PARTED, ChatTurn("assistant", "Ships.")), raw="<s>Hi</s>Ships.")
    kept = Kept(asked(prompt="", chat=PARTED), SteerResult(default, steered, False, None, "<s>Hi</s>"), SAID)
    saved = await saved_runs.load(await saved_runs.save(kept))
    assert (saved.request, saved.result, saved.default_chat) == (kept.request, kept.result, SAID)


@pytest.mark.usefixtures("database")
async def test_hostile_text_survives_being_saved() -> None:
    nasty = "<script>\x00\u202e</script> '; DROP TABLE users; -- 👍🏽"
    result = SteerResult(SteerText(nasty, 3, "stop"), SteerText("\ufdd0", 1, "length"), True, None)
    saved = await saved_runs.load(await saved_runs.save(Kept(asked(prompt=nasty, stop=(nasty,)), result)))
    assert (saved.request.prompt, saved.request.stop) == (nasty, (nasty,))
    assert saved.result == result


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("run_id", ["nothing", "", "\x00", "x" * 1000])
async def test_an_unknown_run(run_id: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        await saved_runs.load(run_id)
    assert caught.value.field == "id"


def test_equal_requests_share_their_hash() -> None:
    assert saved_runs.request_hash(REQUEST) == saved_runs.request_hash(asked())
    for changes in ({"seed": 17}, {"features": []}, {"chat": SAID}, {"stop": ("a",)}):
        assert saved_runs.request_hash(REQUEST) != saved_runs.request_hash(asked(**changes))


def test_a_run_as_a_file_is_plain_data() -> None:
    content = saved_runs.as_json(Kept(asked(**EVERY_OPTION), RESULT, SAID))
    read = json.loads(json.dumps(content))
    assert read["request"]["condition"] == {"source_id": SOURCE, "index": 9, "threshold": 1.5}
    assert read["texts"]["steered"]["text"] == " a dog"
    assert read["default_chat"] == [{"role": "user", "content": "Hello"}]
