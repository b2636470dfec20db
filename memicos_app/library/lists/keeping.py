"""Making, changing and deleting lists, and what stands in them; only a list's owner or an administrator does."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.text import storable, storable_all
from memicos_app.library import activity, feature_places, rates
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.errors import BadInputError, ForbiddenError, NotFoundError
from memicos_app.library.lists import reading
from memicos_app.library.lists.views import (
    LONGEST_DESCRIPTION,
    LONGEST_NOTE,
    LONGEST_TEXT,
    MOST_ENTRIES,
    ListView,
    checked_name,
    checked_visibility,
    within,
)
from memicos_app.library.query import rows_in, run_in, writing
from memicos_app.library.quick_lists import Entry, FeatureAddress

MOST_LISTS = 1000
"""Lists of one person."""
_CHECKS: Mapping[str, Any] = {
    "name": checked_name,
    "description": lambda text: within(text, LONGEST_DESCRIPTION, "description"),
    "test_text": lambda text: within(text, LONGEST_TEXT, "test_text"),
    "visibility": checked_visibility,
}


async def make(
    name: str,
    description: str = "",
    test_text: str = "",
    *,
    visibility: str = "public",
    features: Sequence[Entry] = (),
) -> ListView:
    """A new list of the person asking, with its first features.

    Raises:
        BadInputError: a text is missing or too long, or there are too many features.
        NotFoundError: one of `features` is not here.
        SignInError, ForbiddenError: the person may not write.
    """
    who = require(Right.WRITE)
    await rates.take("write")
    values = checked(name=name, description=description, test_text=test_text, visibility=visibility)
    wanted = await _checked_entries(features)
    made = secrets.token_hex(8)
    async with writing() as writer:
        await _room_for_one(writer, str(who.id))
        await run_in(
            writer,
            """
            INSERT INTO lists (id, name, description, test_text, visibility, creator_id)
            VALUES (:id, :name, :description, :test_text, :visibility, :creator)
            """,
            id=made,
            creator=who.id,
            **values,
        )
        await _insert(writer, made, wanted)
        await activity.note("list.make", f"/list/{made}", {"features": len(wanted)}, writer=writer)
        await writer.commit()
    return await reading.get(made)


async def update(
    list_id: str,
    *,
    name: str | None = None,
    description: str | None = None,
    test_text: str | None = None,
    visibility: str | None = None,
) -> ListView:
    """Change what is given; what is None stays.

    Raises:
        NotFoundError: there is no such list.
        BadInputError: a text is missing or too long.
        SignInError, ForbiddenError: it is not the person's to change.
    """
    given = {"name": name, "description": description, "test_text": test_text, "visibility": visibility}
    values = checked(**{field: value for field, value in given.items() if value is not None})
    async with writing() as writer:
        await lock(writer, list_id)
        changes = ", ".join(f"{field} = :{field}" for field in values)
        if changes:
            await run_in(
                writer, f"UPDATE lists SET {changes}, updated_at = now() WHERE id = :id", id=list_id, **values
            )
            await activity.note("list.change", f"/list/{list_id}", {"fields": sorted(values)}, writer=writer)
        await writer.commit()
    return await reading.get(list_id)


async def delete(list_id: str) -> None:
    """Remove a list with its comments. Raises as `update`."""
    async with writing() as writer:
        await lock(writer, list_id)
        await run_in(writer, "DELETE FROM lists WHERE id = :id", id=list_id)
        await activity.note("list.delete", f"/list/{list_id}", writer=writer)
        await writer.commit()


async def add(list_id: str, features: Sequence[Entry]) -> list[FeatureAddress]:
    """Put features at the end of a list; those that are in it stay as they are. The addresses of the new ones.

    Raises:
        NotFoundError: there is no such list, or one of the features is not here.
        BadInputError: a note is too long, or the list becomes too long.
        SignInError, ForbiddenError: it is not the person's to change.
    """
    wanted = await _checked_entries(features)
    async with writing() as writer:
        await lock(writer, list_id)
        added = await _insert(writer, list_id, wanted)
        if added:
            await _changed(writer, list_id, "list.add", {"features": len(added)})
        await writer.commit()
    return added


async def remove(list_id: str, address: FeatureAddress) -> None:
    """Take a feature out of a list. Raises as `note`."""
    async with writing() as writer:
        await lock(writer, list_id)
        _found(await run_in(writer, f"DELETE FROM list_entries WHERE {_ENTRY}", **_named(list_id, address)), address)
        await _changed(writer, list_id, "list.remove", {"feature": str(address)})
        await writer.commit()


async def note(list_id: str, address: FeatureAddress, text: str) -> None:
    """Write what a feature is in the list for.

    Raises:
        NotFoundError: there is no such list, or the feature is not in it.
        BadInputError: the note is too long.
        SignInError, ForbiddenError: the list is not the person's to change.
    """
    said = storable(within(text, LONGEST_NOTE, "description"))
    async with writing() as writer:
        await lock(writer, list_id)
        values = {**_named(list_id, address), "note": said}
        _found(await run_in(writer, f"UPDATE list_entries SET note = :note WHERE {_ENTRY}", **values), address)
        await _changed(writer, list_id, "list.note", {"feature": str(address)})
        await writer.commit()


async def move(list_id: str, address: FeatureAddress, before: FeatureAddress | None) -> None:
    """Put a feature of a list before another one of it; None: at the end. Raises as `note`."""
    async with writing() as writer:
        await lock(writer, list_id)
        found = await rows_in(
            writer,
            "SELECT model_id, source_id, index FROM list_entries WHERE list_id = :id ORDER BY position",
            id=list_id,
        )
        order = [(one["model_id"], one["source_id"], one["index"]) for one in found]
        for one in (address, *([before] if before else [])):
            _found(order.count(_stored(one)), one)
        if address != before:
            order.remove(_stored(address))
            order.insert(order.index(_stored(before)) if before else len(order), _stored(address))
            await run_in(writer, _REORDER, id=list_id, **_columns(order))
            await _changed(writer, list_id, "list.move", {"feature": str(address)})
        await writer.commit()


_REORDER = """
    UPDATE list_entries AS e SET position = w.place - 1
    FROM unnest(CAST(:models AS text[]), CAST(:sources AS text[]), CAST(:indices AS integer[]))
        WITH ORDINALITY AS w (model_id, source_id, index, place)
    WHERE e.list_id = :id AND e.model_id = w.model_id AND e.source_id = w.source_id AND e.index = w.index
        AND e.position <> w.place - 1
