"""What pages of other sites get: in a site for one nothing, since it acts for its owner whoever asks."""

from __future__ import annotations

import re

import httpx
import pytest
from fastapi.routing import APIRoute

from memicos_app.api.app import ROUTERS
from memicos_app.api.rights import needed
from memicos_app.library.accounts.rights import Right
from memicos_app.settings import get_settings

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
FOREIGN = [
    {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    {"origin": "null", "sec-fetch-site": "cross-site"},
    {"origin": "http://site.example:8888", "sec-fetch-site": "same-site"},
    {"origin": "http://site.example.evil.example"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
    {"sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
]
LINK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
OWN = [
    {},
    {"origin": "http://site.example", "sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
]


def address(route: APIRoute) -> str:
    return re.sub(r"\{index\}", "999999", re.sub(r"\{\w+(:\w+)?\}", "none", route.path))


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_site_for_one_gives_them_nothing(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """No database is there: it is refused before one is asked. As a browser sends it without asking: text/plain."""
    for route in ROUTES:
        if needed(route) is Right.OPEN:
            continue
        method = next(iter(route.methods or ()))
        sent = {**headers, "content-type": "text/plain"}
        answer = await client.request(method, address(route), content="{}", headers=sent)
        assert answer.status_code == 403, f"{method} {route.path}"
        assert answer.json()["error"] == "forbidden"


async def test_a_link_of_another_site_may_lead_to_what_is_only_read(client: httpx.AsyncClient, database: str) -> None:
    assert (await client.get("/list/none", headers=LINK)).status_code == 404
    assert (await client.post("/list/get", json={"listId": "none"}, headers=LINK)).status_code == 403
    assert (await client.get("/jobs", headers=LINK)).status_code == 403


@pytest.mark.parametrize("headers", OWN)
async def test_own_pages_and_programs_are_answered(
    client: httpx.AsyncClient, database: str, headers: dict[str, str]
) -> None:
    assert (await client.post("/model/list", json={}, headers=headers)).status_code == 200
    assert (await client.get("/jobs", headers=headers)).status_code == 200


async def test_where_people_sign_in_any_site_may_read(
    client: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESS", "open")
    get_settings.cache_clear()
    answer = await client.post("/model/list", json={}, headers=FOREIGN[0])
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert "access-control-allow-credentials" not in answer.headers
    monkeypatch.undo()
    get_settings.cache_clear()


async def test_a_page_of_the_public_address_is_one_of_ours(
    client: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"origin": "https://lab.example"}
    assert (await client.post("/model/list", json={}, headers=own)).status_code == 403
    monkeypatch.setenv("PUBLIC_URL", "https://lab.example/")
    get_settings.cache_clear()
    assert (await client.post("/model/list", json={}, headers=own)).status_code == 200
    monkeypatch.undo()
    get_settings.cache_clear()
