"""Passwords: hashed anew where the care of hashing has changed; and what the log says of how people sign in."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters
from pydantic import SecretStr

from memicos_app.library.accounts import changing, identities, keys, leaving, passwords, sessions, users
from memicos_app.library.accounts.elsewhere_talk import Identity
from memicos_app.library.accounts.person import OWNER, Person
from memicos_app.library.providers import keys as provider_keys
from memicos_app.library.query import row, rows
from tests.people import done_for

pytestmark = pytest.mark.usefixtures("open_site")
PASSWORD = "correct horse battery"


def hasher(cost: int) -> PasswordHasher:
    return PasswordHasher(time_cost=cost, memory_cost=64, parallelism=1)


async def kept(user_id: str) -> str:
    found = await row("SELECT password_hash FROM users WHERE id = :id", id=user_id)
    assert found is not None
    return str(found["password_hash"])


async def test_a_password_is_hashed_anew_once_where_the_care_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", hasher(1))
    ada = await users.add("ada")
    await passwords.put(ada.id, PASSWORD)
    token, first = await sessions.begin(ada.id, "Firefox"), await kept(ada.id)
    await passwords.whose("ada", PASSWORD)
    assert await kept(ada.id) == first
    monkeypatch.setattr(passwords, "_HASHER", hasher(2))
    with pytest.raises(passwords.SignInError):
        await passwords.whose("ada", "wrong password")
    assert await kept(ada.id) == first
    assert (await passwords.whose("ada", PASSWORD)).id == ada.id
    second = await kept(ada.id)
    assert (extract_parameters(first).time_cost, extract_parameters(second).time_cost) == (1, 2)
    await passwords.whose("ada", PASSWORD)
    assert await kept(ada.id) == second
    assert await sessions.recognise(token), "it is the same password: nobody is signed out"


async def test_the_log_says_who_changed_how_one_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", hasher(1))
    with done_for(OWNER):
        ada = await users.add("ada", admin=True)
        await users.set_admin(ada.id, False)
    with done_for(Person(ada.id, "ada", way="session")):
        await passwords.put(ada.id, PASSWORD)
        await users.set_email(ada.id, "ada@example.org")
        await changing.edit(ada.id, name="lovelace", bio="hm")
        await changing.edit(ada.id, bio="no line for this")
        await identities.signed_in_with("oidc", "https://id.example", Identity("1", "ada", None), link_to=ada.id)
        await identities.part(ada.id, "oidc")
        await provider_keys.put("openai", SecretStr("sk-secret"))
        await provider_keys.forget("openai")
        key, _ = await keys.make(ada.id, "one")
        await keys.revoke(ada.id, key.id)
    with done_for(OWNER):
        await users.disable(ada.id)
        await users.disable(ada.id, False)
        await leaving.delete(ada.id, "lovelace")
    found = await rows("SELECT action, way, person_name, details FROM activity ORDER BY id")
    assert [(one["way"], one["action"]) for one in found] == [
        *(("machine", action) for action in ("account.make", "account.no_admin")),
        *(("session", f"account.{action}") for action in ("password", "email", "rename", "join", "part")),
        *(("session", action) for action in ("provider_key.keep", "provider_key.forget", "key.make", "key.revoke")),
        *(("machine", f"account.{action}") for action in ("disable", "enable", "delete")),
    ]
    written = str([dict(one) for one in found])
    assert all(secret not in written for secret in (PASSWORD, "sk-secret", "ada@example.org", "lovelace"))
