"""People who are not the owner: rows of `users`, and blocks of a test that are done for one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from memicos_app.library.accounts import person, sessions
from memicos_app.library.accounts.person import Person
from memicos_app.library.query import run_in, writing
from memicos_app.settings import get_settings

ANN = Person("ann", "ann", way="session")
BOB = Person("bob", "bob", way="session")
EVE = Person("eve", "eve", admin=True, way="session")


async def settle_in(*people: Person) -> None:
    """Give people their accounts."""
    async with writing() as writer:
        for one in people:
            await run_in(
                writer,
                "INSERT INTO users (id, name, admin) VALUES (:id, :name, :admin)",
                id=one.id,
                name=one.name,
                admin=one.admin,
            )
        await writer.commit()


@contextmanager
def site_with(monkeypatch: pytest.MonkeyPatch, who: Person, **settings: str) -> Iterator[None]:
    """A site with these settings, open to several if none says otherwise; what happens inside is done for `who`."""
    for name, value in ({"ACCESS": "open"} | settings).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    sessions.forget_known()
    with done_for(who):
        yield
    sessions.forget_known()
    get_settings.cache_clear()


@contextmanager
def done_for(who: Person) -> Iterator[None]:
    """What happens inside is done for `who`."""
    before = person.person()
    person.set_person(who)
    try:
        yield
    finally:
        person.set_person(before)
