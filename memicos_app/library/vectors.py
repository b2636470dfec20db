"""Directions of people's own to steer with: kept under an address like a feature's, at a residual hook point."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import tuple_
from sqlmodel import col, select

from inference_worker.wire.util import FeatureVectorRequest
from memicos_app.db.session import session
from memicos_app.db.steering import SteerVector
from memicos_app.db.text import original, storable
from memicos_app.library import activity, catalog, cursors, rates
from memicos_app.library.accounts.person import person
from memicos_app.library.cursors import Page
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.inference import inference
from memicos_app.library.ownership import is_mine
from memicos_app.library.query import reading
from memicos_app.library.visibility import Visibility

HookType = Literal["hook_resid_pre", "hook_resid_post"]
HOOK_TYPES: tuple[HookType, ...] = ("hook_resid_pre", "hook_resid_post")
LONGEST_LABEL = 200
MOST_LISTED = 500
"""Vectors that are read at once, where they are read in pages."""
LARGEST = 1e6
"""Of one number; beyond it a model in half precision overflows."""
STRONGEST = 10_000.0
_FIRST_INDEX, _LAST_INDEX = 90_000_000, 180_000_000
"""Indices of vectors lie where no SAE has features, as in the public reference."""
_SOURCE = re.compile(r"(?P<layer>\d{1,4})-memicos-resid-(?P<side>pre|post)")
_FIELDS = {"source": "source_id", "model": "model_id"}


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector with its address; `values` is `[d_model]`."""

    model_id: str
    source_id: str
    index: int
    label: str
    hook_name: str
    values: list[float]
    default_strength: float
    created_at: datetime | None = None
    creator_id: str | None = None
    visibility: str = "public"


def is_vector(source_id: str) -> bool:
    """Whether an address belongs to a vector of somebody's own, by its source id."""
    return _SOURCE.fullmatch(source_id) is not None


def source_of(layer: int, hook_type: HookType) -> str:
    """Source id of the vectors at a hook point: `15-memicos-resid-post`."""
    return f"{layer}-memicos-{hook_type.removeprefix('hook_').replace('_', '-')}"


async def create(
    model_id: str,
    layer: int,
    hook_type: str,
    values: Sequence[float],
    *,
    label: str,
    default_strength: float = 10.0,
    visibility: Visibility = "unlisted",
) -> Vector:
    """Keep a vector.

    Raises:
        NotFoundError: the model is not known here.
        BadInputError: no such layer or hook, another length than the model's, numbers that are none, no label.
    """
    await rates.take("vector")
    known = await catalog.model(model_id)
    hook = _hook_type(hook_type)
    _check(known.layers, known.dimension, layer, values)
    row = SteerVector(
        model_id=model_id,
        source_id=source_of(layer, hook),
        index=_FIRST_INDEX + secrets.randbelow(_LAST_INDEX - _FIRST_INDEX),
        label=storable(_label(label)),
        hook_name=f"blocks.{layer}.{hook}",
        values=[float(value) for value in values],
        default_strength=_strength(default_strength),
        visibility=visibility,
        creator_id=person().id,
    )
    async with session() as opened:
        opened.add(row)
        await activity.note("vector.make", f"/{model_id}/{row.source_id}/{row.index}", writer=opened)
        await opened.commit()
        await opened.refresh(row)
        return _view(row)


async def get(model_id: str, source_id: str, index: int) -> Vector:
    """A vector; for a feature of an SAE its decoder direction, which the worker knows.

    Raises:
        NotFoundError: there is none of this address.
        UnavailableError: a feature's direction is asked for and the worker is not there.
    """
    if not is_vector(source_id):
        return await _of_feature(model_id, source_id, index)
    async with reading() as opened:
        row = await opened.get(SteerVector, (storable(model_id), source_id, index))
    if row is None or (row.visibility == "private" and not is_mine(row.creator_id)):
        raise NotFoundError(f"There is no vector {model_id}/{source_id}/{index}.", field="index")
    return _view(row)


async def owned(model_id: str | None = None) -> list[Vector]:
    """The vectors of the person asking, the newest first; of one model or of all."""
    return await _of(person().id, model_id)


async def page_of_owned(
    model_id: str | None = None, *, cursor: str | None = None, limit: int = MOST_LISTED
) -> Page[Vector]:
    """As `owned`, in pages. Raises `BadInputError` where the cursor is of another list."""
    size, question = max(1, min(limit, MOST_LISTED)), cursors.question_hash("vectors", person().id, model_id)
    found = await _of(person().id, model_id, cursors.place(cursor, question, datetime, str, str, int), size + 1)
    return cursors.page(
        found, size, question, lambda one: (one.created_at, storable(one.model_id), one.source_id, one.index)
    )


