"""Several models behind one address; and the Ray Serve application with two replicas, where Ray is installed."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from inference_worker.deploy.models import MODEL_HEADER, REPLICA_HEADER, Dispatcher, guarded
from inference_worker.wire.base import SECRET_HEADER
from memicos_app.settings import ROOT
from tests.inference_worker import serving
from tests.inference_worker.serving import MODEL, SECRET, SOURCE
from tests.running import free_port

TEST = {"model": MODEL, "source": SOURCE, "index": 4044, "prompt": "According to the treaty of 1648"}
WITHOUT_RAY = "Ray is not installed: pip install 'memicos[ray]'"
STARTING = 300.0
"""Seconds that a cluster of one machine and two models may take where other work keeps it busy."""


class Stub:
    """Stands for a loaded worker: says whose it is and what it was sent."""

    def __init__(self, model: str) -> None:
        self._model = model
        self.app: Any = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        await JSONResponse({"served": self._model, "body": body.decode()})(scope, receive, send)


@pytest.fixture
async def dispatched() -> httpx.AsyncClient:
    async def worker(model: str) -> Any:
        return Stub(model)

    app = guarded(Dispatcher({"small": "org/Small", "large": "large.res"}, worker, "replica-1"), serving.settings())
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://ray", headers={SECRET_HEADER: SECRET}
    )


@pytest.mark.parametrize(
    ("body", "header", "served"),
    [
        ({"model": "large"}, {}, "large.res"),
        ({"modelId": "small"}, {}, "org/Small"),
        ({"model": "small"}, {MODEL_HEADER: "large"}, "large.res"),
        ({"model": "none"}, {}, "org/Small"),
        ({"model": 5}, {}, "org/Small"),
        ([], {}, "org/Small"),
    ],
)
async def test_each_request_goes_to_its_model_with_its_body(
    dispatched: httpx.AsyncClient, body: Any, header: dict[str, str], served: str
) -> None:
    answer = await dispatched.post("/v1/tokenize", json=body, headers=header)
    assert answer.json()["served"] == served
    assert httpx.Response(200, text=answer.json()["body"]).json() == body
    assert answer.headers[REPLICA_HEADER] == "replica-1"


async def test_nothing_is_loaded_without_the_secret(dispatched: httpx.AsyncClient) -> None:
    for headers in ({SECRET_HEADER: "wrong"}, {SECRET_HEADER: "wrong", MODEL_HEADER: "large"}):
        answer = await dispatched.post("/v1/tokenize", json={"model": "large"}, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    assert (await dispatched.get("/health/", headers={SECRET_HEADER: ""})).status_code == 200


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Two replicas of the real worker behind Ray's proxy on this machine."""
    port = free_port()
    log = tmp_path_factory.mktemp("ray") / "ray.log"
    with log.open("wb") as output:
        process = start(port, output.fileno())
    try:
        headers = {SECRET_HEADER: SECRET}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, trust_env=False) as http:
            until_ready(http, process, log)
            yield http
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(300)


def start(port: int, output: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "inference_worker.deploy.ray_serve", "min_replicas=2", "num_cpus=0.5"]
    command += ["models=smollm2-135m-it.res-4k,nowhere/to-be-found"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
        "INFERENCE_PORT": str(port),
        "INFERENCE_SERVER_SECRET": SECRET,
        "SAE_DIR": str(serving.sae_folder()),
        "WORKER_THREADS": "1",
        "INFERENCE_QUEUE": "4",
    }
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)


def until_ready(http: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + STARTING
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            if http.get("/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(1)
    raise AssertionError(f"not ready in {STARTING} s:\n{log.read_text()}")


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason=WITHOUT_RAY)
class TestRay:
    def test_two_replicas_answer_and_agree(self, cluster: httpx.Client) -> None:
        answers: dict[str, Any] = {}
        for _ in range(60):
            answer = cluster.post("/v1/activation/single", json=TEST)
            assert answer.status_code == 200, answer.text
            answers[answer.headers[REPLICA_HEADER]] = answer.json()
        assert len(answers) == 2
        first, second = answers.values()
        assert first["activation"]["values"] == pytest.approx(second["activation"]["values"], abs=1e-4)
        assert first["activation"]["maxValue"] > 10

    def test_streams_pass_frame_by_frame(self, cluster: httpx.Client) -> None:
        body = {"model": MODEL, "prompt": "Once upon a time", "features": [], "nCompletionTokens": 24, "stream": True}
        moments = []
        with cluster.stream("POST", "/v1/steer/completion", json=body) as response:
            lines = [(time.monotonic(), line) for line in response.iter_lines()]
        moments = [moment for moment, line in lines if line.startswith("data:")]
        assert "event: done" in [line for _, line in lines]
        assert len(moments) > 5
        assert moments[-1] - moments[0] > 0.1

    def test_a_client_that_leaves_holds_no_place(self, cluster: httpx.Client) -> None:
        body = {"model": MODEL, "prompt": "Once", "features": [], "nCompletionTokens": 256, "stream": True}
        began = time.monotonic()
        for _ in range(40):
            with cluster.stream("POST", "/v1/steer/completion", json=body) as response:
                assert response.status_code == 200
                next(response.iter_lines())
        assert time.monotonic() - began < 300, "forty texts of 256 tokens take several minutes when nobody stops them"

    def test_another_model_takes_the_place_of_the_first_which_comes_back(self, cluster: httpx.Client) -> None:
        absent = cluster.post("/v1/tokenize", json={"model": "to-be-found", "text": "x"})
        assert (absent.status_code, absent.json()["error"]) == (503, "not_ready"), absent.text
        assert "to-be-found" in absent.json()["message"]
        again = cluster.post("/v1/activation/single", json=TEST, headers={MODEL_HEADER: MODEL})
        assert again.status_code == 200, again.text

    def test_failures_and_snake_case_come_through(self, cluster: httpx.Client) -> None:
        refused = cluster.post("/v1/tokenize", json={"model": "gpt2", "text": "x"})
        assert (refused.status_code, refused.json()["field"]) == (404, "model")
        assert cluster.post("/v1/tokenize", json={}, headers={SECRET_HEADER: "x"}).status_code == 401
        told = cluster.post("/snake/v1/tokenize/", json={"model": MODEL, "text": "hi", "prepend_bos": False}).json()
        assert told["token_strings"] == ["hi"]
