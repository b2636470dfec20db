"""How far a model, a source set, a source or a vector is shown: set by whoever made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from memicos_app.db.text import storable
from memicos_app.library import activity, rates
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.ownership import is_mine, require_mine
from memicos_app.library.query import row, rows_in, run_in, writing
from memicos_app.library.vectors import is_vector
from memicos_app.library.visibility import VISIBILITIES, reachable


@dataclass(frozen=True, slots=True)
class Thing:
    """What is shown or not: a model, or what else is named of it."""

    model_id: str
    set_name: str = ""
    source_id: str = ""
    index: int | None = None
    """Of a vector of somebody's own, with its `source_id`."""

    @property
    def place(self) -> tuple[str, str, dict[str, Any]]:
        """Its table, the condition that finds it, and what the condition's places hold."""
        values: dict[str, Any] = {"model": storable(self.model_id)}
        if self.index is not None:
            values |= {"source": storable(self.source_id), "index": self.index}
            return "steer_vectors", "model_id = :model AND source_id = :source AND index = :index", values
        if self.source_id:
            return "sources", "model_id = :model AND id = :source", values | {"source": storable(self.source_id)}
        if self.set_name:
            return "source_sets", "model_id = :model AND name = :name", values | {"name": storable(self.set_name)}
        return "models", "id = :model", values

    def __str__(self) -> str:
        parts = (self.model_id, self.set_name or self.source_id, "" if self.index is None else str(self.index))
        return "/".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a thing is shown."""

    thing: Thing
    visibility: str
    """Its own, as whoever made it chose."""
    shown: str
    """The strictest of it and of what holds it."""
    mine: bool
    """Whether the person asking may choose."""


async def standing(model_id: str, name: str = "", index: int | None = None) -> Standing | None:
    """How far what an address names is shown; None: nothing is here that can be shown or not.

    Args:
        name: of a source set or a source of the model.
        index: of a vector of somebody's own; of a feature, the answer is its source's.
    """
    if not name:
        tried = [Thing(model_id)]
    elif index is not None and is_vector(name):
        tried = [Thing(model_id, source_id=name, index=index)]
    else:
        tried = [Thing(model_id, source_id=name), Thing(model_id, set_name=name)]
    for thing in tried:
        table, condition, values = thing.place
        shown = "shown" if thing.index is None and name else "visibility"
        found = await row(
            f"""
            SELECT o.creator_id, o.visibility, o.{shown} AS shown FROM {table} AS o
            WHERE {condition} AND {reachable("o")}
            """,
            **values,
        )
        if found:
            mine = rights.may(Right.WRITE) and is_mine(found["creator_id"])
            return Standing(thing, found["visibility"], found["shown"], mine)
    return None


async def show(thing: Thing, visibility: str) -> None:
    """Let everybody find a thing (`public`), those who have its address (`unlisted`), or its maker (`private`).

    Sources and sets are never shown further than what holds them.

    Raises:
        BadInputError: no such word.
        NotFoundError: no such thing, or it is not to be seen by the person asking.
        ForbiddenError: it is somebody else's.
    """
    if visibility not in VISIBILITIES:
        raise BadInputError(f"Visibility is one of {', '.join(VISIBILITIES)}.", field="visibility")
    rights.require(Right.WRITE)
    await rates.take("write")
    table, condition, values = thing.place
    async with writing() as writer:
        found = await rows_in(
            writer,
            f"SELECT o.creator_id FROM {table} AS o WHERE {condition} AND {reachable('o')}",
            **values,
        )
        if not found:
            raise NotFoundError(f"There is no {thing} here.", field=_field(thing))
        require_mine(found[0]["creator_id"])
        # What is above is locked first, as the triggers that spread a change downwards do.
        await rows_in(writer, "SELECT 1 FROM models WHERE id = :model FOR SHARE", **values)
        await run_in(writer, f"UPDATE {table} SET visibility = :to WHERE {condition}", **values, to=visibility)
        await activity.note("visibility.change", str(thing), {"to": visibility}, writer=writer)
        await writer.commit()


def _field(thing: Thing) -> str:
    if thing.index is not None:
        return "index"
    return "source_id" if thing.source_id else "set_name" if thing.set_name else "model_id"
