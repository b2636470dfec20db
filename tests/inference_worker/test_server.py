"""The worker over real HTTP: fields in both casings, refusals that name the field, streams that always end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from inference_worker.engine.errors import Unusable
from inference_worker.guard import MAX_BODY
from inference_worker.requests.engine import Engine
from inference_worker.server import create_app
from inference_worker.wire.base import SECRET_HEADER
from memicos_app.settings import Settings
from tests.inference_worker import plain, serving
from tests.inference_worker.serving import MODEL, SECRET, SOURCE

TEXT = "According to the treaty of 1648"
TEST = {"model": MODEL, "source": SOURCE, "index": 5, "prompt": TEXT}
VECTOR = {"model": MODEL, "source": SOURCE, "index": 5}
FEATURE = {"model": MODEL, "source": SOURCE, "index": 100, "strength": 80}
STEER = {
    "model": MODEL,
    "prompt": "Once upon a time",
    "features": [FEATURE],
    "nCompletionTokens": 8,
    "temperature": 0,
}
PATHS = {
    "/v1/capabilities",
    "/v1/tokenize",
    "/v1/apply-chat-template",
    *(
        f"/v1/activation/{name}"
        for name in ("single", "single-batch", "all", "all-batch", "contrast", "source", "raw", "attention")
    ),
    *("/v1/activation/topk-by-token", "/v1/activation/topk-by-token-batch"),
    *(f"/v1/util/{name}" for name in ("sae-vector", "sae-topk-by-decoder-cossim", "similarity-matrix-pred")),
    "/v1/util/sae-decoder-match",
    "/v1/steer/completion",
    "/v1/steer/completion-chat",
    "/v1/lens/prompt",
}


@pytest.fixture
async def http(worker_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client(worker_url) as made:
        yield made


def client(url: str, secret: str | bytes = SECRET) -> httpx.AsyncClient:
    headers = {SECRET_HEADER.encode(): secret if isinstance(secret, bytes) else secret.encode()}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False)


async def test_health_needs_no_secret_and_readiness_does(worker_url: str) -> None:
    async with client(worker_url, "") as http:
        assert (await http.get("/health")).json() == {"status": "ok"}
        refused = await http.get("/ready")
    assert refused.status_code == 401
    assert refused.json()["error"] == "unauthorized"


@pytest.mark.parametrize("path", sorted(PATHS))
@pytest.mark.parametrize("secret", ["", SECRET[:-1], SECRET + "x", b"\xc3\xa9"])
async def test_every_route_wants_the_secret(worker_url: str, path: str, secret: str | bytes) -> None:
    async with client(worker_url, secret) as http:
        assert (await http.post(path, json={})).status_code == 401


async def test_readiness(http: httpx.AsyncClient) -> None:
    state = (await http.get("/ready")).json()
    assert (state["ready"], state["state"], state["model"]) == (True, "ready", MODEL)
    assert SOURCE in state["sources"]
    assert state["queueLength"] == 0


async def test_capabilities(http: httpx.AsyncClient) -> None:
    found = (await http.get("/v1/capabilities")).json()
    assert (found["nLayers"], found["dModel"], found["tokenLimit"]) == (30, 576, 1024)
    assert found["steerMethods"] == ["SIMPLE_ADDITIVE", "ORTHOGONAL_DECOMP", "PROJECTION_CAP", "ABLATION"]
    assert (found["bosId"], found["maxPrompts"], found["maxNumResults"]) == (1, 4, 1000)
    assert SOURCE.partition("-")[2] in found["saeSets"]
    assert (found["hasChatTemplate"], found["lensTypes"]) == (True, ["LOGIT_LENS"])


async def test_openapi_describes_the_routes_and_their_problems(worker_url: str) -> None:
    async with client(worker_url, "") as http:
        schema = (await http.get("/openapi.json")).json()
    assert PATHS | {"/health", "/ready"} == set(schema["paths"])
    assert {"application/json", "text/event-stream"} == set(
        schema["paths"]["/v1/steer/completion"]["post"]["responses"]["200"]["content"]
    )
    guarded = {path for path, verbs in schema["paths"].items() for verb in verbs.values() if "security" in verb}
    assert guarded == PATHS | {"/ready"}
    assert "nCompletionTokens" in schema["components"]["schemas"]["SteerCompletionRequest"]["properties"]
    for path in PATHS - {"/v1/capabilities"}:
        assert {"400", "401", "404", "503"} <= set(schema["paths"][path]["post"]["responses"])


@pytest.mark.parametrize("name", ["prependBos", "prepend_bos"])
async def test_tokenize_in_both_casings(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.post("/v1/tokenize", json={"model": MODEL, "text": "hi", name: False})
    assert answer.json() == {"tokens": [6004], "tokenStrings": ["hi"], "prependBos": False}


async def test_steering_in_both_casings(http: httpx.AsyncClient) -> None:
    camel = {**STEER, "strengthMultiplier": 2, "freqPenalty": 1, "steerMethod": "SIMPLE_ADDITIVE", "nLogprobs": 1}
    snake = {_snake(name): value for name, value in camel.items()}
    answers = [(await http.post("/v1/steer/completion", json=body)).json() for body in (camel, snake)]
    assert answers[0]["outputs"] == answers[1]["outputs"]
    assert answers[0]["outputs"][0]["logprobs"][0]["topLogprobs"]


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


async def test_activation(http: httpx.AsyncClient) -> None:
    ids = [1, *plain.tokenizer()(TEXT, add_special_tokens=False)["input_ids"]]
    expected = plain.saelens().encode(plain.residual(ids)).detach()
    index = int(expected[3].argmax())
    answer = (await http.post("/v1/activation/single", json={**TEST, "index": str(index)})).json()
    values = answer["activation"]["values"]
    assert answer["tokenIds"] == ids
    assert "".join(answer["tokens"]) == "<|im_start|>" + TEXT
    assert answer["tokensIsSpecial"] == [True] + [False] * (len(ids) - 1)
    assert values[0] == 0
    assert values[3] == pytest.approx(float(expected[3, index]), rel=1e-4)
    assert answer["activation"]["maxValue"] == max(values) == values[answer["activation"]["maxValueIndex"]]
    assert answer["activation"]["minValue"] == min(values)
    assert (answer["hookName"], answer["dtype"], answer["prependBos"]) == (
        "blocks.15.hook_resid_post",
        "float32",
        True,
    )


async def test_tokens_are_taken_as_they_are(http: httpx.AsyncClient) -> None:
    text = (await http.post("/v1/activation/single", json=TEST)).json()
    body = {**{name: value for name, value in TEST.items() if name != "prompt"}, "tokens": text["tokenIds"]}
    tokens = (await http.post("/v1/activation/single", json=body)).json()
    assert tokens["activation"] == text["activation"]
    assert tokens["prependBos"] is False
    without = (await http.post("/v1/activation/single", json={**body, "tokens": text["tokenIds"][1:]})).json()
    assert without["tokens"] == text["tokens"][1:]


async def test_prepend_bos_has_an_effect(http: httpx.AsyncClient) -> None:
    answers = [
        (await http.post("/v1/activation/single", json={**TEST, "prependBos": choice})).json()
        for choice in (True, False, None)
    ]
    assert answers[0] == answers[2] != answers[1]
    assert answers[1]["tokens"] == answers[0]["tokens"][1:]
    texts = [
        (await http.post("/v1/steer/completion", json={**STEER, "types": ["DEFAULT"], "prependBos": choice})).json()
        for choice in (True, False)
    ]
    assert [text["prependBos"] for text in texts] == [True, False]


async def test_vector(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/v1/util/sae-vector", json=VECTOR)).json()
    row = plain.saelens().W_dec[5].detach()
    assert answer["vector"] == pytest.approx(row.tolist())
    assert answer["norm"] == pytest.approx(float(row.norm()))
    assert answer["hookName"] == "blocks.15.hook_resid_post"


async def test_steering_answers_what_was_asked_for(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/v1/steer/completion", json=STEER)).json()
    default, steered = answer["outputs"]
    assert (default["type"], steered["type"]) == ("DEFAULT", "STEERED")
    assert default["output"] != steered["output"]
    assert default["nTokens"] == steered["nTokens"] == 8
    assert default["finishReason"] == "length"
    assert "logprobs" not in default
    assert answer["tokensPerSecond"] > 0
    only = (await http.post("/v1/steer/completion", json={**STEER, "types": ["STEERED"]})).json()
    assert only["outputs"] == [steered]


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "The capital of France is"},
        {"features": [{**FEATURE, "strength": -80}]},
        {"features": [{**FEATURE, "index": 101}]},
        {"features": [FEATURE, {**FEATURE, "index": 101}]},
        {"strengthMultiplier": -2},
        {"nCompletionTokens": 4},
        {"temperature": 2.0},
        {"temperature": 2.0, "seed": 17},
        {"freqPenalty": 2.0, "nCompletionTokens": 24},
        {"nLogprobs": 2},
        {"types": ["STEERED", "DEFAULT"]},
        {"sweep": [1, -1]},
    ],
)
async def test_every_parameter_has_an_effect(http: httpx.AsyncClient, change: dict[str, Any]) -> None:
    base = {
        **STEER,
        "nCompletionTokens": change.get("nCompletionTokens", 8),
        "temperature": change.get("temperature", 0),
    }
    base = STEER if len(change) == 1 else base
    answers = [(await http.post("/v1/steer/completion", json=body)).json() for body in (base, {**base, **change})]
    assert answers[0]["outputs"] != answers[1]["outputs"]


async def test_normalising_makes_the_strength_the_length(http: httpx.AsyncClient) -> None:
    norm = (await http.post("/v1/util/sae-vector", json={**VECTOR, "index": 100})).json()["norm"]
    normalised = {**STEER, "normalizeSteering": True}
    same = {**STEER, "features": [{**FEATURE, "strength": 80 / norm}]}
    answers = [(await http.post("/v1/steer/completion", json=body)).json() for body in (normalised, same)]
    assert answers[0]["outputs"] == answers[1]["outputs"]


@pytest.mark.parametrize(
    "zero", [{"strengthMultiplier": 0}, {"features": []}, {"features": [{**FEATURE, "strength": 0}]}]
)
@pytest.mark.parametrize("temperature", [0, 1.2])
async def test_strength_zero_is_the_unsteered_text(
    http: httpx.AsyncClient, zero: dict[str, Any], temperature: float
) -> None:
    body = {**STEER, **zero, "temperature": temperature, "nLogprobs": 1}
    default, steered = (await http.post("/v1/steer/completion", json=body)).json()["outputs"]
    assert (default["output"], default["logprobs"]) == (steered["output"], steered["logprobs"])


async def test_a_sweep_is_its_single_runs(http: httpx.AsyncClient) -> None:
    body = {**STEER, "types": ["STEERED"]}
    swept = (await http.post("/v1/steer/completion", json={**body, "sweep": [-1, 0, 1]})).json()["outputs"]
    assert [output["strengthMultiplier"] for output in swept] == [-1, 0, 1]
    for output in swept:
        single = {**body, "strengthMultiplier": output["strengthMultiplier"]}
        assert (await http.post("/v1/steer/completion", json=single)).json()["outputs"] == [output]


async def frames(http: httpx.AsyncClient, body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Events of a stream: name (empty for plain data) and JSON."""
    async with http.stream("POST", "/v1/steer/completion", json={**body, "stream": True}) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        text = (await response.aread()).decode()
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in text.strip().split("\n\n")]
    return [(event.get("event", ""), json.loads(event["data"])) for event in events if "data" in event]


