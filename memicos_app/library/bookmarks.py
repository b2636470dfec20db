"""Features that a person wants to find again: each once, seen by nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memicos_app.db.text import original, storable
from memicos_app.library import cursors, feature_places, rates
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.cursors import Page
from memicos_app.library.query import Row, row, rows, run_in, writing
from memicos_app.library.quick_lists import FeatureAddress

PAGE = 300


@dataclass(frozen=True, slots=True)
class BookmarkView:
    """A bookmark of the person asking."""

    address: FeatureAddress
    created_at: datetime


async def add(address: FeatureAddress) -> bool:
    """Keep a feature; whether it was not kept before.

    Raises:
        NotFoundError: there is no such feature.
        SignInError, ForbiddenError: the person may not write.
    """
    who = require(Right.WRITE)
    await rates.take("write")
    await feature_places.require(address)
    return await _write(
        """
        INSERT INTO bookmarks (user_id, model_id, source_id, index) VALUES (:user, :model, :source, :index)
        ON CONFLICT DO NOTHING
        """,
        str(who.id),
        address,
    )


async def remove(address: FeatureAddress) -> bool:
    """Let go of a feature; whether it was kept. Raises `SignInError`, `ForbiddenError`."""
    who = require(Right.WRITE)
    return await _write(f"DELETE FROM bookmarks WHERE {_MINE}", str(who.id), address)


async def has(address: FeatureAddress) -> bool:
    """Whether the person asking keeps a feature."""
    who = person()
    return who.id is not None and bool(await row(f"SELECT 1 FROM bookmarks WHERE {_MINE}", **_names(who.id, address)))


async def mine(*, limit: int = PAGE, before: datetime | None = None) -> list[BookmarkView]:
    """Bookmarks of the person asking, the newest first; a visitor has none.

    Args:
        before: only older ones.
    """
    return (await page_of_mine(limit=limit, before=before)).items


async def page_of_mine(
    *, cursor: str | None = None, limit: int = PAGE, before: datetime | None = None
) -> Page[BookmarkView]:
    """As `mine`, in pages. Raises `BadInputError` where the cursor is of another list."""
    size, question = max(1, min(limit, PAGE)), cursors.question_hash("bookmarks", person().id)
    at, model, source, index = cursors.place(cursor, question, datetime, str, str, int)
    found = await rows(
        """
        SELECT model_id, source_id, index, created_at FROM bookmarks
        WHERE user_id = :me_id AND (CAST(:before AS timestamptz) IS NULL OR created_at < :before)
            AND (CAST(:model AS text) IS NULL
                 OR (created_at, model_id, source_id, index) < (CAST(:at AS timestamptz), :model, :source, :index))
        ORDER BY created_at DESC, model_id DESC, source_id DESC, index DESC LIMIT :limit
        """,
        before=before,
        at=at,
        model=model,
        source=source,
        index=index,
        limit=size + 1,
    )
    return cursors.page(map(_view, found), size, question, _place)


def _view(one: Row) -> BookmarkView:
    return BookmarkView(
        FeatureAddress(original(one["model_id"]), original(one["source_id"]), one["index"]), one["created_at"]
    )


def _place(one: BookmarkView) -> tuple[datetime, str, str, int]:
    return one.created_at, storable(one.address.model_id), storable(one.address.source_id), one.address.index


_MINE = "user_id = :user AND model_id = :model AND source_id = :source AND index = :index"


def _names(user_id: str, address: FeatureAddress) -> dict[str, object]:
    return {
        "user": user_id,
        "model": storable(address.model_id),
        "source": storable(address.source_id),
        "index": address.index,
    }


async def _write(sql: str, user_id: str, address: FeatureAddress) -> bool:
    async with writing() as writer:
        changed = await run_in(writer, sql, **_names(user_id, address))
        await writer.commit()
    return changed > 0
