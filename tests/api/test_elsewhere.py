"""Signing in with an account elsewhere, with a real provider of OpenID Connect on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from memicos_app.library.accounts import elsewhere, identities, keys, passwords, users
from memicos_app.library.query import rows, run_in, writing
from memicos_app.settings import get_settings
from tests import oidc_provider
from tests.api import elsewhere_site
from tests.api.elsewhere_site import browser, who
from tests.oidc_provider import Provider

PASSWORD = "correct horse battery"
BEGIN = "/api/auth/elsewhere/oidc"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    """One provider for all tests here."""
    with oidc_provider.provider() as made:
        yield made


@pytest.fixture(autouse=True)
def there(
    running: Provider, database: str, quick_hashes: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> Iterator[Provider]:
    """The provider as it was, and a site whose people sign in with it."""
    fresh = Provider()
    running.claims, running.changes, running.signs_with = fresh.claims, {}, None
    own = {"OIDC_CLIENT_ID": oidc_provider.CLIENT, "OIDC_CLIENT_SECRET": oidc_provider.SECRET}
    with elsewhere_site.site(monkeypatch, tmp_path, running.url, OIDC_ISSUER=running.url, **own):
        yield running


async def agreed(client: httpx.AsyncClient, **query: str) -> str:
    return await elsewhere_site.agreed(client, BEGIN, **query)


async def test_the_first_time_makes_an_account_and_the_second_finds_it(there: Provider) -> None:
    async with browser() as client:
        landed = await client.get(await agreed(client, next="/account"))
        assert (landed.status_code, landed.headers["location"]) == (303, "/account")
        assert await who(client) == "Ada"
    there.claims |= {"email": "changed@example.org", "name": "Else"}
    async with browser() as client:
        await client.get(await agreed(client, next="//evil.example"))
        assert await who(client) == "Ada"
    assert (await users.user("ada")).email == "ada@example.org"


async def test_an_address_nobody_verified_is_not_believed(there: Provider) -> None:
    there.claims |= {"email_verified": False}
    async with browser() as client:
        await client.get(await agreed(client))
        assert await who(client) == "Ada"
    assert (await users.user("ada")).email is None


async def test_an_account_is_joined_only_by_who_is_signed_in_to_it() -> None:
    ada = await users.add("lovelace", email="ada@example.org")
    await passwords.put(ada.id, PASSWORD)
    async with browser() as client:
        refused = await client.get(await agreed(client))
        assert refused.headers["location"] == "/signin?problem=conflict"
        assert await who(client) is None
        await client.post("/api/auth/password", json={"name": "lovelace", "password": PASSWORD})
        await client.get(await agreed(client, join="true"))
        assert [one.provider for one in await identities.of(ada.id)] == ["oidc"]
    async with browser() as client:
        await client.get(await agreed(client))
        assert await who(client) == "lovelace"
        parted = await client.post("/api/auth/elsewhere/part", json={"place": "oidc"})
        assert parted.status_code == 200
    assert await identities.of(ada.id) == []


async def test_what_another_browser_began_is_not_finished_here() -> None:
    async with browser() as one, browser() as other:
        back = await agreed(one)
        assert (await other.get(back)).headers["location"] == "/signin?problem=sign_in"
        await agreed(other)
        assert (await other.get(back)).headers["location"] == "/signin?problem=sign_in"
        assert await who(other) is None


async def test_an_answer_is_good_once() -> None:
    async with browser() as client:
        back = await agreed(client)
        carried = client.cookies["memicos_elsewhere"]
        await client.get(back)
        client.cookies.set("memicos_elsewhere", carried, domain="site.example", path="/api/auth/elsewhere")
        assert (await client.get(back)).headers["location"] == "/signin?problem=sign_in"


@pytest.mark.parametrize(
    "change",
    [{"nonce": "other"}, {"aud": "other"}, {"iss": "https://evil.example"}, {"exp": 1}, {"sub": None}, "key"],
)
async def test_what_is_not_signed_for_us_now_is_not_believed(change: Any, there: Provider) -> None:
    if change == "key":
        there.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    else:
        there.changes = change
    async with browser() as client:
        landed = await client.get(await agreed(client))
        assert landed.headers["location"] == "/signin?problem=sign_in"
        assert await who(client) is None


async def test_google_is_a_provider_like_that_with_people_of_its_own(
    there: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pydantic import SecretStr

    monkeypatch.setattr(elsewhere, "GOOGLE", there.url)
    monkeypatch.setattr(get_settings(), "google_client_id", oidc_provider.CLIENT)
    monkeypatch.setattr(get_settings(), "google_client_secret", SecretStr(oidc_provider.SECRET))
    async with browser() as client:
        await client.get(await agreed(client))
        assert await who(client) == "Ada"
    there.claims |= {"email": "ada@gmail.com", "hd": "example.org", "name": "Ada L", "given_name": "Ada"}
    async with browser() as client:
        out = await client.get("/api/auth/elsewhere/google")
        asked = parse_qs(urlsplit(out.headers["location"]).query)
        assert asked["redirect_uri"] == ["https://site.example/api/auth/elsewhere/google/back"]
        assert asked["scope"] == ["openid email profile"]
        async with httpx.AsyncClient() as browsing:
            back = (await browsing.get(out.headers["location"])).headers["location"]
        await client.get(back)
        assert await who(client) == "Ada-L"
    assert (await users.user("ada-l")).email == "ada@gmail.com"


async def test_accounts_of_another_provider_under_the_same_name_are_other_people(
    there: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both call somebody `u-1`."""
    async with browser() as client:
        await client.get(await agreed(client))
        assert await who(client) == "Ada"
    with oidc_provider.provider() as another:
        another.claims = {"sub": "u-1", "name": "Mallory"}
        monkeypatch.setattr(get_settings(), "oidc_issuer", another.url)
        monkeypatch.setattr(get_settings(), "outbound_allow", [urlsplit(another.url).netloc])
        async with browser() as client:
            await client.get(await agreed(client))
            assert await who(client) == "Mallory"
    monkeypatch.setattr(get_settings(), "oidc_issuer", there.url)
    monkeypatch.setattr(get_settings(), "outbound_allow", [urlsplit(there.url).netloc])
    async with browser() as client:
        await client.get(await agreed(client))
        assert await who(client) == "Ada"


