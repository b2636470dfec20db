"""API keys: several a person, each with a name; shown once, kept as hashes, revoked at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memicos_app.db.text import original, storable
from memicos_app.library import activity, rates
from memicos_app.library.accounts import secret_words
from memicos_app.library.accounts.person import Person
from memicos_app.library.errors import BadInputError, ConflictError, NotFoundError
from memicos_app.library.query import Row, row, rows, run_in, writing

PREFIX = "sk-mem-"
LONGEST_NAME = 60
MOST_KEYS = 20
"""In force at a time, of one person."""
_SHOWN = "id, name, last_four, created_at, used_at"


@dataclass(frozen=True, slots=True)
class Key:
    """What may be shown of a key once it was made."""

    id: str
    name: str
    last_four: str
    created_at: datetime
    used_at: datetime | None


async def make(user_id: str, name: str) -> tuple[Key, str]:
    """A new key and its whole text, which nobody can read again.

    Raises:
        BadInputError: the name is empty or too long.
        ConflictError: the person has as many keys as one may have.
    """
    said = " ".join(name.split())
    if not 1 <= len(said) <= LONGEST_NAME:
        raise BadInputError(f"A key needs a name of 1 to {LONGEST_NAME} characters.", field="name")
    await rates.take("write")
    text = secret_words.new(PREFIX)
    async with writing() as writer:
        await run_in(writer, "SELECT 1 FROM users WHERE id = :user FOR UPDATE", user=user_id)
        made = await run_in(
            writer,
            """
            INSERT INTO api_keys (id, user_id, name, key_hash, last_four)
            SELECT :id, :user, :name, :hash, :four
            WHERE (SELECT count(*) FROM api_keys WHERE user_id = :user AND revoked_at IS NULL) < :most
            """,
            id=(key_id := secret_words.new_id()),
            user=user_id,
            name=storable(said),
            hash=secret_words.hashed(text),
            four=text[-4:],
            most=MOST_KEYS,
        )
        if made:
            await activity.note("key.make", "/account", {"id": key_id}, writer=writer)
        await writer.commit()
    if not made:
        raise ConflictError(f"You have {MOST_KEYS} keys; revoke one first.", field="name")
    found = await row(f"SELECT {_SHOWN} FROM api_keys WHERE id = :id", id=key_id)
    assert found is not None
    return _view(found), text


async def listed(user_id: str) -> list[Key]:
    """A person's keys in force, the newest first."""
    found = await rows(
        f"SELECT {_SHOWN} FROM api_keys WHERE user_id = :user AND revoked_at IS NULL ORDER BY created_at DESC, id",
        user=user_id,
    )
    return [_view(one) for one in found]


async def recognise(text: str) -> Person | None:
    """Whose key this is; None where there is none such, it was revoked, or its person may not sign in any more."""
    found = await row(
        """
        SELECT k.id, u.id AS user_id, u.name, u.admin,
            k.used_at IS NULL OR k.used_at < now() - interval '1 minute' AS stale
        FROM api_keys AS k JOIN users AS u ON u.id = k.user_id
        WHERE k.key_hash = :hash AND k.revoked_at IS NULL AND u.disabled_at IS NULL
        """,
        hash=secret_words.hashed(text),
    )
    if found is None:
        return None
    if found["stale"]:
        async with writing() as writer:
            await run_in(writer, "UPDATE api_keys SET used_at = now() WHERE id = :id", id=found["id"])
            await writer.commit()
    return Person(found["user_id"], found["name"], admin=found["admin"], way="key")


async def revoke(user_id: str, key_id: str) -> None:
    """A key that is good for nothing from now on. Raises `NotFoundError` where the person has no such key."""
    async with writing() as writer:
        gone = await run_in(
            writer,
            "UPDATE api_keys SET revoked_at = now() WHERE id = :id AND user_id = :user AND revoked_at IS NULL",
            id=storable(key_id),
            user=user_id,
        )
        if gone:
            await activity.note("key.revoke", "/account", {"id": key_id}, writer=writer)
        await writer.commit()
    if not gone:
        raise NotFoundError("You have no such key; it may have been revoked.", field="id")


def _view(one: Row) -> Key:
    return Key(one["id"], original(one["name"]), one["last_four"], one["created_at"], one["used_at"])