async def test_a_stream_grows_and_ends_with_the_whole_answer(http: httpx.AsyncClient) -> None:
    whole = (await http.post("/v1/steer/completion", json=STEER)).json()
    events = await frames(http, STEER)
    assert [name for name, _ in events] == [""] * (len(events) - 1) + ["done"]
    assert events[-1][1]["outputs"] == whole["outputs"]
    texts = [event["outputs"][1]["output"] for _, event in events]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert len(set(texts)) > 2
    assert "finishReason" not in events[1][1]["outputs"][0]


BAD = [
    ("/v1/activation/single", {**TEST, "model": "gpt2"}, 404, "model"),
    ("/v1/activation/single", {**TEST, "source": "99-res-4k"}, 404, "source"),
    ("/v1/activation/single", {**TEST, "source": "../../etc"}, 404, "source"),
    ("/v1/activation/single", {**TEST, "index": 4096}, 404, "index"),
    ("/v1/activation/single", {**TEST, "index": -1}, 404, "index"),
    ("/v1/activation/single", {**TEST, "index": "five"}, 400, "index"),
    ("/v1/activation/single", {**TEST, "index": None}, 400, "index"),
    ("/v1/activation/single", {**TEST, "prompt": ""}, 400, "prompt"),
    ("/v1/activation/single", {**TEST, "prompt": "word " * 1100}, 400, "prompt"),
    ("/v1/activation/single", {**TEST, "prompt": None}, 400, "prompt"),
    ("/v1/activation/single", {**TEST, "prompt": "\x16", "prependBos": False}, 400, "prompt"),
    ("/v1/activation/single", {**TEST, "tokens": [1, 2]}, 400, "prompt"),
    ("/v1/activation/single", {**VECTOR, "tokens": []}, 400, "tokens"),
    ("/v1/activation/single", {**VECTOR, "tokens": [49152]}, 400, "tokens"),
    ("/v1/activation/single", {**VECTOR, "tokens": [-1]}, 400, "tokens"),
    ("/v1/activation/single", {**VECTOR, "tokens": [5] * 1025}, 400, "tokens"),
    ("/v1/activation/single", {**VECTOR, "tokens": [5], "prependBos": True}, 400, "prepend_bos"),
    ("/v1/activation/single", {**TEST, "ignoreBos": True}, 400, "ignore_bos"),
    ("/v1/tokenize", {"model": MODEL}, 400, "text"),
    ("/v1/tokenize", {"model": MODEL, "text": 5}, 400, "text"),
    ("/v1/tokenize", {"model": MODEL, "text": "word " * 1100}, 400, "text"),
    ("/v1/util/sae-vector", {**VECTOR, "index": 5000}, 404, "index"),
    ("/v1/steer/completion", {**STEER, "prompt": ""}, 400, "prompt"),
    ("/v1/steer/completion", {**STEER, "prompt": "word " * 1100}, 400, "prompt"),
    ("/v1/steer/completion", {**STEER, "nCompletionTokens": 0}, 400, "n_completion_tokens"),
    ("/v1/steer/completion", {**STEER, "nCompletionTokens": 257}, 400, "n_completion_tokens"),
    ("/v1/steer/completion", {**STEER, "temperature": -1}, 400, "temperature"),
    ("/v1/steer/completion", {**STEER, "freqPenalty": 3}, 400, "freq_penalty"),
    ("/v1/steer/completion", {**STEER, "steerMethod": "ADDITIVE"}, 400, "steer_method"),
    ("/v1/steer/completion", {**STEER, "types": []}, 400, "types"),
    ("/v1/steer/completion", {**STEER, "nLogprobs": 11}, 400, "n_logprobs"),
    ("/v1/steer/completion", {**STEER, "features": [FEATURE] * 33}, 400, "features"),
    ("/v1/steer/completion", {**STEER, "features": [{**FEATURE, "strength": 1e9}]}, 400, "features.0.strength"),
    ("/v1/steer/completion", {**STEER, "features": [FEATURE, {**FEATURE, "index": 9999}]}, 404, "features.1.index"),
    ("/v1/steer/completion", {**STEER, "features": [{**FEATURE, "source": "x"}]}, 404, "features.0.source"),
    ("/v1/steer/completion", {**STEER, "features": [{**FEATURE, "model": "x"}]}, 404, "features.0.model"),
    ("/v1/steer/completion", {**STEER, "vector": []}, 400, "vector"),
]


