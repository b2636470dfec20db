"""One explanation by its id, and the ways of making them, each with its newest ones.

Reading all explanations of a feature is `explanations.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from memicos_app.db.text import original, storable
from memicos_app.library import explanations, own_explanations
from memicos_app.library.autointerp.explainers import EXPLAINERS
from memicos_app.library.errors import NotFoundError
from memicos_app.library.explanations import CURRENT
from memicos_app.library.query import Row, row, rows
from memicos_app.library.views import ExplanationView
from memicos_app.library.visibility import listed

RECENT = 20
MOST_COUNTED = 100_000
"""Explanations of a type that are counted; beyond, there are more."""


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation with the feature that it is of."""

    model_id: str
    source_id: str
    index: int
    explanation: ExplanationView


@dataclass(frozen=True, slots=True)
class TypeView:
    """A way of making explanations."""

    name: str
    display_name: str
    description: str
    url: str
    creator_name: str
    is_attention: bool
    count: int
    """How many there are, at most `MOST_COUNTED` + 1."""
    recent: list[Explained]


async def explained(explanation_id: str) -> Explained:
    """An explanation that readers see.

    Raises:
        NotFoundError: there is none under this id.
    """
    one = await own_explanations.found(explanation_id)
    place = (one["model_id"], one["source_id"], one["index"])
    for view in await explanations.for_feature(*place):
        if view.id == explanation_id:
            return Explained(*place, view)
    raise NotFoundError(f"There is no explanation {explanation_id[:100]}.", field="id")


async def explanation_type(name: str) -> TypeView:
    """A way of making explanations, with the newest that were made so.

    Raises:
        NotFoundError: there is no such type.
    """
    found = await row(_TYPE, name=storable(name), most=MOST_COUNTED + 1)
    if found is None and (known := EXPLAINERS.get(name)) is not None:
        return TypeView(name, known.title, known.description, "", "", known.attention, 0, [])
    if found is None:
        raise NotFoundError(f"There is no explanation type {name[:100]}.", field="name")
    recent = await rows(_RECENT, name=storable(name), limit=RECENT)
    return TypeView(
        name=original(found["name"]),
        display_name=original(found["display_name"] or found["name"]),
        description=original(found["description"]),
        url=original(found["url"] or ""),
        creator_name=original(found["creator_name"]),
        is_attention=found["is_attention"],
        count=found["n"],
        recent=[_explained(one) for one in recent],
    )


async def type_names() -> list[tuple[str, str]]:
    """Name and display name of every type, in reading order; those that nobody has used yet, last."""
    found = await rows("SELECT name, display_name FROM explanation_types ORDER BY rank, name")
    known = {original(one["name"]): original(one["display_name"] or one["name"]) for one in found}
    return list(({**known, **{one.name: one.title for one in EXPLAINERS.values()}} | known).items())


_TYPE = f"""
    SELECT t.*, (
        SELECT count(*) FROM (
            SELECT 1 FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
            WHERE x.type_name = t.name AND {CURRENT} LIMIT :most
        ) AS counted
    ) AS n
    FROM explanation_types AS t WHERE t.name = :name
"""
_RECENT = f"""
    SELECT x.model_id, x.source_id, x.index, {explanations.COLUMNS}
    FROM explanations AS x
    JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
    LEFT JOIN explanation_types AS t ON t.name = x.type_name
    LEFT JOIN users AS u ON u.id = x.author_id
    WHERE x.type_name = :name AND {CURRENT} AND {listed("s", "shown")}
    ORDER BY x.created_at DESC, x.number DESC LIMIT :limit
"""


def _explained(one: Row) -> Explained:
    return Explained(one["model_id"], one["source_id"], one["index"], explanations.view(one))


def explanation_json(one: Explained) -> dict[str, Any]:
    """An explanation under its public names, as a feature's JSON has it, with what people think of it."""
    view = one.explanation
    return {
        "id": view.id,
        "modelId": one.model_id,
        "layer": one.source_id,
        "source": one.source_id,
        "index": str(one.index),
        "description": view.description,
        "typeName": view.type_name or None,
        "explanationModelName": view.model_name,
        "authorName": view.author or None,
        "notes": view.notes,
        "createdAt": view.created_at.isoformat(),
        "scores": view.scores,
        "votes": view.votes,
        "madeHere": view.made_here,
        "triggeredByUser": None,
    }
