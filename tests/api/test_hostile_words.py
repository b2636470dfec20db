"""What a person sends is in no line of the log, and no text that cannot be stored makes a route fail."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from memicos_app.api.app import api
from memicos_app.library.accounts.rights import Right
from memicos_app.library.logs import QUIET
from memicos_app.settings import get_settings
from memicos_app.site.walls import walled
from tests.api.test_other_peoples import CANARY, Owned, asked_by, made, sweep
from tests.people import ANN
from tests.test_rights_matrix import ROUTES, needed_by_route

__all__ = ["asked_by"]
MADE: list[Owned] = []
UNWRITABLE = ("\x00", "\ud800", "a\x00b\udfff", "\u202e\x1b[31m")
ADDRESS, KEY = "203.0.113.77", "sk-mem-canary7731"
CHANGING = (Right.READ, Right.RUN, Right.WRITE)


@pytest.fixture
async def anns(client: httpx.AsyncClient, imported: str, asked_by: Any) -> Owned:
    """One of everything, made once; these tests change it."""
    if not MADE:
        MADE.append(await made(client, asked_by))
    return MADE[0]


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What stands in the log of a site, which is told nothing of other packages' requests."""
    kept = [one for one in caplog.records if not one.name.startswith(QUIET) or one.levelno >= logging.WARNING]
    return "\n".join(logging.Formatter("%(name)s %(message)s").format(one) for one in kept)


async def test_the_log_holds_nothing_of_what_was_sent(
    client: httpx.AsyncClient,
    imported: str,
    anns: Owned,
    asked_by: Any,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, "memicos_app.requests")
    site = walled(Starlette(routes=[Mount("/api", api)]), tmp_path, get_settings())
    served = httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://localhost/api")
    methods = {one.path: next(iter(one.methods or ())) for one in ROUTES if needed_by_route(one) in CHANGING}
    with asked_by(ANN):
        for path, (address, body) in sweep(anns).items():
            if "delete" in path or "revoke" in path or "/end" in path:
                continue
            filled = with_text(body, CANARY, keep=("modelId", "source", "layer", "listId", "id"))
            headers = {"x-forwarded-for": ADDRESS, "user-agent": CANARY, "referer": f"http://{CANARY}/"}
            await served.request(
                methods[path], address, json=filled if methods[path] == "POST" else None, headers=headers
            )
    refused = await served.post("/list/list", json={}, headers={"x-api-key": KEY})
    assert refused.status_code == 401
    assert KEY not in refused.text
    text = logged(caplog)
    assert text.count("POST /api/list/") > 5, "requests are told of, by their routes"
    assert not [word for word in (CANARY, ADDRESS, KEY) if word in text], text


@pytest.mark.parametrize("text", UNWRITABLE)
async def test_no_text_makes_a_route_fail(
    client: httpx.AsyncClient, imported: str, anns: Owned, asked_by: Any, text: str
) -> None:
    wrong = []
    taken = {one.path for one in ROUTES if needed_by_route(one) in CHANGING and "POST" in (one.methods or ())}
    with asked_by(ANN):
        for path, (address, body) in sweep(anns).items():
            if path not in taken:
                continue
            for keep in ((), ("modelId", "source", "layer", "listId", "index")):
                sent = json.dumps(with_text(body, text, keep=keep)).encode()
                answer = await client.post(address, content=sent, headers={"content-type": "application/json"})
                answer.json()
                if answer.status_code >= 500 and answer.status_code != 503:
                    wrong.append((path, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


def with_text(body: Any, text: str, *, keep: tuple[str, ...]) -> Any:
    """A body whose every text is `text`, but for those that name what is asked for."""
    if isinstance(body, dict):
        return {name: one if name in keep else with_text(one, text, keep=keep) for name, one in body.items()}
    if isinstance(body, list):
        return [with_text(one, text, keep=keep) for one in body]
    return text if isinstance(body, str) else body
