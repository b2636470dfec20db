"""What each role may do in each mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memicos_app.library.accounts import person, rights
from memicos_app.library.accounts.person import OWNER, VISITOR, Person, set_person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import ForbiddenError, SignInError
from memicos_app.settings import get_settings

SOMEONE, ADMIN = Person("p1", "ada", way="session"), Person("p2", "root", admin=True, way="key")


@pytest.fixture(autouse=True)
def nobody_else() -> Iterator[None]:
    token = person._person.set(OWNER)
    yield
    person._person.reset(token)


def may(monkeypatch: pytest.MonkeyPatch, mode: str, who: Person) -> list[str]:
    monkeypatch.setattr(get_settings(), "access", mode)
    return [right.value for right in Right if rights.may(right, who)]


def test_the_table_of_modes_and_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    every = [right.value for right in Right]
    for mode, visitor, someone, admin in (
        ("single", every, every, every),
        ("open", every[:3], every[:4], every),
        ("closed", every[:1], every[:4], every),
        ("demo", every[:3], every[:3], every[:3]),
    ):
        assert [may(monkeypatch, mode, who) for who in (VISITOR, SOMEONE, ADMIN, OWNER)] == [
            visitor,
            someone,
            admin,
            every,
        ], mode


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "access", "open")
    set_person(VISITOR)
    with pytest.raises(SignInError):
        rights.require(Right.WRITE)
    set_person(SOMEONE)
    assert rights.require(Right.WRITE) == SOMEONE
    with pytest.raises(ForbiddenError, match="administrator"):
        rights.require(Right.MANAGE)
    monkeypatch.setattr(get_settings(), "access", "demo")
    with pytest.raises(ForbiddenError, match="only read"):
        rights.require(Right.WRITE)


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", "single"), ("0.0.0.0", "open")])
def test_by_itself_only_a_site_on_loopback_is_for_one(
    monkeypatch: pytest.MonkeyPatch, host: str, expected: str
) -> None:
    monkeypatch.setattr(get_settings(), "host", host)
    monkeypatch.setattr(get_settings(), "public_url", "")
    assert rights.mode() == expected
    assert rights.somebody() == (OWNER if expected == "single" else VISITOR)