"""
_ENTRY = "list_id = :id AND model_id = :model AND source_id = :source AND index = :index"


async def lock(writer: AsyncSession, list_id: str) -> None:
    """One change of a list at a time, by somebody who may.

    Raises:
        NotFoundError: there is no such list, or it is not for the person's eyes.
        SignInError, ForbiddenError: it is not theirs to change.
    """
    require(Right.WRITE)
    await rates.take("write")
    seen = await reading.get(list_id)
    if not seen.mine:
        raise ForbiddenError("Only the one who made this list, or an administrator, may change it.")
    if not await rows_in(writer, "SELECT 1 FROM lists WHERE id = :id FOR UPDATE", id=list_id):
        raise NotFoundError("This list was deleted a moment ago.", field="list_id")


def checked(**given: str) -> dict[str, str]:
    """Texts of a list as they are stored. Raises `BadInputError`, which names the field."""
    return {field: storable(_CHECKS[field](value)) for field, value in given.items()}


async def _checked_entries(features: Iterable[Entry]) -> list[Entry]:
    once: dict[FeatureAddress, Entry] = {}
    for one in features:
        within(one.description, LONGEST_NOTE, "description")
        once.setdefault(one.address, one)
    if len(once) > MOST_ENTRIES:
        raise BadInputError(f"A list holds at most {MOST_ENTRIES} features.", field="features")
    await feature_places.require(*once)
    return list(once.values())


async def _insert(writer: AsyncSession, list_id: str, wanted: Sequence[Entry]) -> list[FeatureAddress]:
    if not wanted:
        return []
    found = await rows_in(
        writer,
        _INSERT,
        id=list_id,
        notes=storable_all(one.description.strip() for one in wanted),
        **_columns([_stored(one.address) for one in wanted]),
    )
    (total,) = await rows_in(writer, "SELECT count(*) AS n FROM list_entries WHERE list_id = :id", id=list_id)
    if total["n"] > MOST_ENTRIES:
        raise BadInputError(
            f"A list holds at most {MOST_ENTRIES} features; this would have {total['n']}.", field="features"
        )
    new = {(one["model_id"], one["source_id"], one["index"]) for one in found}
    return [one.address for one in wanted if _stored(one.address) in new]


_INSERT = """
    INSERT INTO list_entries (list_id, model_id, source_id, index, note, position)
    SELECT :id, w.model_id, w.source_id, w.index, w.note,
           w.place + coalesce((SELECT max(position) FROM list_entries WHERE list_id = :id), -1)
    FROM unnest(
        CAST(:models AS text[]), CAST(:sources AS text[]), CAST(:indices AS integer[]), CAST(:notes AS text[])
    ) WITH ORDINALITY AS w (model_id, source_id, index, note, place)
    ON CONFLICT DO NOTHING
    RETURNING model_id, source_id, index
"""


async def _room_for_one(writer: AsyncSession, user_id: str) -> None:
    (found,) = await rows_in(writer, "SELECT count(*) AS n FROM lists WHERE creator_id = :user", user=user_id)
    if found["n"] >= MOST_LISTS:
        raise BadInputError(f"You have {found['n']} lists, the most that there can be; delete some.", field="name")


async def _changed(writer: AsyncSession, list_id: str, action: str, details: Mapping[str, Any]) -> None:
    await run_in(writer, "UPDATE lists SET updated_at = now() WHERE id = :id", id=list_id)
    await activity.note(action, f"/list/{list_id}", details, writer=writer)


def _found(n: int, address: FeatureAddress) -> None:
    if not n:
        raise NotFoundError(f"{address} is not in this list.", field="index")


def _stored(address: FeatureAddress) -> tuple[str, str, int]:
    return storable(address.model_id), storable(address.source_id), address.index


def _named(list_id: str, address: FeatureAddress) -> dict[str, Any]:
    model, source, index = _stored(address)
    return {"id": list_id, "model": model, "source": source, "index": index}


def _columns(addresses: Sequence[tuple[str, str, int]]) -> dict[str, list[Any]]:
    return {
        "models": [one[0] for one in addresses],
        "sources": [one[1] for one in addresses],
        "indices": [one[2] for one in addresses],
    }
