"""How often one may try to sign in: counted in the database before each try, exactly, over all processes.

Counted for the account or e-mail that is tried and for the address that tries, so that neither many guesses at one
person nor one guess at many people goes on for long. A password that was right clears its account.
"""

from __future__ import annotations

from dataclasses import dataclass

from memicos_app.library.accounts import secret_words
from memicos_app.library.errors import LibraryError
from memicos_app.library.query import rows_in, run_in, writing
from memicos_app.library.visitor import address


class TooManyError(LibraryError):
    """Something was tried too often; worth trying again after `retry_after` seconds."""

    code = "too_many"
    status = 429


@dataclass(frozen=True, slots=True)
class Allowed:
    """So many tries within so many minutes."""

    name: str
    each: int
    """For one account or e-mail."""
    address: int
    """From one address."""
    minutes: int


PASSWORDS = Allowed("password", each=10, address=40, minutes=15)
LINKS = Allowed("link", each=5, address=20, minutes=60)
CODES = Allowed("code", each=30, address=60, minutes=15)
"""Links that are opened, and answers of providers."""


async def count(allowed: Allowed, whom: str) -> None:
    """Count one try at `whom`. Raises `TooManyError` where there were too many."""
    for what, most in ((_name(allowed, "each", whom), allowed.each), (_address(allowed), allowed.address)):
        async with writing() as writer:
            (found,) = await rows_in(writer, _COUNT, what=what, minutes=allowed.minutes)
            await writer.commit()
        if found["count"] > most:
            wait = max(1, round(found["wait"]))
            raise TooManyError(
                f"That was tried too often. Try again in {max(1, round(wait / 60))} min.", retry_after=wait
            )


async def clear(allowed: Allowed, whom: str) -> None:
    """Forget the tries at `whom`: it was they."""
    async with writing() as writer:
        await run_in(writer, "DELETE FROM sign_in_attempts WHERE what = :what", what=_name(allowed, "each", whom))
        await run_in(writer, "DELETE FROM sign_in_attempts WHERE since < now() - interval '1 day'")
        await writer.commit()


_COUNT = """
    INSERT INTO sign_in_attempts AS a (what, count) VALUES (:what, 1)
    ON CONFLICT (what) DO UPDATE SET
        count = CASE WHEN a.since < now() - make_interval(mins => :minutes) THEN 1 ELSE a.count + 1 END,
        since = CASE WHEN a.since < now() - make_interval(mins => :minutes) THEN now() ELSE a.since END
    RETURNING count, extract(epoch FROM since + make_interval(mins => :minutes) - now())::float8 AS wait
"""


def _name(allowed: Allowed, kind: str, whom: str) -> str:
    return secret_words.hashed(f"{allowed.name}:{kind}:{whom.strip().lower()}")


def _address(allowed: Allowed) -> str:
    """Whoever has one address of IPv6 has all of its network: it is counted as one."""
    return _name(allowed, "address", address())
