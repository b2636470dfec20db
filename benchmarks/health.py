"""How long `/health` takes while eight texts are written and tests are asked for, over HTTP on a real worker."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress

from inference_worker.client import WorkerClient, WorkerDown
from inference_worker.wire.activations import ActivationSingleRequest
from inference_worker.wire.packaged import PACKAGED_MODEL_ID
from inference_worker.wire.steering import SteerCompletionRequest, SteerFeature
from memicos_app.settings import ROOT

SOURCE = "15-res-4k"
SECRET = "of a benchmark"
PAUSE = 0.02
STEER = SteerCompletionRequest(
    model=PACKAGED_MODEL_ID,
    prompt="The history of the city begins with",
    features=[SteerFeature(model=PACKAGED_MODEL_ID, source=SOURCE, index=100, strength=60)],
    types=["STEERED"],
    n_completion_tokens=48,
    temperature=0.0,
)
TEST = ActivationSingleRequest(
    model=PACKAGED_MODEL_ID, source=SOURCE, index="100", prompt="The treaty was signed in the spring of that year."
)


def measure(streams: int = 8) -> dict[str, float]:
    """Milliseconds of `/health` idle and under load, and tokens a second of all streams together."""
    with _worker() as url:
        return asyncio.run(_under_load(WorkerClient(url, SECRET), streams))


async def _under_load(client: WorkerClient, streams: int) -> dict[str, float]:
    await _ready(client)
    await client.complete(STEER.model_copy(update={"n_completion_tokens": 2}))
    idle = await _probed(client, asyncio.sleep(1))
    began = time.perf_counter()
    busy = await _probed(client, asyncio.gather(*(_written(client) for _ in range(streams)), _tests(client)))
    taken = time.perf_counter() - began
    return {
        "streams": streams,
        "tokens_per_second": round(streams * STEER.n_completion_tokens / taken, 1),
        "health_idle_ms_median": idle[len(idle) // 2],
        "health_busy_ms_median": busy[len(busy) // 2],
        "health_busy_ms_p95": busy[len(busy) * 95 // 100],
        "health_busy_ms_worst": busy[-1],
        "probes": len(busy),
    }


async def _probed(client: WorkerClient, load: Awaitable[object]) -> list[float]:
    """Milliseconds of every probe while the load lasts, sorted."""
    working = asyncio.ensure_future(load)
    taken = []
    while not working.done():
        began = time.perf_counter()
        await client.health()
        taken.append(round(1000 * (time.perf_counter() - began), 1))
        await asyncio.sleep(PAUSE)
    await working
    return sorted(taken)


async def _written(client: WorkerClient) -> None:
    async for _ in client.steer(STEER):
        pass


async def _tests(client: WorkerClient) -> None:
    for _ in range(4):
        await client.activation_single(TEST)
        await asyncio.sleep(0.2)


async def _ready(client: WorkerClient) -> None:
    while True:
        with suppress(WorkerDown):
            if (await client.ready()).ready:
                return
        await asyncio.sleep(0.2)


@contextmanager
def _worker() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"INFERENCE_PORT": str(port), "INFERENCE_SERVER_SECRET": SECRET, "LOG_LEVEL": "warning"}
    process = subprocess.Popen(
        [sys.executable, "-m", "inference_worker"], cwd=ROOT, env={**os.environ, **environment}
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
