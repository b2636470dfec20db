"""Columns of usual lines of `activations/`, checked whole: whose examples they are, and from which intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from memicos_app.library.datasets.field_types import MAX_INDEX
from memicos_app.library.datasets.line_cutting import PLACE
from memicos_app.library.datasets.rows import LARGEST
from memicos_app.library.example_columns import Group
from memicos_app.library.packing import Ints

TOP_GROUP = -1.0
"""Bounds of the interval of a line that names none."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What every line says, by column."""

    owners: list[tuple[str, str]]
    indices: Ints
    groups: list[Group]


def checked_fields(table: dict[str, tuple[Any, ...]], n: int) -> Fields | None:
    """Whose examples the lines are and from which intervals; None where one is unusual."""
    try:
        owners = list(zip(table["modelId"], table["layer"], strict=True))
        indices = _indices(table["index"])
    except (KeyError, ValueError):
        return None
    missing = (None,) * n
    bounds = [table.get(name, missing) for name in ("binMin", "binMax", "binContains")]
    sources = table.get("dataSource", missing)
    places = table.get("qualifyingTokenIndex", missing)
    usual = (
        table["tokens"].count(PLACE) == table["values"].count(PLACE) == n
        and types_of(table["modelId"]) == types_of(table["layer"]) == {str}
        and types_of(sources) <= {str, type(None)}
        and types_of(places) <= {int, type(None)}
        and all(abs(place) <= MAX_INDEX for place in set(places) - {None})
        and all(types_of(column) <= {int, float, type(None)} for column in bounds)
        and all(abs(bound) < LARGEST for column in bounds for bound in set(column) - {None})
    )
    return Fields(owners, indices, _groups(bounds, sources)) if usual else None


def types_of(column: Sequence[Any]) -> set[type]:
    """Types of the values of a column."""
    return set(map(type, column))


def _indices(column: Sequence[Any]) -> Ints:
    """Raises `ValueError` for what is unusual."""
    kinds = types_of(column)
    texts = "".join(column) if kinds == {str} else "0"
    if kinds not in ({str}, {int}) or not (texts.isascii() and texts.isdigit()):
        raise ValueError("not numbers")
    numbers = list(map(int, column))
    if min(numbers) < 0 or max(numbers) > MAX_INDEX or (kinds == {str} and max(map(len, column)) > 10):
        raise ValueError("out of range")
    return np.asarray(numbers, np.int64)


def _groups(bounds: Sequence[Sequence[float | None]], sources: Sequence[str | None]) -> list[Group]:
    """The interval of each line; a line without one belongs to the top group."""
    made: dict[tuple[Any, ...], Group] = {}
    groups = []
    for said in zip(*bounds, sources, strict=True):
        group = made.get(said)
        if group is None:
            low, high, share = (TOP_GROUP if bound is None else float(bound) for bound in said[:3])
            group = made[said] = Group(low, high, share, said[3])
        groups.append(group)
    return groups
