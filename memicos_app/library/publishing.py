"""How far a model, a source set, a source or a vector is shown: set by whoever made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from memicos_app.db.text import storable
from memicos_app.library import activity
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.ownership import require_mine
from memicos_app.library.query import rows_in, run_in, writing
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
