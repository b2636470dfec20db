"""The requests that docs/api.md shows, sent as they stand."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import httpx
import pytest

from memicos_app.settings import ROOT

SHOWN = re.findall(r"```bash\n(curl .*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL)
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("imported", "worker")]


def request_of(command: str) -> httpx.Request:
    """What a line of curl sends, of the options that the page uses."""
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    method, url, content, headers = "GET", "", b"", {}
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(":")
            headers[name.strip()] = value.strip()
        elif word in ("-d", "--data-binary"):
            method, content = "POST", next(words).encode()
        elif not word.startswith("-"):
            url = word
    return httpx.Request(method, f"http://{url}", headers=headers, content=content)


def test_there_are_some() -> None:
    assert len(SHOWN) >= 6


@pytest.mark.parametrize("command", SHOWN, ids=lambda one: re.sub(r"[?'\s].*", "", one.split("localhost:3000")[1]))
async def test_it_is_answered(client: httpx.AsyncClient, command: str, tmp_path: Path) -> None:
    request = request_of(command)
    path = request.url.raw_path.decode().removeprefix("/api")
    if request.content.startswith(b"@"):
        return  # A file of the reader's own; tests/api/test_uploads.py sends one.
    answer = await client.request(request.method, path, headers=dict(request.headers), content=request.content)
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"] == "application/json":
        assert json.loads(answer.content)
    else:
        assert b"event: done" in answer.content
