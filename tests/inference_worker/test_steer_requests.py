"""Steering over HTTP: every numeric knob at and beyond its limits, chat, and streams of deltas."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from tests.inference_worker import plain, serving, tiny

FEATURE = {"model": tiny.MODEL, "source": "1-res", "index": 7, "strength": 2}
VECTOR = {"steeringVector": [0.5] * tiny.D_MODEL, "strength": 2, "hook": "blocks.1.hook_resid_post"}
STEER: dict[str, Any] = {
    "model": tiny.MODEL,
    "prompt": "steer",
    "features": [FEATURE],
    "vectors": [VECTOR],
    "condition": {"source": "0-res", "index": 3, "threshold": -1},
    "nCompletionTokens": 2,
    "temperature": 1,
}
KNOBS: dict[str, tuple[float, float]] = {
    "n_completion_tokens": (1, 16),
    "temperature": (0, 100),
    "top_p": (0, 1),
    "freq_penalty": (-2, 2),
    "seed": (-(2**63), 2**63 - 1),
    "n_logprobs": (0, 10),
    "strength_multiplier": (-100, 100),
    "sweep.0": (-100, 100),
    "features.0.index": (0, 47),
    "features.0.strength": (-10_000, 10_000),
    "vectors.0.strength": (-10_000, 10_000),
    "condition.index": (0, 39),
    "condition.threshold": (-1e9, 1e9),
}
WHOLE = {"n_completion_tokens", "seed", "n_logprobs", "features.0.index", "condition.index"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with tiny.worker() as found:
        yield found


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with tiny.client(url) as made:
        yield made


def with_knob(knob: str, value: object) -> bytes:
    """The request with one number changed, as JSON that may say NaN."""
    body = json.loads(json.dumps({**STEER, "sweep": [1]} if knob.startswith("sweep") else STEER))
    *path, last = knob.split(".")
    place: Any = body
    for part in path:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        camel = last.split("_")[0] + "".join(part.title() for part in last.split("_")[1:])
        place.pop(camel, None)
        place[last] = value
    return json.dumps(body).encode()


async def judged(http: httpx.AsyncClient, knob: str, value: float) -> None:
    """A right answer within the limits, and beyond them a refusal that names the knob."""
    least, most = KNOBS[knob]
    answer = await http.post(
        "/v1/steer/completion", content=with_knob(knob, value), headers={"content-type": "application/json"}
    )
    inside = least <= value <= most and (knob not in WHOLE or float(value).is_integer())
    if not inside:
        assert 400 <= answer.status_code < 500, (knob, value, answer.text)
        assert answer.json()["field"] == knob
        return
    assert answer.status_code == 200 or answer.json()["error"] == "diverged", (knob, value, answer.text)
    if answer.status_code == 200:
        outputs = answer.json()["outputs"]
        assert [output["type"] for output in outputs] == ["DEFAULT", "STEERED"]
        assert all(output["finishReason"] in ("length", "stop") for output in outputs)


@pytest.mark.parametrize("knob", KNOBS)
async def test_every_knob_at_its_limits_and_beyond(http: httpx.AsyncClient, knob: str) -> None:
    least, most = KNOBS[knob]
    beyond = (least - 1, most + 1) if most < 1e18 else (least * 2, most * 2 + 2)
    for value in (0, -1, least, most, *beyond, 1e18, -1e18, 0.5, 1e-300, float("nan"), float("inf"), -float("inf")):
        await judged(http, knob, value)


@hypothesis(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(knob=st.sampled_from(sorted(KNOBS)), value=st.floats() | st.integers(-(2**65), 2**65))
async def test_no_number_is_a_fault(url: str, knob: str, value: float) -> None:
    async with tiny.client(url) as http:
        await judged(http, knob, value)


@pytest.mark.parametrize("value", ["1", None, [], {}, True, "NaN", 10**400])
@pytest.mark.parametrize("knob", ["temperature", "features.0.strength", "condition.threshold", "seed"])
async def test_what_is_no_number_is_no_fault_either(http: httpx.AsyncClient, knob: str, value: object) -> None:
    answer = await http.post(
        "/v1/steer/completion", content=with_knob(knob, value), headers={"content-type": "application/json"}
    )
    assert answer.status_code < 500


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"stop": [""]}, "stop.0"),
        ({"stop": ["x"] * 9}, "stop"),
        ({"stop": ["x" * 201]}, "stop.0"),
        ({"stop": "x"}, "stop"),
        ({"positions": "some"}, "positions"),
        ({"streamFormat": "lines"}, "stream_format"),
        ({"vectors": [VECTOR] * 33}, "vectors"),
        ({"vectors": [{**VECTOR, "steeringVector": ["a"]}]}, "vectors.0.steering_vector.0"),
    ],
)
async def test_what_cannot_be_right_is_refused_by_name(
    http: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    answer = await http.post("/v1/steer/completion", json={**STEER, **change})
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_vector_at_the_end_of_float32_diverges_with_a_typed_error(http: httpx.AsyncClient) -> None:
    huge = {**VECTOR, "steeringVector": [3e38] * tiny.D_MODEL, "strength": 10_000}
    body = {**STEER, "features": [], "vectors": [huge], "condition": None}
    answer = await http.post("/v1/steer/completion", json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "diverged")


async def test_a_model_without_chat_template_says_where_to_go(http: httpx.AsyncClient) -> None:
    body = {**STEER, "prompt": [{"role": "user", "content": "hi"}]}
    answer = await http.post("/v1/steer/completion-chat", json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, "prompt")
    assert "/v1/steer/completion" in answer.json()["message"]


def frames(text: str) -> list[dict[str, Any]]:
    """Events of a stream with their fields; `data` as JSON."""
    blocks = [block for block in text.strip().split("\n\n") if not block.startswith(":")]
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [{**event, "data": json.loads(event["data"])} for event in events]


async def test_deltas_join_to_the_whole_answer(http: httpx.AsyncClient) -> None:
    body = {**STEER, "nCompletionTokens": 12, "nLogprobs": 2, "seed": 3, "stop": ["zq"]}
    whole = (await http.post("/v1/steer/completion", json=body)).json()
    answer = await http.post("/v1/steer/completion", json={**body, "stream": True, "streamFormat": "delta"})
    *deltas, done = frames(answer.text)
    assert done["event"] == "done"
    assert done["data"]["outputs"] == whole["outputs"]
    assert [event["id"] for event in deltas] == [str(number) for number in range(1, len(deltas) + 1)]
    for row, output in enumerate(whole["outputs"]):
        own = [delta for event in deltas for delta in event["data"]["deltas"] if delta["row"] == row]
        assert "".join(delta["text"] for delta in own) == output["output"]
        assert [one for delta in own for one in delta.get("logprobs", [])] == output["logprobs"]
        assert [delta["finishReason"] for delta in own if "finishReason" in delta] == [output["finishReason"]]


async def test_a_stream_of_texts_has_log_probabilities_at_their_end(http: httpx.AsyncClient) -> None:
    body = {**STEER, "nCompletionTokens": 12, "nLogprobs": 2, "seed": 3}
    whole = (await http.post("/v1/steer/completion", json=body)).json()
    answer = await http.post("/v1/steer/completion", json={**body, "stream": True, "streamFormat": "text"})
    *growing, done = frames(answer.text)
    assert done["data"]["outputs"] == whole["outputs"]
    outputs = [output for event in growing for output in event["data"]["outputs"]]
    assert outputs
    assert all((output.get("logprobs") is None) == (output.get("finishReason") is None) for output in outputs)


CHAT: dict[str, Any] = {
    "model": serving.MODEL,
    "prompt": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "<think>greet</think>Hello."},
        {"role": "user", "content": "What is the capital of France?"},
    ],
    "features": [{"model": serving.MODEL, "source": serving.SOURCE, "index": 100, "strength": 60}],
    "nCompletionTokens": 12,
    "temperature": 0,
    "steerSpecialTokens": False,
}


async def test_a_conversation_goes_on_as_hugging_face_would(worker_url: str) -> None:
    shown = [{**turn, "content": turn["content"].replace("<think>greet</think>", "")} for turn in CHAT["prompt"]]
    raw = plain.tokenizer().apply_chat_template(shown, tokenize=False, add_generation_prompt=True)
    expected = plain.generated(plain.tokenizer()(raw, add_special_tokens=False)["input_ids"], 12)
    async with tiny.client(worker_url) as http:
        answer = (await http.post("/v1/steer/completion-chat", json=CHAT)).json()
        refused = await http.post("/v1/steer/completion-chat", json={**CHAT, "isAssistantAxis": True})
        streamed = await http.post("/v1/steer/completion-chat", json={**CHAT, "stream": True})
    default, steered = answer["outputs"]
    assert answer["input"] == {"chatTemplate": CHAT["prompt"], "raw": raw}
    assert answer["prependBos"] is False
    assert default["output"] == plain.tokenizer().decode([index for index in expected if index != 2])
    assert default["raw"] == raw + default["output"]
    assert steered["chatTemplate"] == [*CHAT["prompt"], {"role": "assistant", "content": steered["output"]}]
    assert steered["output"] != default["output"]
    assert (refused.status_code, refused.json()["field"]) == (400, "is_assistant_axis")
    assert frames(streamed.text)[-1]["data"]["outputs"] == answer["outputs"]
