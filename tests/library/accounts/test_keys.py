"""API keys: made, shown once, recognised, revoked."""

from __future__ import annotations

import pytest

from memicos_app.library.accounts import keys, recognising, users
from memicos_app.library.accounts.person import Person
from memicos_app.library.errors import BadInputError, ConflictError, NotFoundError, SignInError
from memicos_app.library.query import rows

pytestmark = pytest.mark.usefixtures("open_site")


async def test_a_key_is_shown_once_and_kept_as_its_hash() -> None:
    ada = await users.add("ada")
    key, text = await keys.make(ada.id, "  notebook   on the desk ")
    assert (key.name, key.last_four, key.used_at) == ("notebook on the desk", text[-4:], None)
    assert text.startswith("sk-mem-")
    assert text not in str([dict(one) for one in await rows("SELECT * FROM api_keys")])
    assert await keys.listed(ada.id) == [key]


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
async def test_a_key_stands_for_its_person_until_it_is_revoked(header: str) -> None:
    ada, bob = await users.add("ada"), await users.add("bob")
    key, text = await keys.make(ada.id, "one")
    other, _ = await keys.make(ada.id, "two")
    headers = {header: text if header == "x-api-key" else f"Bearer {text}"}
    assert await recognising.from_headers(headers) == Person(ada.id, "ada", way="key")
    assert {one.id: one.used_at is not None for one in await keys.listed(ada.id)} == {key.id: True, other.id: False}
    with pytest.raises(NotFoundError):
        await keys.revoke(bob.id, key.id)
    await keys.revoke(ada.id, key.id)
    with pytest.raises(SignInError, match="revoked"):
        await recognising.from_headers(headers)
    with pytest.raises(NotFoundError):
        await keys.revoke(ada.id, key.id)
    assert [one.id for one in await keys.listed(ada.id)] == [other.id]


async def test_the_key_of_a_disabled_person_is_good_for_nothing() -> None:
    ada = await users.add("ada")
    _, text = await keys.make(ada.id, "one")
    await users.disable(ada.id)
    assert await keys.recognise(text) is None


async def test_a_key_has_a_name_and_a_person_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_KEYS", 1)
    ada = await users.add("ada")
    for name in ("", "  ", "n" * 61):
        with pytest.raises(BadInputError) as refused:
            await keys.make(ada.id, name)
        assert refused.value.field == "name"
    await keys.make(ada.id, "\x00<b>")
    assert [one.name for one in await keys.listed(ada.id)] == ["\x00<b>"]
    with pytest.raises(ConflictError):
        await keys.make(ada.id, "another")
