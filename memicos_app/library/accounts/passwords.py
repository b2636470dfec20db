"""Passwords: kept as Argon2 hashes, long rather than odd, and checked in the same time whoever is asked for."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from memicos_app.library.accounts import attempts, links, sessions, users
from memicos_app.library.accounts.users import Account
from memicos_app.library.errors import BadInputError, NotFoundError, SignInError
from memicos_app.library.query import row

SHORTEST, LONGEST = 10, 1000
_HASHER = PasswordHasher()


async def put(user_id: str, password: str, *, kept: str = "") -> None:
    """Give a person a password, in place of an earlier one.

    Their sessions end but the one with the token `kept`, and so do links that were sent before.

    Raises:
        BadInputError: it is too short or too long, or is the person's name or e-mail.
        NotFoundError: there is no such person.
    """
    account = await users.by_id(user_id)
    _check(password, account)
    digest = await asyncio.to_thread(_HASHER.hash, password)
    await users.change(user_id, noted="account.password", password_hash=digest)
    await attempts.clear(attempts.PASSWORDS, account.name)
    await links.forget(user_id)
    await sessions.end_all(user_id, but=kept)


async def whose(name: str, password: str) -> Account:
    """The person of a name or e-mail, and of this password.

    Raises:
        SignInError: there is none such; which of the two is wrong is not said, nor to be measured.
        TooManyError: it was tried too often.
    """
    account = await _found(name)
    await attempts.count(attempts.PASSWORDS, account.name if account else name)
    kept = await row("SELECT password_hash FROM users WHERE id = :id", id=account.id) if account else None
    digest = (kept["password_hash"] if kept else "") or await asyncio.to_thread(_nobodys)
    right = await asyncio.to_thread(_verify, digest, password[:LONGEST])
    if account is None or not right or account.disabled or kept is None or not kept["password_hash"]:
        raise SignInError("There is no account with this name and password.", field="password")
    await attempts.clear(attempts.PASSWORDS, account.name)
    if _HASHER.check_needs_rehash(digest):
        await users.change(account.id, password_hash=await asyncio.to_thread(_HASHER.hash, password))
    return account


async def confirm(user_id: str, password: str) -> None:
    """Before something grave: the person types their password, if they have one. Raises `SignInError`."""
    account = await users.by_id(user_id)
    if account.has_password:
        await whose(account.name, password)


async def _found(name: str) -> Account | None:
    if "@" in name:
        return await users.by_email(name)
    try:
        return await users.user(name)
    except NotFoundError:
        return None


def _check(password: str, account: Account) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInputError(f"A password has {SHORTEST} characters or more; a few words do well.", field="password")
    if password.lower() in (account.name.lower(), account.email):
        raise BadInputError("Your name or e-mail is no password.", field="password")


def _verify(digest: str, password: str) -> bool:
    try:
        return _HASHER.verify(digest, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """A hash to check in vain, so that asking for a person who is not here takes as long."""
    return _HASHER.hash("nobody has this password")
