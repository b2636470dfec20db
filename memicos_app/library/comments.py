"""What people say of features and of lists; an author deletes their own words, an administrator anybody's."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from memicos_app.db.text import original, storable
from memicos_app.library import activity, cursors, feature_places, rates
from memicos_app.library.accounts import notifications
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.cursors import Page
from memicos_app.library.errors import BadInputError, ForbiddenError, NotFoundError
from memicos_app.library.lists import reading
from memicos_app.library.query import Row, row, rows, run_in, writing
from memicos_app.library.quick_lists import FeatureAddress
from memicos_app.library.visibility import reachable

SHORTEST_ON_FEATURE, SHORTEST_ON_LIST, LONGEST = 5, 2, 1024
"""Characters."""
MOST = 200
"""Comments that are read at once: the newest."""
_COLUMNS = """
    c.id, c.list_id, c.model_id, c.source_id, c.index, c.text, c.hidden, c.author_id, c.created_at,
    u.name AS author_name"""
_FROM = "comments AS c JOIN users AS u ON u.id = c.author_id"
_SHOWN = "(NOT c.hidden OR c.author_id = :me_id OR :me_admin)"


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment; on a list where `list_id` is given, else on a feature."""

    id: str
    text: str
    author_id: str
    author_name: str
    created_at: datetime
    hidden: bool
    mine: bool
    """Whether the person asking may delete it."""
    list_id: str | None
    address: FeatureAddress | None


async def on_feature(address: FeatureAddress, text: str) -> str:
    """Say something of a feature; the comment's id.

    Raises:
        BadInputError: too few or too many characters.
        NotFoundError: there is no such feature.
        SignInError, ForbiddenError: the person may not write.
    """
    require(Right.WRITE)
    said = _checked(text, SHORTEST_ON_FEATURE)
    await feature_places.require(address)
    place = {
        "model": storable(address.model_id),
        "source": storable(address.source_id),
        "index": address.index,
        "list": None,
    }
    return await _write(said, f"/{address}", place)


async def on_list(list_id: str, text: str) -> str:
    """Say something of a list; as `on_feature`."""
    require(Right.WRITE)
    said = _checked(text, SHORTEST_ON_LIST)
    await reading.get(list_id)
    return await _write(
        said, f"/list/{list_id}", {"model": None, "source": None, "index": None, "list": storable(list_id)}
    )


async def of_feature(address: FeatureAddress) -> list[CommentView]:
    """Comments on a feature, the oldest first. Raises `NotFoundError` as `page_of_feature`."""
    return (await page_of_feature(address)).items[::-1]


async def page_of_feature(
    address: FeatureAddress, *, cursor: str | None = None, limit: int = MOST
) -> Page[CommentView]:
    """Comments on a feature, the newest first, in pages; none where the person asking may not open the feature.

    Raises:
        BadInputError: the cursor is of another list.
        NotFoundError: there is no such feature, or its source is not for the person asking.
    """
    await feature_places.require(address)
    return await _page(
        f"c.list_id IS NULL AND c.model_id = :model AND c.source_id = :source AND c.index = :index AND {_OPEN}",
        cursor,
        limit,
        model=storable(address.model_id),
        source=storable(address.source_id),
        index=address.index,
    )


async def of_list(list_id: str) -> list[CommentView]:
    """Comments on a list, the oldest first. Raises `NotFoundError` as `reading.get`."""
    return (await page_of_list(list_id)).items[::-1]


async def page_of_list(list_id: str, *, cursor: str | None = None, limit: int = MOST) -> Page[CommentView]:
    """Comments on a list, as `page_of_feature`. Raises `NotFoundError` as `reading.get`."""
    await reading.get(list_id)
    return await _page("c.list_id = :list", cursor, limit, list=storable(list_id))


async def get(comment_id: str) -> CommentView:
    """A comment. Raises `NotFoundError`."""
    one = await row(f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.id = :id AND {_SHOWN}", id=storable(comment_id))
    if one is None:
        raise NotFoundError("There is no such comment.", field="id")
    return _view(one)


async def delete(comment_id: str) -> None:
    """Remove a comment of one's own; an administrator removes any.

    Raises:
        NotFoundError: there is no such comment.
        SignInError, ForbiddenError: it is not the person's.
    """
    require(Right.WRITE)
    one = await get(comment_id)
    if not one.mine:
        raise ForbiddenError("Only the author of a comment, or an administrator, may delete it.")
    async with writing() as writer:
        await run_in(writer, "DELETE FROM comments WHERE id = :id", id=one.id)
        await activity.note("comment.delete", place(one), {"id": one.id}, writer=writer)
        await writer.commit()


def place(one: CommentView) -> str:
    """Path of the page that a comment stands on."""
    return f"/{one.address}" if one.address else f"/list/{one.list_id}"


async def _write(said: str, subject: str, where: dict[str, object]) -> str:
    await rates.take("write")
    made = secrets.token_hex(12)
    async with writing() as writer:
        await run_in(
            writer,
            """
            INSERT INTO comments (id, list_id, model_id, source_id, index, text, author_id)
            VALUES (:id, :list, :model, :source, :index, :text, :author)
            """,
            id=made,
            text=said,
            author=person().id,
            **where,
        )
        await activity.note("comment.make", subject, {"id": made}, writer=writer)
        await writer.commit()
    notifications.soon(notifications.comment_made(made))
    return made


_OPEN = f"""(
    EXISTS (SELECT FROM sources AS s WHERE s.model_id = c.model_id AND s.id = c.source_id)
    OR EXISTS (
        SELECT FROM steer_vectors AS v
        WHERE v.model_id = c.model_id AND v.source_id = c.source_id AND v.index = c.index AND {reachable("v")}
    )
)"""


async def _page(condition: str, cursor: str | None, limit: int, **values: object) -> Page[CommentView]:
    size, question = max(1, min(limit, MOST)), cursors.question_hash("comments", *values.values())
    at, last = cursors.place(cursor, question, datetime, str)
    found = await rows(
        f"""
        SELECT {_COLUMNS} FROM {_FROM} WHERE {condition} AND {_SHOWN}
            AND (CAST(:last AS text) IS NULL OR (c.created_at, c.id) < (CAST(:at AS timestamptz), :last))
        ORDER BY c.created_at DESC, c.id DESC LIMIT :most
        """,
        most=size + 1,
        at=at,
        last=last,
        **values,
    )
    return cursors.page(map(_view, found), size, question, lambda one: (one.created_at, one.id))


def _checked(text: str, shortest: int) -> str:
    said = text.strip()
    if not shortest <= len(said) <= LONGEST:
        raise BadInputError(f"A comment has {shortest} to {LONGEST} characters; this has {len(said)}.", field="text")
    return storable(said)


def _view(one: Row) -> CommentView:
    who = person()
    on_feature = one["list_id"] is None
    return CommentView(
        id=one["id"],
        text=original(one["text"]),
        author_id=one["author_id"],
        author_name=original(one["author_name"]),
        created_at=one["created_at"],
        hidden=one["hidden"],
        mine=who.admin or (who.known and one["author_id"] == who.id),
        list_id=one["list_id"],
        address=FeatureAddress(original(one["model_id"]), original(one["source_id"]), one["index"])
        if on_feature
        else None,
    )
