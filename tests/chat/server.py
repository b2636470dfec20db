"""The chat server of a test run: a process of its own, started by the first test that wants it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from inference_worker.wire.packaged import PACKAGED_MODEL_ID
from memicos_app.settings import ROOT
from tests.running import free_port

KEY = "sk-test-0123456789abcdefWXYZ"
PATIENCE = 300.0


@dataclass(frozen=True)
class ChatServer:
    """An OpenAI-compatible server that runs the demo model; `KEY` is the key where `told(key=KEY)` asks for one."""

    url: str
    """As CHAT_BASE_URL takes it."""
    model: str = PACKAGED_MODEL_ID
    key: str = KEY

    def told(self, *faults: dict[str, Any], **options: Any) -> None:
        """Begin anew, with faults for the next requests, in turn.

        A fault is one of `status` (with `headers`, `message`, `code`), `cut`, `raw` and `say`, each with or without
        `delay`. `always`: one for all requests after them; `key`: the one that is right.
        """
        httpx.post(self._control, json={"faults": faults, **options}, timeout=30).raise_for_status()

    def asked(self) -> list[dict[str, Any]]:
        """Bodies of requests since, with `at` and `authorization`."""
        found: list[dict[str, Any]] = self._seen()["asked"]
        return found

    def most_busy(self) -> int:
        """How many requests were being answered at once since."""
        return int(self._seen()["most_busy"])

    @property
    def _control(self) -> str:
        return self.url.removesuffix("/v1") + "/control"

    def _seen(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(self._control, timeout=30).json()
        return found


@contextmanager
def running_chat_server(folder: Path) -> Iterator[ChatServer]:
    """The server until the block ends; one that runs already where TEST_CHAT_URL names it."""
    if url := os.environ.get("TEST_CHAT_URL"):
        yield ChatServer(url)
        return
    port, log = free_port(), folder / "chat.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chat.serving", str(port)], cwd=ROOT, stdout=out, stderr=out
        )
    server = ChatServer(f"http://127.0.0.1:{port}/v1")
    try:
        _wait(server, process, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: ChatServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{server.url}/models", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the chat server does not answer; its log:\n{log.read_text()}")
