"""Who may not see a page is led to signing in, or told so by the status, before anything of the page is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from reflex.page import DECORATED_PAGES
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from memicos_app.library.accounts import recognising
from memicos_app.library.accounts.person import Person
from memicos_app.memicos_app import PAGES
from memicos_app.settings import get_settings
from memicos_app.site.entrance import NEEDS, Entrance

Ask = Callable[..., Awaitable[tuple[int, str]]]
PEOPLE = {"bob": Person("b", "bob", way="session"), "eve": Person("e", "eve", admin=True, way="session")}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    """A browser whose cookie says who it is, before a site that answers every address."""

    async def site(scope: Scope, receive: Receive, send: Send) -> None:
        kept = "if-none-match" in Request(scope).headers
        answer: Response = Response(status_code=304) if kept else PlainTextResponse("page", headers={"ETag": "1"})
        await answer(scope, receive, send)

    async def known(token: str) -> Person | None:
        return PEOPLE.get(token)

    monkeypatch.setattr(recognising.sessions, "recognise", known)
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "compare.html").write_text("page")
    return httpx.AsyncClient(transport=httpx.ASGITransport(Entrance(site, tmp_path)), base_url="http://site.example")


@pytest.fixture
def ask(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> Ask:
    async def asked(mode: str, who: str, address: str, **headers: str) -> tuple[int, str]:
        monkeypatch.setattr(get_settings(), "access", mode)
        cookie = {"cookie": f"memicos_session={who}"} if who else {}
        answer = await client.get(address, headers={**cookie, **headers})
        return answer.status_code, answer.headers.get("location", "")

    return asked


async def test_a_closed_site_shows_visitors_the_way_in_alone(ask: Ask) -> None:
    for address in ("/", "/compare", "/compare.html", "/m/s/1", "/list/abc", "/favicon.ico", "/../compare"):
        status, location = await ask("closed", "", address)
        assert (status, location.startswith("/signin?next=/")) == (307, True), address
        assert (await ask("closed", "bob", address))[0] == 200
    for address in (
        "/signin?next=/a",
        "/auth/email?token=x",
        "/unsubscribe",
        "/favicon.svg",
        "/assets/a.js",
        "/_event",
    ):
        assert await ask("closed", "", address) == (200, "")
    assert (await ask("closed", "", "/m/s?a=1&b=//x"))[1] == "/signin?next=/m/s%3Fa%3D1%26b%3D//x"


async def test_pages_for_people_and_for_administrators(ask: Ask) -> None:
    assert await ask("open", "", "/compare") == (200, "")
    assert await ask("open", "", "/account") == (307, "/signin?next=/account")
    assert await ask("open", "", "/admin/jobs/7") == (307, "/signin?next=/admin/jobs/7")
    assert await ask("open", "bob", "/account") == (200, "")
    for address in ("/admin", "/admin/", "/admin/providers", "/admin.html", "/model/new"):
        assert await ask("open", "bob", address, **{"if-none-match": "1"}) == (403, ""), address
        assert await ask("open", "eve", address) == (200, ""), address
        assert await ask("demo", "eve", address) == (403, ""), address
    assert (await ask("open", "gone", "/admin"))[0] == 307
    assert await ask("single", "", "/admin") == (200, "")


def test_the_table_names_pages_that_there_are() -> None:
    assert PAGES
    pages = {page["route"] for _, page in DECORATED_PAGES["memicos_app"]}
    assert set(NEEDS) - pages == {"/source-set/new"}, "a link that leads to a page"
