"""Signing in with GitHub, which signs nothing and says who it is by its API: a server of its shape on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from memicos_app.library.accounts import users
from memicos_app.library.accounts.elsewhere_talk import Talk
from memicos_app.library.query import rows
from tests import github_server
from tests.api import elsewhere_site
from tests.api.elsewhere_site import browser, who
from tests.github_server import GitHub

BEGIN = "/api/auth/elsewhere/github"


@pytest.fixture(scope="module")
def running() -> Iterator[GitHub]:
    """One server for all tests here."""
    with github_server.github() as made:
        yield made


@pytest.fixture(autouse=True)
def there(running: GitHub, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[GitHub]:
    """The server as it was, and a site whose people sign in with it."""
    fresh = GitHub()
    running.about, running.emails, running.denies, running.refuses = fresh.about, fresh.emails, False, None
    own = {"GITHUB_CLIENT_ID": github_server.CLIENT, "GITHUB_CLIENT_SECRET": github_server.SECRET}
    with elsewhere_site.site(monkeypatch, tmp_path, running.url, GITHUB_URL=f"{running.url}/", **own):
        yield running


async def agreed(client: httpx.AsyncClient, **query: str) -> str:
    return await elsewhere_site.agreed(client, BEGIN, **query)


async def landed(client: httpx.AsyncClient, back: str) -> str:
    """Where the site sends a browser on that came back."""
    answer = await client.get(back)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_the_primary_address_is_the_accounts_and_a_second_visit_finds_it_by_number(there: GitHub) -> None:
    async with browser() as client:
        assert await landed(client, await agreed(client, next="/compare?a=1")) == "/compare?a=1"
        assert await who(client) == "ada-l"
    assert (await users.user("ada-l")).email == "ada@example.org"
    there.about = {"id": 583231, "login": "renamed"}
    there.emails = [{"email": "new@example.org", "primary": True, "verified": True}]
    async with browser() as client:
        await landed(client, await agreed(client))
        assert await who(client) == "ada-l"
    assert [one.name for one in await users.everybody() if not one.bot and one.id != "owner"] == ["ada-l"]


NOT_VOUCHED_FOR: list[Any] = [
    [{"email": "ada@example.org", "primary": True, "verified": False}],
    [{"email": "ada@example.org", "primary": False, "verified": True}],
    [{"email": "ada@example.org", "primary": "yes", "verified": "no"}],
    [{"email": "no address", "primary": True, "verified": True}],
    {"message": "Resource not accessible by integration"},
    ["ada@example.org"],
    "<html>Unicorn!</html>",
    [],
]


async def test_an_address_that_github_does_not_vouch_for_is_not_believed(there: GitHub) -> None:
    await users.add("lovelace", email="ada@example.org")
    for number, emails in enumerate(NOT_VOUCHED_FOR):
        there.about, there.emails = {"id": number, "login": f"ada-{number}"}, emails
        async with browser() as client:
            assert await landed(client, await agreed(client)) == "/"
            assert await who(client) == f"ada-{number}", emails
        assert (await users.user(f"ada-{number}")).email is None


async def test_an_address_that_somebody_here_has_joins_nobody_by_itself() -> None:
    await users.add("lovelace", email="ada@example.org")
    async with browser() as client:
        assert await landed(client, await agreed(client)) == "/signin?problem=conflict"
        assert await who(client) is None


FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"denies": True}, "sign_in"),
    ({"refuses": "bad_verification_code"}, "sign_in"),
    ({"refuses": 500}, "unavailable"),
    ({"about": {"message": "Bad credentials"}}, "sign_in"),
    ({"about": {"id": True, "login": "x"}}, "sign_in"),
    ({"about": "<html>"}, "upstream"),
]


async def test_what_goes_wrong_there_signs_nobody_in(there: GitHub) -> None:
    for fault, problem in FAULTS:
        fresh = GitHub()
        there.about, there.denies, there.refuses = fresh.about, False, None
        for name, value in fault.items():
            setattr(there, name, value)
        async with browser() as client:
            assert await landed(client, await agreed(client)) == f"/signin?problem={problem}", fault
            assert await who(client) is None
    assert await rows("SELECT 1 FROM user_identities") == []


async def test_an_answer_to_somebody_elses_question_is_none() -> None:
    async with browser() as client:
        back = await agreed(client)
        state = parse_qs(urlsplit(back).query)["state"][0]
        for wrong in (back.replace(state, "x" * len(state)), back.partition("&state")[0], back + "&state="):
            assert await landed(client, wrong) == "/signin?problem=sign_in"
            assert await who(client) is None


async def test_the_same_number_on_another_server_is_somebody_else(there: GitHub) -> None:
    async with browser() as client:
        await landed(client, await agreed(client))
    (kept,) = await rows("SELECT subject FROM user_identities")
    assert kept["subject"] == f"{urlsplit(there.url).netloc}/583231"
    known = Talk.with_github("https://github.com")
    assert known._subject(583231) == "583231"
    assert (known.authorization, known.about) == (
        "https://github.com/login/oauth/authorize",
        "https://api.github.com/user",
    )
