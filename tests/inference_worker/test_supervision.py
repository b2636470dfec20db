"""Drills with real processes: the worker is killed and comes back, the site is killed and takes the worker along."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from inference_worker.__main__ import Server
from inference_worker.client import WorkerClient, WorkerDown
from inference_worker.wire.activations import ActivationSingleRequest
from inference_worker.wire.state import Readiness
from inference_worker.wire.steering import SteerCompletionRequest, SteerFeature
from memicos_app import worker
from memicos_app.settings import ROOT, Settings, get_settings
from memicos_app.worker import LocalWorker, address, free_port
from memicos_app.worker.fleet import Fleet
from tests import packaged
from tests.inference_worker import serving
from tests.inference_worker.serving import MODEL, SOURCE
from tests.running import free_port as unused_port

pytestmark = pytest.mark.slow
LOADING = 300.0
LOOKING = 0.2
"""Seconds between two looks: to ask makes a client, which takes time from what is waited for."""
TEST = ActivationSingleRequest(model=MODEL, source=SOURCE, index=5, prompt="According to the treaty of 1648")
STEER = SteerCompletionRequest(
    model=MODEL,
    prompt="Once upon a time",
    features=[SteerFeature(model=MODEL, source=SOURCE, index=100, strength=80)],
    n_completion_tokens=32,
)


def settings(folder: Path, **changes: object) -> Settings:
    """Settings of a worker that writes its log below `folder` and reads the converted model of this checkout."""
    (folder / "models").symlink_to(packaged.models())
    return serving.settings(data_dir=folder, inference_port=unused_port(), **changes)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalWorker]:
    """A supervised worker process, its model loaded."""
    made = LocalWorker(settings(tmp_path_factory.mktemp("data dir")))
    made.start()
    serving.until(lambda: _ready(made), LOADING, LOOKING)
    yield made
    made.stop()
    assert made.pid is None


def _ready(local: LocalWorker) -> bool:
    try:
        return asyncio.run(local.client().ready()).ready
    except WorkerDown:
        return False


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return b"\0" in Path(f"/proc/{pid}/cmdline").read_bytes()  # a zombie has no command line
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_health_answers_many_times_while_one_text_is_written(local: LocalWorker) -> None:
    """How fast it answers is measured in benchmarks/scheduling.py."""
    client = local.client()
    writing = asyncio.ensure_future(client.complete(STEER))
    answers = 0
    while not writing.done():
        await client.health()
        answers += 1
    assert (await writing).outputs[0].n_tokens > 0
    assert answers > 5, "it does not wait for the text's end"


def test_it_says_in_one_line_that_it_is_ready(local: LocalWorker) -> None:
    log = (local._settings.logs_dir / "worker.log").read_text()
    assert log.count("inference worker ready at http://127.0.0.1:") == 1


async def test_killed_in_the_middle_of_a_text_it_comes_back_and_answers(local: LocalWorker) -> None:
    before = await local.client().activation_single(TEST)
    pid, restarts = local.pid, local.restarts
    assert pid is not None
    with pytest.raises(WorkerDown):
        async for _ in local.client().steer(STEER.model_copy(update={"n_completion_tokens": 256})):
            os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerDown):
        await local.client().activation_single(TEST)
    await asyncio.to_thread(serving.until, lambda: local.restarts > restarts and _ready(local), LOADING, LOOKING)
    assert local.last_exit == -signal.SIGKILL
    assert local.pid not in (None, pid)
    assert await local.client().activation_single(TEST) == before


async def test_while_it_is_down_status_says_so_and_never_raises(
    local: LocalWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = Fleet(local._settings)
    monkeypatch.setattr(fleet._default, "worker", local)
    monkeypatch.setattr(worker, "_workers", fleet)
    assert (await worker.status()).ready
    pid = local.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(serving.until, lambda: not _alive(pid))
    state: Readiness = await worker.status()
    assert (state.ready, state.state) == (False, "starting")
    assert "-9" in state.detail
    await asyncio.to_thread(serving.until, lambda: _ready(local), LOADING, LOOKING)
    assert (await worker.status()).ready


def test_when_the_site_is_killed_the_worker_ends(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from memicos_app.settings import Settings
from memicos_app.worker import LocalWorker
local = LocalWorker(Settings(data_dir=Path({str(tmp_path)!r}), inference_port={unused_port()}))
local.start()
while local.pid is None:
    time.sleep(0.01)
print(local.pid, flush=True)
time.sleep(600)
"""
    site = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert site.stdout is not None
    pid = int(site.stdout.readline())
    try:
        log = tmp_path / "logs" / "worker.log"
        serving.until(lambda: log.is_file() and "running on" in log.read_text().lower(), LOADING)
        assert _alive(pid)
    finally:
        site.kill()
        site.wait()
        site.stdout.close()
    serving.until(lambda: not _alive(pid), 60)


def test_stopping_ends_a_process_that_is_still_loading(tmp_path: Path) -> None:
    local = LocalWorker(settings(tmp_path))
    local.start()
    serving.until(lambda: local.pid is not None)
    pid = local.pid
    assert pid is not None
    local.stop()
    assert not _alive(pid)
    assert local.restarts == 0


def test_what_cannot_start_is_tried_again_ever_later(tmp_path: Path) -> None:
    open_to_all = settings(tmp_path, inference_host="0.0.0.0", worker_threads=1)
    local = LocalWorker(open_to_all)
    local._secret = ""
    local.start()
    serving.until(lambda: local.restarts >= 1, LOADING)
    ended_with = local.last_exit
    local.stop()
    assert ended_with == 1
    assert "INFERENCE_SERVER_SECRET must be set" in (tmp_path / "logs" / "worker.log").read_text()


def test_a_port_that_is_taken_is_left_alone() -> None:
    with socket.create_server(("127.0.0.1", unused_port())) as taken:
        port = taken.getsockname()[1]
        assert free_port("127.0.0.1", port) not in (0, port)
    assert free_port("127.0.0.1", port) == port


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),
        ("::", "http://[::1]:1"),
        ("worker.local", "http://worker.local:1"),
    ],
)
def test_where_a_worker_is_reached(host: str, expected: str) -> None:
    assert address(host, 1) == expected


async def test_workers_elsewhere_are_used_in_turn_and_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERENCE_URLS", "http://127.0.0.1:9/,http://127.0.0.1:10")
    get_settings.cache_clear()
    await worker.start()
    try:
        urls = [worker.client().base_url for _ in range(3)]
        state = await worker.status()
    finally:
        await worker.stop()
        get_settings.cache_clear()
    assert urls == ["http://127.0.0.1:9", "http://127.0.0.1:10", "http://127.0.0.1:9"]
    assert (state.ready, state.state) == (False, "starting")


async def test_without_start_the_address_of_the_settings_is_used() -> None:
    assert isinstance(worker.client(), WorkerClient)
    assert worker.client().base_url.endswith(f":{get_settings().inference_port}")


@pytest.mark.parametrize(("number", "seconds"), [(signal.SIGTERM, 20), (signal.SIGINT, 3)])
def test_told_to_stop_by_a_host_it_lets_texts_end(number: signal.Signals, seconds: int) -> None:
    server = Server(uvicorn.Config("none", timeout_graceful_shutdown=20))
    server.handle_exit(number, None)
    assert server.should_exit
    assert server.config.timeout_graceful_shutdown == seconds
