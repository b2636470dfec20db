"""The log of who changed what: a line for each change, written with the change itself where that is one transaction.

It holds names of things, never what people wrote, asked or signed in with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.moderation import Activity
from memicos_app.db.text import original, original_json, storable, storable_json
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.query import reading, rows, writing

PAGE = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that somebody did."""

    id: int
    at: datetime
    person_name: str
    """Empty: a visitor."""
    way: str
    action: str
    subject: str
    details: dict[str, Any]


async def note(
    action: str, subject: str, details: Mapping[str, Any] | None = None, *, writer: AsyncSession | None = None
) -> None:
    """Write down what the person asking did.

    Args:
        action: a dotted word, noun first: `list.delete`.
        subject: address or id of what it was done to.
        writer: the session of the change, so that both happen or neither; None: one of its own.
    """
    who = person()
    line = Activity(
        person_id=who.id,
        person_name=storable(who.name),
        way=who.way,
        action=action,
        subject=storable(subject[:300]),
        details=storable_json(dict(details or {})),
    )
    if writer is not None:
        writer.add(line)
        return
    async with writing() as own:
        own.add(line)
        await own.commit()


async def lines(
    *, action: str = "", name: str = "", subject: str = "", before: int | None = None, limit: int = PAGE
) -> list[Line]:
    """The log, the newest first; for administrators.

    Args:
        action: an action, or the noun that actions begin with (`list`).
        name: of a person, whole.
        subject: a part of what it was done to.
        before: only lines with a smaller id: the cursor.

    Raises:
        SignInError, ForbiddenError: the person asking may not manage this site.
    """
    require(Right.MANAGE)
    asked = select(Activity).order_by(col(Activity.id).desc()).limit(min(limit, PAGE + 1))
    if action:
        asked = asked.where((col(Activity.action) == action) | col(Activity.action).startswith(f"{action}."))
    if name:
        asked = asked.where(Activity.person_name == storable(name))
    if subject:
        asked = asked.where(col(Activity.subject).contains(storable(subject), autoescape=True))
    if before is not None:
        asked = asked.where(col(Activity.id) < before)
    async with reading() as reader:
        return [_line(one) for one in await reader.exec(asked)]


async def actions() -> list[str]:
    """Every action that the log knows; for administrators."""
    require(Right.MANAGE)
    return [str(one["action"]) for one in await rows("SELECT DISTINCT action FROM activity ORDER BY 1 LIMIT 200")]


def _line(one: Activity) -> Line:
    return Line(
        one.id or 0,
        one.at,
        original(one.person_name),
        one.way,
        one.action,
        original(one.subject),
        original_json(one.details),
    )
