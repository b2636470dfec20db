"""Who may do what, over every route of the API and every handler of every page, in every mode."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from fastapi.routing import APIRoute
from reflex.event import Event
from reflex_base.registry import RegistrationContext

from memicos_app.api import docs
from memicos_app.api.app import ROUTERS, api
from memicos_app.api.rights import CHANGING
from memicos_app.api.rights import needed as needed_by_route
from memicos_app.components.rights import OF_REFLEX, is_declared
from memicos_app.components.rights import needed as needed_by_handler
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import OWNER, VISITOR, Person, set_person
from memicos_app.library.accounts.rights import RIGHTS, Right
from memicos_app.library.errors import BadInputError, ForbiddenError, SignInError
from memicos_app.memicos_app import PAGES
from memicos_app.settings import get_settings
from memicos_app.site import links
from memicos_app.site.admission import admit

ROUTES = [route for router in (docs.router, *ROUTERS) for route in router.routes if isinstance(route, APIRoute)]
HANDLERS = {name: one.handler for name, one in RegistrationContext.get().event_handlers.items()}
OURS = {name: one for name, one in HANDLERS.items() if one.fn.__module__.startswith("memicos_app.")}
REST = {name: one for name, one in HANDLERS.items() if one.fn.__module__.startswith(("reflex.", "reflex_base."))}
ROLES = {"visitor": VISITOR, "person": Person("p1", "p", way="key"), "admin": Person("a1", "a", True, "key")}
MODES = ("open", "closed", "demo")
CASES = list(itertools.product(MODES, ROLES))


@pytest.fixture
def client() -> httpx.AsyncClient:
    """A client of the API as the site mounts it."""
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://site.example")


@pytest.fixture
def asked_by(monkeypatch: pytest.MonkeyPatch, mode: str, role: str) -> Iterator[Person]:
    """The site is in a mode, and each request and event comes from somebody with a role."""
    monkeypatch.setenv("ACCESS", mode)
    get_settings.cache_clear()
    monkeypatch.setattr(rights, "somebody", lambda: ROLES[role])
    set_person(ROLES[role])
    yield ROLES[role]
    set_person(OWNER)
    get_settings.cache_clear()


def asked(route: APIRoute) -> str:
    """An address of a route that leads nowhere."""
    return re.sub(r"\{index\}", "999999", re.sub(r"\{\w+(:\w+)?\}", "none", route.path))


def rows(url: str) -> dict[str, int]:
    """How many rows each table has, but for the one that counts what was asked for."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT relname FROM pg_stat_user_tables WHERE relname <> 'rate_windows' ORDER BY relname"
        ).fetchall()
        counts = {}
        for (name,) in names:
            found = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
            assert found is not None
            counts[name] = found[0]
    return counts


def test_every_route_says_what_it_needs() -> None:
    assert [route.path for route in ROUTES if needed_by_route(route) is None] == []
    assert len(ROUTES) > 50
    included = [one for one in api.routes if type(one).__name__ == "_IncludedRouter"]
    others = [getattr(one, "path", "") for one in api.routes if one not in included]
    assert len(included) == len(ROUTERS) + 1
    assert others == ["/openapi.json"], "a route beside the routers declares nothing"


def test_what_changes_something_is_not_for_reading() -> None:
    """GET changes nothing, so that neither a link nor a picture of another site can."""
    for route in ROUTES:
        if "GET" in (route.methods or set()) and needed_by_route(route) in CHANGING:
            known = ("/jobs", "/user/export", "/activity")
            assert route.path.startswith(known), f"{route.path} is read with a right to change"


def test_every_handler_says_what_it_needs() -> None:
    assert PAGES
    assert [name for name, one in OURS.items() if not is_declared(one)] == []
    assert len(OURS) > 150


def test_of_reflex_only_what_pages_use_is_run() -> None:
    """`setvar` would set any variable by its name."""
    assert {one.fn.__name__ for one in REST.values() if needed_by_handler(one) is not None} <= set(OF_REFLEX)
    assert all(needed_by_handler(one) is None for name, one in REST.items() if name.endswith(".setvar"))
    assert set(HANDLERS) == set(OURS) | set(REST)


def test_no_handler_sets_a_variable_by_itself() -> None:
    """Reflex makes setters where it is told to; a handler of that name is one that somebody wrote."""
    assert [name for name, one in OURS.items() if one.fn.__qualname__.startswith("Var.")] == []


@pytest.mark.parametrize(("mode", "role"), CASES)
async def test_the_matrix_of_routes(
    imported: str, client: httpx.AsyncClient, asked_by: Person, mode: str, role: str
) -> None:
    may: frozenset[Right] = RIGHTS[mode][role]  # type: ignore[index]
    before = rows(imported)
    for route in ROUTES:
        needs = needed_by_route(route)
        method = next(iter(route.methods or {"GET"}))
        answer = await client.request(method, asked(route), json={} if method == "POST" else None)
        if needs in may:
            assert answer.status_code not in (401, 500), f"{route.path}: {answer.text}"
        else:
            assert answer.status_code in (401, 403), f"{route.path} let a {role} pass in mode {mode}"
            assert answer.json()["error"] in ("sign_in", "forbidden")
    assert rows(imported) == before, "nothing of this changes anything"


@pytest.mark.parametrize(("mode", "role"), CASES)
def test_the_matrix_of_handlers(asked_by: Person, mode: str, role: str) -> None:
    may: frozenset[Right] = RIGHTS[mode][role]  # type: ignore[index]
    for name, handler in HANDLERS.items():
        passed = True
        try:
            admit(Event(name=name, payload={}))
        except BadInputError:
            pass  # it was asked after the right, and the payload is none
        except (SignInError, ForbiddenError):
            passed = False
        assert passed == (needed_by_handler(handler) in may), f"{name} for a {role} in mode {mode}"


def test_links_are_declared() -> None:
    assert {one.path for one in links.ROUTES} == set(links.NEEDS)


def test_a_person_at_the_machine_may_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESS", "single")
    get_settings.cache_clear()
    set_person(rights.somebody())
    for name, handler in OURS.items():
        if needed_by_handler(handler) is None:
            continue
        try:
            admit(Event(name=name, payload={}))
        except BadInputError:
            continue
    get_settings.cache_clear()


async def test_pages_of_other_sites_change_nothing(database: str, client: httpx.AsyncClient) -> None:
    posts = [route for route in ROUTES if needed_by_route(route) in CHANGING and "POST" in (route.methods or set())]
    assert posts
    foreign: list[dict[str, Any]] = [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}]
    for route, headers in itertools.product(posts, foreign):
        answer = await client.post(asked(route), json={}, headers=headers)
        assert answer.status_code == 403, route.path
