"""Sessions of browsers: what begins, lasts and ends them."""

from __future__ import annotations

import pytest

from memicos_app.library.accounts import recognising, sessions, users
from memicos_app.library.accounts.person import VISITOR, Person
from memicos_app.library.errors import NotFoundError
from memicos_app.library.query import row, run_in, writing

pytestmark = pytest.mark.usefixtures("open_site")


async def aged(**columns: str) -> None:
    """Move moments of every session into the past."""
    async with writing() as writer:
        for column, age in columns.items():
            await run_in(writer, f"UPDATE user_sessions SET {column} = {column} - interval '{age}'")
        await writer.commit()
    sessions.forget_known()


async def who(token: str) -> Person:
    return await recognising.from_headers({"cookie": f"theme=dark; memicos_session={token}"})


async def test_a_session_is_its_persons_and_only_its_hash_is_kept() -> None:
    ada = await users.add("ada", admin=True)
    token = await sessions.begin(ada.id, "Firefox")
    assert await who(token) == Person(ada.id, "ada", admin=True, way="session")
    assert await who(token[:-1]) == VISITOR
    kept = await row("SELECT * FROM user_sessions")
    assert kept is not None
    assert token not in str(dict(kept))


async def test_sessions_are_listed_and_ended_by_their_person_alone() -> None:
    ada, bob = await users.add("ada"), await users.add("bob")
    here, there = await sessions.begin(ada.id, "Firefox\x00"), await sessions.begin(ada.id, "Chrome")
    listed = await sessions.listed(ada.id, here)
    assert [(one.agent, one.current) for one in listed] == [("Firefox\x00", True), ("Chrome", False)]
    with pytest.raises(NotFoundError):
        await sessions.end(bob.id, listed[1].id)
    assert (await who(there)).known
    await sessions.end(ada.id, listed[1].id)
    assert await who(there) == VISITOR
    assert (await who(here)).known
    third = await sessions.begin(ada.id, "")
    assert await sessions.end_all(ada.id, but=here) == 1
    assert [await who(token) == VISITOR for token in (here, there, third)] == [False, True, True]
    await sessions.end_token(here)
    assert await who(here) == VISITOR


@pytest.mark.parametrize(
    ("column", "age", "lasts"),
    [
        ("seen_at", "13 days", True),
        ("seen_at", "15 days", False),
        ("expires_at", "29 days", True),
        ("expires_at", "31 days", False),
    ],
)
async def test_a_session_ends_by_itself(column: str, age: str, lasts: bool) -> None:
    ada = await users.add("ada")
    token = await sessions.begin(ada.id, "")
    await aged(**{column: age})
    assert (await who(token)).known is lasts
    assert bool(await sessions.listed(ada.id)) is lasts


async def test_use_keeps_a_session_alive_but_not_for_ever() -> None:
    token = await sessions.begin((await users.add("ada")).id, "")
    for _ in range(2):
        await aged(seen_at="13 days", expires_at="13 days")
        assert (await who(token)).known
    await aged(seen_at="13 days", expires_at="13 days")
    assert not (await who(token)).known


async def test_who_is_disabled_is_out_at_once() -> None:
    ada = await users.add("ada")
    token = await sessions.begin(ada.id, "")
    assert (await who(token)).known
    await users.disable(ada.id)
    assert await who(token) == VISITOR
    await users.disable(ada.id, False)
    assert await who(token) == VISITOR


async def test_a_person_has_so_many_sessions_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_SESSIONS", 2)
    ada = await users.add("ada")
    tokens = [await sessions.begin(ada.id, str(number)) for number in range(3)]
    assert [(await who(token)).known for token in tokens] == [False, True, True]


async def test_in_a_site_for_one_nobody_is_asked_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    from memicos_app.settings import get_settings

    monkeypatch.setattr(get_settings(), "access", "single")
    assert (await recognising.from_headers({"x-api-key": "sk-np-anything"})).way == "machine"