@pytest.mark.parametrize(("path", "body", "status", "field"), BAD)
async def test_what_cannot_be_right_is_refused_by_name(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    for stream in (False, True) if "steer" in path else (False,):
        answer = await http.post(path, json={**body, "stream": True} if stream else body)
        problem = answer.json()
        assert (answer.status_code, problem["field"]) == (status, field), problem
        assert problem["error"] == {400: "bad_input", 404: "not_found"}[status]
        assert len(problem["message"]) > 10


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b'{"model": "\\ud800"}', b"\xff\xfe"])
async def test_bodies_that_are_no_request(http: httpx.AsyncClient, content: bytes) -> None:
    answer = await http.post("/v1/tokenize", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"] == "bad_input"


async def test_numbers_that_are_none(http: httpx.AsyncClient) -> None:
    body = json.dumps({**STEER, "temperature": float("nan")})
    answer = await http.post("/v1/steer/completion", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["field"]) == (400, "temperature")


async def test_unknown_addresses_and_methods_have_the_same_shape(http: httpx.AsyncClient) -> None:
    for answer, status in ((await http.get("/v1/nothing"), 404), (await http.get("/v1/tokenize"), 405)):
        assert answer.status_code == status
        assert set(answer.json()) == {"error", "message"}


async def test_large_bodies_are_refused_with_and_without_a_length(http: httpx.AsyncClient) -> None:
    large = json.dumps({"model": MODEL, "text": "x" * MAX_BODY}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        yield large

    for content in (large, chunks()):
        answer = await http.post("/v1/tokenize", content=content, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


async def test_a_test_is_answered_while_another_text_is_written(http: httpx.AsyncClient) -> None:
    writing = asyncio.ensure_future(http.post("/v1/steer/completion", json={**STEER, "nCompletionTokens": 256}))
    await asyncio.sleep(0.1)
    assert (await http.post("/v1/activation/single", json=TEST)).status_code == 200
    assert not writing.done()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_ends_its_generation(stream: bool) -> None:
    app = create_app(serving.settings(), lambda _: serving.engine())
    worker = app.state.worker
    with serving.served(app) as url:
        assert await asyncio.to_thread(worker.loaded.wait, 300)
        body = {**STEER, "nCompletionTokens": 256, "stream": stream}
        async with client(url) as http:
            asking = asyncio.ensure_future(http.post("/v1/steer/completion", json=body))
            with serving.passes() as seen:
                await asyncio.to_thread(serving.until, lambda: len(seen) > 5)
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                await asyncio.to_thread(serving.until, lambda: _idle(worker))
        assert len(seen) < 128, "a few tokens more, not 256"


def _idle(worker: Any) -> bool:
    return not (worker.scheduler.running or worker.scheduler.waiting)


async def test_a_full_queue_is_503_with_position_and_retry_after() -> None:
    with serving.worker(inference_queue=1) as url:
        async with client(url) as http:
            asked = [
                asyncio.ensure_future(http.post("/v1/steer/completion", json={**STEER, "nCompletionTokens": 64}))
                for _ in range(8)
            ]
            answers = await asyncio.wait_for(_first(asked, 503), 60)
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
    problem = answers.json()
    assert (problem["error"], problem["position"]) == ("busy", 2)
    assert int(answers.headers["retry-after"]) >= 1


async def _first(asked: list[asyncio.Future[httpx.Response]], status: int) -> httpx.Response:
    for finished in asyncio.as_completed(asked):
        answer = await finished
        if answer.status_code == status:
            return answer
    raise AssertionError(f"no answer had status {status}")


async def test_while_loading_health_answers_and_work_is_503() -> None:
    loading = threading.Event()

    def load(_: Settings) -> Engine:
        loading.wait(10)
        return serving.engine()

    app = create_app(serving.settings(), load)
    with serving.served(app) as url:
        async with client(url) as http:
            await asyncio.to_thread(serving.until, lambda: _answers(url))
            state = await http.get("/ready")
            refused = await http.post("/v1/tokenize", json={"model": MODEL, "text": "hi"})
            loading.set()
            await asyncio.to_thread(app.state.worker.loaded.wait)
            assert (await http.post("/v1/tokenize", json={"model": MODEL, "text": "hi"})).status_code == 200
    assert (state.status_code, state.json()["state"]) == (503, "loading")
    assert (refused.status_code, refused.json()["error"]) == (503, "not_ready")
    assert "retry-after" in refused.headers


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


async def test_a_model_that_cannot_be_loaded_says_why() -> None:
    def load(_: Settings) -> Engine:
        raise Unusable("The model x cannot be loaded: no such folder.")

    app = create_app(serving.settings(model_id="org/x"), load)
    with serving.served(app) as url:
        await asyncio.to_thread(app.state.worker.loaded.wait)
        async with client(url) as http:
            state = (await http.get("/ready")).json()
            refused = await http.post("/v1/steer/completion", json=STEER)
    assert (state["state"], state["model"], state["ready"]) == ("failed", "x", False)
    assert state["detail"] == "The model x cannot be loaded: no such folder."
    assert refused.status_code == 503


async def test_a_fault_of_ours_is_500_in_the_same_shape_and_the_worker_lives_on() -> None:
    class Broken:
        saes = serving.engine().saes

    app = create_app(serving.settings(), lambda _: Broken())  # type: ignore[arg-type, return-value]
    with serving.served(app) as url:
        assert await asyncio.to_thread(app.state.worker.loaded.wait, 300)
        async with client(url) as http:
            for path, body in (("/v1/tokenize", {"model": MODEL, "text": "hi"}), ("/v1/steer/completion", STEER)):
                failed = await http.post(path, json=body)
                assert failed.status_code == 500
                assert failed.json() == {"error": "internal", "message": "The worker failed: AttributeError."}
            assert (await http.get("/health")).status_code == 200


async def test_work_that_fails_on_the_way_ends_its_stream_with_an_error_event(
    worker_url: str,
) -> None:
    """The model's last layer is made to give no numbers after a few steps, as an overflow in float16 would."""
    steps = []

    def overflow(_: object, __: object, output: Any) -> Any:
        steps.append(1)
        return output * float("nan") if len(steps) > 4 else None

    handle = serving.language_model().plain.model.norm.register_forward_hook(overflow)
    try:
        async with client(worker_url) as http:
            events = await frames(http, STEER)
    finally:
        handle.remove()
    assert {name for name, _ in events[:-1]} == {""}
    assert events[-1][0] == "error"
    assert (events[-1][1]["error"], events[-1][1]["field"]) == ("diverged", "features")
