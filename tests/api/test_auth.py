"""Signing in and out over HTTP: by link, by password; what the cookie is like; whom it is refused."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from memicos_app.api.app import api
from memicos_app.library.accounts import attempts, passwords, sessions, users
from memicos_app.settings import get_settings
from tests.mailbox import Mailbox

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.usefixtures("signing_site")


def browser(**headers: str) -> httpx.AsyncClient:
    """Somebody's browser, on a page of the site."""
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    own = {"origin": "https://site.example", "user-agent": "Firefox", **headers}
    return httpx.AsyncClient(transport=transport, base_url="https://site.example", headers=own)


async def who(client: httpx.AsyncClient) -> str | None:
    """The name of the person whose session a browser has."""
    answer = await client.post("/user/refresh")
    assert answer.status_code in (200, 401), answer.text
    return answer.json().get("name")


async def by_password(
    client: httpx.AsyncClient, name: str, password: str = PASSWORD, wish: str = "/"
) -> httpx.Response:
    return await client.post("/auth/password", json={"name": name, "password": password, "next": wish})


async def test_by_link_for_the_first_time_and_again(mailbox: Mailbox) -> None:
    async with browser() as client:
        asked = await client.post("/auth/link", json={"email": "Ada.L@example.org", "next": "/account?a=1"})
        assert asked.json()["mailed"] is True
        assert "auth/email?token=" in mailbox.text(kind="html")
        assert mailbox.mails[-1]["To"] == "ada.l@example.org"
        link = urlsplit(mailbox.link())
        assert (link.netloc, link.path) == ("site.example", "/auth/email")
        token = parse_qs(link.query)["token"][0]
        assert await who(client) is None
        signed_in = await client.post("/auth/email", json={"token": token})
        assert signed_in.json() == {"url": "/account?a=1"}
        assert await who(client) == "ada-l"
        again = await client.post("/auth/email", json={"token": token})
        assert (again.status_code, again.json()["field"]) == (401, "token")
        assert await who(client) == "ada-l"


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await users.add("ada")
    await passwords.put(ada.id, PASSWORD)
    async with browser() as client:
        cookie = (await by_password(client, "ADA")).headers["set-cookie"]
    for part in ("memicos_session=", "HttpOnly", "SameSite=lax", "Secure", "Path=/", "Max-Age=2592000"):
        assert part in cookie
    monkeypatch.setattr(get_settings(), "public_url", "")
    transport = httpx.ASGITransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as plain:
        answer = await by_password(plain, "ada")
        assert "Secure" not in answer.headers["set-cookie"]


async def test_a_token_from_before_signing_in_is_good_for_nothing() -> None:
    ada, bob = await users.add("ada"), await users.add("bob")
    await passwords.put(bob.id, PASSWORD)
    planted = await sessions.begin(ada.id, "")
    async with browser() as client:
        client.cookies.set("memicos_session", planted, domain="site.example")
        await by_password(client, "bob")
        assert await who(client) == "bob"
        assert client.cookies["memicos_session"] != planted
        client.cookies.clear()
        client.cookies.set("memicos_session", planted, domain="site.example")
        assert await who(client) is None


async def test_one_is_led_to_no_other_site() -> None:
    ada = await users.add("ada")
    await passwords.put(ada.id, PASSWORD)
    async with browser() as client:
        assert (await by_password(client, "ada", wish="//evil.example")).json() == {"url": "/"}
        assert (await by_password(client, "ada", wish="/a?b=c#d")).json() == {"url": "/a?b=c#d"}


async def test_the_same_is_said_of_a_wrong_name_and_a_wrong_password() -> None:
    await passwords.put((await users.add("ada", email="ada@example.org")).id, PASSWORD)
    await users.add("linked")
    gone = await users.add("gone")
    await passwords.put(gone.id, PASSWORD)
    await users.disable(gone.id)
    async with browser() as client:
        tried = [("ada", "wrong password"), ("nobody", PASSWORD), ("linked", "argon2"), ("gone", PASSWORD)]
        answers = [await by_password(client, *each) for each in tried]
        assert {(one.status_code, one.text) for one in answers} == {(401, answers[0].text)}
        assert (await by_password(client, "ada@EXAMPLE.org")).status_code == 200


async def test_guessing_comes_to_an_end_and_the_right_password_clears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "PASSWORDS", attempts.Allowed("password", each=3, address=100, minutes=15))
    await passwords.put((await users.add("ada")).id, PASSWORD)
    async with browser() as client:
        for _ in range(2):
            assert (await by_password(client, "ada", "wrong")).status_code == 401
        assert (await by_password(client, "ada")).status_code == 200
        for _ in range(3):
            assert (await by_password(client, "Ada", "wrong")).status_code == 401
        refused = await by_password(client, "ada")
        assert (refused.status_code, refused.json()["error"]) == (429, "too_many")
        assert 0 < int(refused.headers["retry-after"]) <= 15 * 60
        assert (await by_password(client, "bob")).status_code == 401


async def test_an_address_that_asks_for_many_people_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "LINKS", attempts.Allowed("link", each=2, address=3, minutes=60))
    async with browser() as client:
        answers = [await client.post("/auth/link", json={"email": f"p{n}@example.org"}) for n in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]


async def test_where_nobody_signs_up_only_the_mailbox_learns_it(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "access", "closed")
    await users.add("ada", email="ada@example.org")
    async with browser() as client:
        answers = [await client.post("/auth/link", json={"email": f"{name}@example.org"}) for name in ("ada", "eve")]
    assert answers[0].json() == answers[1].json()
    assert "token=" in mailbox.text(0)
    assert "no account" in mailbox.text(1)
    assert "token=" not in mailbox.text(1)


async def test_without_mail_the_link_is_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from pydantic import SecretStr

    monkeypatch.setattr(get_settings(), "smtp_url", SecretStr(""))
    async with browser() as client:
        answer = (await client.post("/auth/link", json={"email": "ada@example.org"})).json()
    assert answer["mailed"] is False
    assert "log" in answer["message"]
    assert "https://site.example/auth/email?token=" in caplog.text


async def test_a_mail_server_that_is_away_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    from pydantic import SecretStr

    monkeypatch.setattr(get_settings(), "smtp_url", SecretStr("smtp://127.0.0.1:9"))
    async with browser() as client:
        answer = await client.post("/auth/link", json={"email": "ada@example.org"})
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
async def test_pages_of_other_sites_sign_nobody_in_or_out(headers: dict[str, str]) -> None:
    ada = await users.add("ada")
    await passwords.put(ada.id, PASSWORD)
    async with browser() as client:
        await by_password(client, "ada")
        for path, body in (("password", {"name": "ada", "password": PASSWORD}), ("sign-out", None)):
            assert (await client.post(f"/auth/{path}", json=body, headers=headers)).status_code == 403
        assert await who(client) == "ada"
        assert (await client.post("/auth/sign-out")).json() == {"url": "/"}
        assert await who(client) is None


@pytest.mark.parametrize(("mode", "words"), [("single", "one person"), ("demo", "demo")])
async def test_nobody_signs_in_where_that_makes_no_sense(
    mode: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings(), "access", mode)
    async with browser() as client:
        answer = await by_password(client, "ada")
    assert answer.status_code == 403
    assert words in answer.json()["message"]


async def test_a_wrong_key_is_said_to_be_wrong() -> None:
    async with browser(**{"x-api-key": "sk-mem-nothing"}) as client:
        answer = await client.post("/model/list")
    assert (answer.status_code, answer.json()["error"]) == (401, "sign_in")
