"""Sessions of browsers: begun when somebody signs in, recognised at each request, listed and ended by their person.

Each ends by itself after a while without use, and after a longer while in any case.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from memicos_app.db.text import original, storable
from memicos_app.library.accounts import secret_words
from memicos_app.library.accounts.person import Person
from memicos_app.library.errors import NotFoundError
from memicos_app.library.query import row, rows, run_in, writing
from memicos_app.settings import get_settings

COOKIE = "memicos_session"
LONGEST_AGENT = 400
MOST_SESSIONS = 50
"""Of one person; the ones that were seen the longest ago go."""
REMEMBERED_S = 1.0
"""A page sends several events at once; within this time one look into the database does for all."""
_SEEN_EVERY = "1 minute"
_LIVE = "s.expires_at > now() AND s.seen_at > now() - make_interval(days => CAST(:idle AS integer))"
_known: dict[str, tuple[float, Person | None]] = {}


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in."""

    id: str
    agent: str
    created_at: datetime
    seen_at: datetime
    current: bool
    """Whether it is the one that asks."""


async def begin(user_id: str, agent: str) -> str:
    """Begin a session; the token for the browser's cookie, which is kept nowhere else."""
    token, settings = secret_words.new(), get_settings()
    async with writing() as writer:
        await run_in(writer, f"DELETE FROM user_sessions AS s WHERE NOT ({_LIVE})", idle=settings.session_idle_days)
        await run_in(
            writer,
            """
            INSERT INTO user_sessions (id, user_id, token_hash, agent, expires_at)
            VALUES (:id, :user, :hash, :agent, now() + make_interval(days => CAST(:days AS integer)))
            """,
            id=secret_words.new_id(),
            user=user_id,
            hash=secret_words.hashed(token),
            agent=storable(agent[:LONGEST_AGENT]),
            days=settings.session_days,
        )
        await run_in(
            writer,
            """
            DELETE FROM user_sessions WHERE user_id = :user AND id NOT IN (
                SELECT id FROM user_sessions WHERE user_id = :user ORDER BY seen_at DESC, created_at DESC LIMIT :most
            )
            """,
            user=user_id,
            most=MOST_SESSIONS,
        )
        await writer.commit()
    return token


async def recognise(token: str) -> Person | None:
    """Whose session a token belongs to; None where it has ended, or its person may not sign in any more."""
    digest, now = secret_words.hashed(token), time.monotonic()
    until, who = _known.get(digest, (0.0, None))
    if now < until:
        return who
    who = await _look_up(digest)
    if len(_known) > 10_000:
        _known.clear()
    _known[digest] = (now + REMEMBERED_S, who)
    return who


async def _look_up(digest: str) -> Person | None:
    found = await row(
        f"""
        SELECT u.id, u.name, u.admin, s.seen_at < now() - interval '{_SEEN_EVERY}' AS stale
        FROM user_sessions AS s JOIN users AS u ON u.id = s.user_id
        WHERE s.token_hash = :hash AND u.disabled_at IS NULL AND {_LIVE}
        """,
        hash=digest,
        idle=get_settings().session_idle_days,
    )
    if found is None:
        return None
    if found["stale"]:
        async with writing() as writer:
            await run_in(writer, "UPDATE user_sessions SET seen_at = now() WHERE token_hash = :hash", hash=digest)
            await writer.commit()
    return Person(found["id"], found["name"], admin=found["admin"], way="session")


async def listed(user_id: str, current: str = "") -> list[Session]:
    """A person's sessions, the last used first; `current`: the token of the browser that asks."""
    found = await rows(
        f"""
        SELECT s.id, s.agent, s.created_at, s.seen_at, s.token_hash = :current AS current
        FROM user_sessions AS s WHERE s.user_id = :user AND {_LIVE}
        ORDER BY current DESC, s.seen_at DESC, s.id
        """,
        user=user_id,
        current=secret_words.hashed(current),
        idle=get_settings().session_idle_days,
    )
    return [
        Session(one["id"], original(one["agent"]), one["created_at"], one["seen_at"], one["current"]) for one in found
    ]


async def end(user_id: str, session_id: str) -> None:
    """End one of a person's sessions. Raises `NotFoundError` where there is none of this id."""
    if not await _forget("id = :id AND user_id = :user", id=storable(session_id), user=user_id):
        raise NotFoundError("You have no such session; it may have ended by itself.", field="id")


async def end_token(token: str) -> None:
    """End the session of a browser that signs out."""
    await _forget("token_hash = :hash", hash=secret_words.hashed(token))


async def end_all(user_id: str, *, but: str = "") -> int:
    """End a person's sessions but the one with the token `but`; how many."""
    return await _forget(
        "user_id = :user AND token_hash <> :kept", user=user_id, kept=secret_words.hashed(but) if but else ""
    )


def forget_known() -> None:
    """Look into the database again for every session: something changed about people."""
    _known.clear()


async def _forget(which: str, **values: str) -> int:
    async with writing() as writer:
        gone = await run_in(writer, f"DELETE FROM user_sessions WHERE {which}", **values)
        await writer.commit()
    forget_known()
    return gone