async def listed_of(creator_id: str) -> list[Vector]:
    """Somebody's vectors as others see them: those that are public, the newest first."""
    return [one for one in await _of(creator_id) if one.visibility == "public" or is_mine(creator_id)]


async def _of(
    creator_id: str | None,
    model_id: str | None = None,
    place: Sequence[Any] = (None,),
    limit: int | None = None,
) -> list[Vector]:
    one = SteerVector
    order: list[Any] = [col(one.created_at), col(one.model_id), col(one.source_id), col(one.index)]
    asked = select(SteerVector).where(SteerVector.creator_id == creator_id, col(SteerVector.creator_id).is_not(None))
    if model_id is not None:
        asked = asked.where(SteerVector.model_id == storable(model_id))
    if place[0] is not None:
        asked = asked.where(tuple_(*order) < tuple_(*place))
    async with reading() as opened:
        found = await opened.exec(asked.order_by(*(each.desc() for each in order)).limit(limit))
        return [_view(row) for row in found]


async def delete(model_id: str, source_id: str, index: int) -> None:
    """Remove a vector of one's own. Raises `NotFoundError` where there is none."""
    async with session() as opened:
        row = await opened.get(SteerVector, (storable(model_id), storable(source_id), index))
        if row is None or not is_mine(row.creator_id):
            raise NotFoundError(f"There is no vector {model_id}/{source_id}/{index}.", field="index")
        await opened.delete(row)
        await activity.note("vector.delete", f"/{model_id}/{source_id}/{index}", writer=opened)
        await opened.commit()


def parse(text: str) -> list[float]:
    """Numbers as people paste them: JSON, or separated by commas, white space or line breaks, in any brackets.

    Raises:
        BadInputError: a part is no number, or there is none.
    """
    parts = re.sub(r"[\[\](){},;]|tensor|array", " ", text).split()
    numbers = []
    for place, part in enumerate(parts):
        try:
            numbers.append(float(part))
        except ValueError:
            raise BadInputError(f"Number {place + 1}, “{part[:40]}”, is none.", field="values") from None
    if not numbers:
        raise BadInputError("Paste the vector's numbers.", field="values")
    return numbers


async def _of_feature(model_id: str, source_id: str, index: int) -> Vector:
    with inference(_FIELDS) as client:
        found = await client.vector(FeatureVectorRequest(model=model_id, source=source_id, index=index))
    return Vector(model_id, source_id, index, "", found.hook_name, found.vector, 10.0)


def _check(layers: int, dimension: int | None, layer: int, values: Sequence[float]) -> None:
    if not 0 <= layer < max(layers, 1):
        raise BadInputError(f"The model has layers 0 to {layers - 1}.", field="layer")
    if dimension is not None and len(values) != dimension:
        raise BadInputError(f"The vector has {len(values)} numbers; the model needs {dimension}.", field="values")
    if not all(math.isfinite(value) and abs(value) <= LARGEST for value in values):
        raise BadInputError(
            f"Every number of the vector must lie between {-LARGEST:g} and {LARGEST:g}.", field="values"
        )
    if not any(values):
        raise BadInputError("The vector is zero: steering with it changes nothing.", field="values")


def _hook_type(name: str) -> HookType:
    for known in HOOK_TYPES:
        if name in (known, known.removeprefix("hook_")):
            return known
    raise BadInputError(f"The hook must be {' or '.join(HOOK_TYPES)}.", field="hook_type")


def _label(label: str) -> str:
    if not 1 <= len(label.strip()) <= LONGEST_LABEL:
        raise BadInputError(f"A vector needs a name of 1 to {LONGEST_LABEL} characters.", field="label")
    return label.strip()


def _strength(strength: float) -> float:
    if not abs(strength) <= STRONGEST:
        raise BadInputError(
            f"The strength must be between {-STRONGEST:g} and {STRONGEST:g}.", field="default_strength"
        )
    return strength


def _view(row: SteerVector) -> Vector:
    values: dict[str, Any] = {
        "values": [float(value) for value in row.values],
        "label": original(row.label),
        "default_strength": row.default_strength,
        "created_at": row.created_at,
        "creator_id": row.creator_id,
        "visibility": row.visibility,
    }
    return Vector(row.model_id, row.source_id, row.index, hook_name=row.hook_name, **values)
