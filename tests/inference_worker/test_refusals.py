"""How requests that cannot be answered are refused: kinds of bodies, null and unknown fields, methods, slashes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from inference_worker.guard import MAX_BODY
from inference_worker.wire.base import SECRET_HEADER, Wire
from tests.inference_worker.serving import MODEL, SECRET, SOURCE

JSON = {"content-type": "application/json"}
TOKENIZE = b'{"model": "smollm2-135m-it", "text": "hi"}'


@pytest.fixture
async def http(worker_url: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {SECRET_HEADER: SECRET}
    async with httpx.AsyncClient(base_url=worker_url, headers=headers, timeout=60, trust_env=False) as made:
        yield made


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"]
)
async def test_bodies_of_another_kind(http: httpx.AsyncClient, kind: str | None) -> None:
    answer = await http.post("/v1/tokenize", content=TOKENIZE, headers={"content-type": kind} if kind else {})
    assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")
    assert "application/json" in answer.json()["message"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"])
async def test_kinds_that_are_json(http: httpx.AsyncClient, kind: str) -> None:
    answer = await http.post("/v1/tokenize", content=TOKENIZE, headers={"content-type": kind})
    assert answer.status_code == 200


async def test_compressed_bodies_are_not_read(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/tokenize", content=TOKENIZE, headers={**JSON, "content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_media_type")
    assert "gzip" in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body must be a JSON object."),
        (b"[]", "The body must be a JSON object."),
        (b"null", "The body must be a JSON object."),
        (b'{"model": ', "The body is not valid JSON"),
        (b"[" * 100_000, "The body cannot be read as JSON."),
        (b'{"model": ' + b"1" * 5000 + b"}", "The body cannot be read as JSON."),
    ],
)
async def test_bodies_that_are_no_object(http: httpx.AsyncClient, body: bytes, sentence: str) -> None:
    answer = await http.post("/v1/tokenize", content=body, headers=JSON)
    problem = answer.json()
    assert (answer.status_code, problem["error"]) == (400, "bad_input")
    assert problem["message"].startswith(sentence)
    assert "field" not in problem


@pytest.mark.parametrize("name", ["promptt", "kæse", "a.b"])
async def test_unknown_fields_are_named(http: httpx.AsyncClient, name: str) -> None:
    for value in (1, None):
        answer = await http.post("/v1/tokenize", json={"model": MODEL, "text": "hi", name: value})
        problem = answer.json()
        assert (answer.status_code, problem["field"]) == (400, name)
        assert problem["message"] == f"{name} is not a field of this request."


async def test_null_is_as_good_as_left_out(http: httpx.AsyncClient) -> None:
    steer = {
        "model": MODEL,
        "prompt": "Once",
        "features": [],
        "types": ["DEFAULT"],
        "nCompletionTokens": 2,
        "seed": 3,
    }
    nulls = dict.fromkeys(("temperature", "strength_multiplier", "freqPenalty", "steerMethod", "sweep", "stream"))
    answers = [(await http.post("/v1/steer/completion", json=body)).json() for body in (steer, {**steer, **nulls})]
    assert answers[0]["outputs"] == answers[1]["outputs"]


async def test_null_is_no_value_of_a_required_field(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/tokenize", json={"model": MODEL, "text": None})
    assert (answer.status_code, answer.json()["field"]) == (400, "text")


class Part(Wire):
    hook_name: str
    n_tokens: int = 3


def test_null_in_both_casings() -> None:
    for name in ("nTokens", "n_tokens"):
        assert Part.model_validate({"hookName": "x", name: None}) == Part(hook_name="x")
    with pytest.raises(ValidationError):
        Part.model_validate({"hook_name": None})


@pytest.mark.parametrize("path", ["/health/", "/ready/", "/v1/capabilities/"])
async def test_a_slash_at_the_end_of_what_is_read(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 200


async def test_a_slash_at_the_end_of_what_is_asked(http: httpx.AsyncClient) -> None:
    body: dict[str, Any] = {"model": MODEL, "source": SOURCE, "index": 5}
    assert (await http.post("/v1/util/sae-vector/", json=body)).status_code == 200
    answer = await http.post("/v1/tokenize/", content=b" " * (MAX_BODY + 1), headers=JSON)
    assert answer.status_code == 413


async def test_the_slash_opens_no_way_round_the_secret(worker_url: str) -> None:
    async with httpx.AsyncClient(base_url=worker_url, trust_env=False) as http:
        for path in ("/ready/", "/snake/ready", "//ready", "/snake//v1/capabilities/"):
            assert (await http.get(path)).status_code == 401
        assert (await http.get("/snake/health/")).json() == {"status": "ok"}


async def test_a_wrong_method_is_told_the_right_one(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/tokenize")
    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
