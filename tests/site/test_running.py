"""The site as a process: it answers, stops with all it started, and survives being killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import httpx
import psutil
import pytest

from memicos_app.settings import ROOT
from memicos_app.site import frontend
from memicos_app.site.server import LARGEST_EVENT
from tests import packaged
from tests.running import RunningSite, environment, gone, running_site

pytestmark = pytest.mark.slow
STEER = {
    "modelId": "smollm2-135m-it",
    "prompt": "The history of the city begins with",
    "features": [{"modelId": "smollm2-135m-it", "layer": "15-res-4k", "index": 100, "strength": 40}],
    "temperature": 0.5,
    "n_tokens": 24,
    "freq_penalty": 0,
    "seed": 1,
    "strength_multiplier": 1,
    "stream": True,
}
SECOND_START = 8.0
"""Seconds of processor time, whatever else the machine does; benchmarks/startup.py measures the wall's."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory, built_site: Path) -> Path:
    """A data folder with a model that need not be converted again."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "models").symlink_to(packaged.models(), target_is_directory=True)
    return folder


@pytest.fixture(scope="module")
def site(data_dir: Path) -> Iterator[RunningSite]:
    with running_site(data_dir, WEB_DIR=str(web_dir())) as started:
        yield started


@pytest.mark.parametrize("address", ["/", "/admin", "/any-model", "/any-model/any-source", "/m/s/1", "/m/steer"])
def test_pages_answer_without_a_redirect(site: RunningSite, address: str) -> None:
    answer = httpx.get(f"{site.url}{address}", timeout=30)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_every_file_that_a_page_names_is_there_and_kept(site: RunningSite) -> None:
    page = httpx.get(f"{site.url}/", timeout=30).text
    names = {part.split('"')[0] for part in page.split('href="/assets/')[1:]}
    assert len(names) > 3
    for name in names:
        answer = httpx.get(f"{site.url}/assets/{name}", timeout=30)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert httpx.get(f"{site.url}/assets/none.js", timeout=30).status_code == 404


def test_api_and_events_share_the_port(site: RunningSite) -> None:
    assert httpx.get(f"{site.url}/api/health", timeout=30).json() == {"status": "ok"}
    assert httpx.get(f"{site.url}/_rx/_health", timeout=30).status_code == 200
    handshake = {"EIO": "4", "transport": "websocket"}
    assert httpx.get(f"{site.url}/_rx/_event/", params=handshake, timeout=30).status_code == 400
    unknown = httpx.get(f"{site.url}/api/none", timeout=30)
    assert (unknown.status_code, unknown.json()["error"]) == (404, "not_found")


async def test_who_sends_too_much_over_a_socket_is_cut_off_and_nobody_else(site: RunningSite) -> None:
    address, origin = f"{site.url}/_rx/_event/?EIO=4&transport=websocket", {"Origin": site.url}
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(address, headers=origin) as other,
        http.ws_connect(address, headers=origin, compress=15) as sender,
    ):
        assert (await sender.receive_str(timeout=30)).startswith("0")
        assert (await other.receive_str(timeout=30)).startswith("0")
        await sender.send_str("42" + "a" * (LARGEST_EVENT + 1))
        ended = await sender.receive(timeout=30)
        assert (ended.type, ended.data) == (aiohttp.WSMsgType.CLOSE, 1009)
        await other.send_str("40/_rx/_event,{}")
        assert (await other.receive_str(timeout=30)).startswith(("2", "4"))


def test_any_origin_may_read_the_api(site: RunningSite) -> None:
    headers = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    assert (
        httpx.get(f"{site.url}/api/health", headers=headers, timeout=30).headers["access-control-allow-origin"] == "*"
    )
    assert httpx.options(f"{site.url}/api/steer", headers=headers).status_code == 200


def test_short_links_lead_to_the_steer_page(site: RunningSite) -> None:
    answer = httpx.get(f"{site.url}/steer", timeout=30)
    assert (answer.status_code, answer.headers["location"]) == (307, "/smollm2-135m-it/steer")
    assert httpx.get(f"{site.url}/steer/none", timeout=30).headers["location"] == "/404"


def test_the_web_process_holds_no_torch(site: RunningSite) -> None:
    maps = Path(f"/proc/{site.process.pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    assert "libtorch" not in maps.read_text()
    assert site.part("inference_worker").pid != site.process.pid


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(data_dir: Path, tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "models").symlink_to(data_dir / "models")
    with running_site(tmp_path, WEB_DIR=str(web_dir())) as started:
        parts = [started.part(name) for name in ("inference_worker", "memicos_app.jobs", "postgres")]
        family = started.family()
        assert set(parts) <= set(family)
        assert started.stop(number) == 0
        assert gone(family) == []
    assert started.log.read_text().rstrip().endswith("Stopped.")
    assert "Traceback" not in started.log.read_text()


def test_killed_it_leaves_no_worker_and_starts_again(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(data_dir / "models")
    built = str(web_dir())
    with running_site(tmp_path, WEB_DIR=built) as started:
        parts = [started.part(name) for name in ("inference_worker", "memicos_app.jobs")]
        started.process.kill()
        started.process.wait()
        assert gone(parts) == []
    with running_site(tmp_path, WEB_DIR=built, PORT=started.environment["PORT"]) as again:
        assert httpx.get(f"{again.url}/api/status", timeout=30).json()["database"]["ready"]
        family = again.family()
        again.stop()
        assert gone(family) == []
    assert servers_of(tmp_path) == []


def servers_of(data_dir: Path) -> list[psutil.Process]:
    """Database servers over a data folder."""
    found = [(one, " ".join(one.info["cmdline"] or ())) for one in psutil.process_iter(["cmdline"])]
    return [one for one, command in found if "postgres" in command and str(data_dir) in command]


def test_a_taken_port_gets_one_sentence(site: RunningSite, tmp_path: Path) -> None:
    port = site.environment["PORT"]
    for command in ("run", "serve"):
        done = memicos(command, tmp_path, PORT=port)
        assert done.returncode == 1
        assert done.stderr.strip() == (
            f"Port {port} is taken by {psutil.Process(site.process.pid).name()} (process {site.process.pid}); "
            "stop it, or set PORT in .env to a free port."
        )


def test_a_setting_that_cannot_be_right_gets_one_sentence(tmp_path: Path) -> None:
    done = memicos("serve", tmp_path, PORT="many")
    assert done.returncode == 1
    assert done.stderr.startswith("PORT in .env or the environment: Input should be a valid integer")
    assert "Traceback" not in done.stderr


def test_a_database_that_cannot_be_reached_gets_one_sentence(tmp_path: Path, built_site: Path) -> None:
    done = memicos("serve", tmp_path, DATABASE_URL="postgresql://me:hidden@127.0.0.1:9/x", WEB_DIR=str(web_dir()))
    assert done.returncode == 1
    assert "Cannot connect to the database" in done.stderr
    assert "hidden" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_built_gets_one_sentence(tmp_path: Path) -> None:
    done = memicos("serve", tmp_path, WEB_DIR=str(tmp_path / "web"))
    assert done.returncode == 1
    assert done.stderr.strip() == "There is no built frontend to serve; run `memicos build` first."


def test_a_second_start_builds_nothing_and_is_quick(data_dir: Path) -> None:
    if not frontend.is_current():
        frontend.build()
    page = frontend.static_dir() / "index.html"
    before = page.stat().st_mtime_ns
    with running_site(data_dir, "run", WEB_DIR=str(web_dir())):
        pass  # imports the demo
    with running_site(data_dir, "run", WEB_DIR=str(web_dir()), SHUTDOWN_SECONDS="120") as started:
        httpx.get(f"{started.url}/", timeout=30).raise_for_status()
        took = psutil.Process(started.process.pid).cpu_times()
        log = started.log.read_text()
        told_to_stop_it_lets_a_text_end(started)
    assert "nothing changed" in log
    assert page.stat().st_mtime_ns == before
    assert took.user + took.system <= SECOND_START, log


def told_to_stop_it_lets_a_text_end(site: RunningSite) -> None:
    """SIGTERM at the first piece of a text: the rest comes, and the process ends."""
    end = time.monotonic() + 180
    while not httpx.get(f"{site.url}/api/status", timeout=30).json()["worker"]["ready"]:
        assert time.monotonic() < end, "the worker is never ready"
        time.sleep(0.2)
    text = ""
    with httpx.stream("POST", f"{site.url}/api/steer", json=STEER, timeout=60) as answer:
        for piece in answer.iter_text():
            if not text:
                site.process.send_signal(signal.SIGTERM)
            text += piece
    assert "event: done" in text, text[-500:]
    assert site.process.wait(timeout=150) == 0
    assert "Traceback" not in site.log.read_text()


def test_a_signal_in_the_middle_of_a_build_leaves_nothing(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        building = subprocess.Popen(
            [sys.executable, "-m", "memicos_app.cli", "build"],
            cwd=ROOT,
            env=environment(tmp_path / "data", WEB_DIR=str(tmp_path / "web")),
            stdout=log,
            stderr=log,
        )
        started = psutil.Process(building.pid)
        deadline = time.monotonic() + 60
        while not (family := started.children(recursive=True)) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)  # a child that is just being made is nobody's yet
        family = started.children(recursive=True)
        building.terminate()
        assert building.wait(30) == 0
    assert family
    assert gone(family) == []
    assert not (tmp_path / "web" / "memicos-build.sha256").exists()


def web_dir() -> Path:
    return frontend.web_dir()


def memicos(command: str, data_dir: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "memicos_app.cli", command],
        cwd=ROOT,
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
