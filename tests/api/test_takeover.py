"""Ways to become somebody else that one would try: links, keys, forged addresses, pages of other sites, guesses."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from reflex_base.event.context import EventContext

from memicos_app.api import account, auth, cookies, elsewhere
from memicos_app.api.app import api
from memicos_app.library.accounts import attempts, keys, links, notifications, passwords, sessions, users
from memicos_app.library.accounts.person import VISITOR, Person
from memicos_app.library.query import row, rows
from memicos_app.settings import ROOT, get_settings
from memicos_app.site import visitors
from memicos_app.site.walls.proxies import TrustedProxies
from tests.api.test_auth import PASSWORD, browser, by_password, who
from tests.mailbox import Mailbox

pytestmark = pytest.mark.usefixtures("signing_site")
POSTS = {
    f"{route.path}": route
    for router in (auth.router, elsewhere.router, account.router)
    for route in router.routes
    if isinstance(route, APIRoute) and "POST" in route.methods
}


async def token_of(mailbox: Mailbox, number: int = -1) -> str:
    """What stands in the link of a mail."""
    await notifications.settled()
    return parse_qs(urlsplit(mailbox.link(number)).query)["token"][0]


async def ada_with_password() -> users.Account:
    ada = await users.add("ada", email="ada@example.org")
    await passwords.put(ada.id, PASSWORD)
    return ada


async def test_a_link_that_is_posted_twice_at_once_signs_in_once(mailbox: Mailbox) -> None:
    async with browser() as client, browser() as other:
        await client.post("/auth/link", json={"email": "ada@example.org"})
        body = {"token": await token_of(mailbox)}
        answers = await asyncio.gather(*(one.post("/auth/email", json=body) for one in (client, other)))
    assert sorted(one.status_code for one in answers) == [200, 401]
    assert len(await rows("SELECT 1 FROM user_sessions")) == 1


async def test_a_link_never_leads_where_whoever_asked_for_it_says(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await users.add("ada", email="ada@example.org")
    forged = {"host": "evil.example", "origin": "https://evil.example"}
    async with browser() as client:
        await client.post("/auth/link", json={"email": "ada@example.org"}, headers=forged)
        assert urlsplit(mailbox.link()).netloc == "site.example"
        monkeypatch.setattr(get_settings(), "public_url", "")
        for host in ("evil.example", "localhost:1@evil.example", "127.0.0.1.evil.example"):
            forged = {"host": host, "origin": f"https://{host}"}
            refused = await client.post("/auth/link", json={"email": "ada@example.org"}, headers=forged)
            assert (refused.status_code, "PUBLIC_URL" in refused.json()["message"]) == (503, True)
        assert len(mailbox.mails) == 1
        monkeypatch.setattr(get_settings(), "smtp_url", SecretStr(""))
        await client.post("/auth/link", json={"email": "ada@example.org"}, headers=forged)
    assert "after this site's address: /auth/email?token=" in caplog.text
    assert "evil" not in caplog.text


async def test_who_may_not_sign_up_takes_as_much_work_as_who_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "access", "closed")
    await users.add("ada", email="ada@example.org")
    async with browser() as client:
        for name in ("ada", "nobody"):
            await client.post("/auth/link", json={"email": f"{name}@example.org"})
    assert {one["email"] for one in await rows("SELECT email FROM sign_in_links")} == {
        "ada@example.org",
        "nobody@example.org",
    }


async def test_one_password_is_checked_whoever_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    await ada_with_password()
    await users.add("linked")
    checked, verify = [], passwords._verify
    monkeypatch.setattr(passwords, "_verify", lambda *given: checked.append(given[0]) or verify(*given))
    async with browser() as client:
        for name in ("ada", "linked", "nobody", "nobody@example.org"):
            assert (await by_password(client, name, "wrong password")).status_code == 401
    assert len(checked) == 4
    assert len({one.split("$")[3] for one in checked}) == 1


async def test_a_new_password_ends_what_was_begun_before_it(mailbox: Mailbox) -> None:
    """A thief with a session who asked for an address of their own is out with all of it."""
    ada = await ada_with_password()
    async with browser() as client, browser() as thief:
        for one in (client, thief):
            await by_password(one, "ada")
        asked = await thief.post("/user/email", json={"email": "thief@example.org", "current": PASSWORD})
        assert asked.status_code == 200
        token = await token_of(mailbox)
        done = await client.post("/user/password", json={"password": "a new password", "current": PASSWORD})
        assert done.status_code == 200
        await notifications.settled()
        assert (mailbox.mails[-1]["To"], "another password" in mailbox.text()) == ("ada@example.org", True)
        assert (await who(client), await who(thief)) == ("ada", None)
        assert (await thief.post("/auth/email", json={"token": token})).status_code == 401
    assert (await users.by_id(ada.id)).email == "ada@example.org"


async def test_a_disabled_person_keeps_no_way_in(mailbox: Mailbox) -> None:
    ada = await ada_with_password()
    _, key = await keys.make(ada.id, "one")
    async with browser() as client:
        await by_password(client, "ada")
        await client.post("/user/email", json={"email": "other@example.org", "current": PASSWORD})
        first = await token_of(mailbox)
        await client.post("/auth/link", json={"email": "ada@example.org"})
        second = await token_of(mailbox)
        await users.disable(ada.id)
        assert await who(client) is None
        answers = [await client.post("/auth/email", json={"token": one}) for one in (first, second)]
        assert [one.status_code for one in answers] == [401, 401]
        assert (await by_password(client, "ada")).status_code == 401
        assert (await client.post("/user/refresh", headers={"x-api-key": key})).status_code == 401
    assert (await users.by_id(ada.id)).email == "ada@example.org"


async def test_whose_an_address_is_its_mailbox_alone_learns(mailbox: Mailbox) -> None:
    await ada_with_password()
    bob = await users.add("bob", email="bob@example.org")
    async with browser() as client:
        await client.post("/auth/email", json={"token": (await links.for_operator(bob, "")).partition("=")[2]})
        assert await who(client) == "bob"
        answers = [await client.post("/user/email", json={"email": f"{n}@example.org"}) for n in ("ada", "free")]
        assert [one.status_code for one in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        assert "another account has it" in mailbox.text(-2)
        assert "token=" not in mailbox.text(-2)
        await client.post("/auth/email", json={"token": await token_of(mailbox)})
        await notifications.settled()
    assert (await users.by_id(bob.id)).email == "free@example.org"
    assert (mailbox.mails[-1]["To"], "free@example.org" in mailbox.text()) == ("bob@example.org", True)


async def test_no_page_of_another_site_has_a_browser_post_anything() -> None:
    ada = await ada_with_password()
    async with browser() as client:
        await by_password(client, "ada")
        kept = await row("SELECT * FROM users WHERE name = 'ada'")
        foreign = [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
        for path, headers in itertools.product(POSTS, foreign):
            if path != "/auth/unsubscribe":  # mail programs ask it, with a code of their own
                del client.headers["origin"]
                answer = await client.post(path, json={}, headers=headers)
                client.headers["origin"] = "https://site.example"
                assert (answer.status_code, answer.json()["error"]) == (403, "forbidden"), path
        assert await who(client) == "ada"
    assert await row("SELECT * FROM users WHERE name = 'ada'") == kept
    assert len(await sessions.listed(ada.id)) == 1


async def test_forged_addresses_give_no_more_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "PASSWORDS", attempts.Allowed("password", each=100, address=3, minutes=15))
    for trusted, peers, status in (
        ([], ["203.0.113.9"] * 4, 429),
        ([], [f"2001:db8::{n}" for n in range(4)], 429),
        (["10.0.0.1"], ["10.0.0.1"] * 4, 401),
    ):
        for number, peer in enumerate(peers):
            transport = httpx.ASGITransport(TrustedProxies(api, trusted), client=(peer, 5))
            async with httpx.AsyncClient(transport=transport, base_url="https://site.example") as client:
                client.headers["x-forwarded-for"] = f"198.51.100.{number}"
                answer = await by_password(client, f"nobody-{number}", "wrong password")
        assert answer.status_code == status


def calls(route: APIRoute) -> list[Any]:
    return [one.call for one in route.dependant.dependencies]


async def test_what_a_key_may_not_do_is_written_down_and_so(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {path for path, route in POSTS.items() if cookies.in_person in calls(route)}
    text = (ROOT / "docs" / "accounts.md").read_text("utf-8").partition("## API keys")[2].partition("\n## ")[0]
    assert {one.removeprefix("/api") for one in re.findall(r"`POST (\S+)`", text)} == refused
    ada = await ada_with_password()
    key, secret = await keys.make(ada.id, "one")
    other = await sessions.begin(ada.id, "Firefox")
    bodies: dict[str, dict[str, str]] = {
        "/user/password": {"password": "a new password", "current": PASSWORD},
        "/user/email": {"email": "thief@example.org", "current": PASSWORD},
        "/user/keys/new": {"name": "another"},
        "/user/keys/revoke": {"id": key.id},
        "/user/sessions/end": {"id": "all"},
        "/user/delete": {"name": "ada", "current": PASSWORD},
        "/auth/elsewhere/part": {"place": "oidc"},
    }
    assert set(bodies) == refused
    async with browser() as client:
        for path, body in bodies.items():
            answer = await client.post(path, json=body, headers={"x-api-key": secret})
            assert (answer.status_code, "API key" in answer.json()["message"]) == (403, True), path
    assert (await sessions.recognise(other), len(await keys.listed(ada.id))) == (
        Person(ada.id, "ada", way="session"),
        1,
    )
    for headers in ({"x-api-key": secret}, {"Authorization": f"Bearer {secret}"}):
        monkeypatch.setattr(
            EventContext, "get", lambda told=headers: type("", (), {"router_data": {"headers": told}})
        )
        assert await visitors.asking() == VISITOR, "pages know people by their session alone"