async def test_who_joined_before_providers_were_told_apart_is_the_firsts_who_vouches(there: Provider) -> None:
    ada = await users.add("ada")
    async with writing() as writer:
        await run_in(
            writer,
            "INSERT INTO user_identities (provider, subject, user_id) VALUES ('oidc', 'u-1', :user)",
            user=ada.id,
        )
        await writer.commit()
    for _ in range(2):
        async with browser() as client:
            await client.get(await agreed(client))
            assert await who(client) == "ada"
    kept = await rows("SELECT user_id, issuer FROM user_identities")
    assert [(one["user_id"], one["issuer"]) for one in kept] == [(ada.id, there.url)]


async def test_neither_a_key_nor_another_sites_page_joins_an_account(there: Provider) -> None:
    """Whoever holds a key, or has a browser sign in to a provider as them, would be in for good."""
    ada = await users.add("lovelace")
    await passwords.put(ada.id, PASSWORD)
    _, key = await keys.make(ada.id, "one")
    async with browser() as client:
        refused = await client.get(BEGIN, params={"join": "true"}, headers={"x-api-key": key})
        assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")
        visitor = await client.get(BEGIN, params={"join": "true"})
        assert (visitor.status_code, visitor.json()["error"]) == (401, "sign_in")
        await client.post("/api/auth/password", json={"name": "lovelace", "password": PASSWORD})
        led = await client.get(BEGIN, params={"join": "true"}, headers={"sec-fetch-site": "cross-site"})
        assert led.status_code == 403
    assert await identities.of(ada.id) == []


async def test_where_nobody_signs_up_a_stranger_stays_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "access", "closed")
    async with browser() as client:
        landed = await client.get(await agreed(client))
        assert landed.headers["location"] == "/signin?problem=forbidden"
        assert parse_qs(urlsplit(landed.headers["location"]).query) == {"problem": ["forbidden"]}
        assert (await client.get("/api/auth/elsewhere/google")).status_code == 404
