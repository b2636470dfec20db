"""What a search is asked for: where to look and what to leave out, and that as a condition of one statement.

Whatever is left out is left out inside the statement that ranks, before its LIMIT: no page is short of what fits.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from memicos_app.db.text import storable_all
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.explanations import CURRENT
from memicos_app.library.query import Row, row, rows
from memicos_app.library.visibility import listed

Bounds = tuple[float | None, float | None]
Way = Literal["hybrid", "meaning", "words"]
WAYS: tuple[Way, ...] = ("hybrid", "meaning", "words")
ALL: Bounds = (None, None)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: everything, a release, a model, or sources of a model."""

    kind: Literal["all", "release", "model", "sources"] = "all"
    release: str = ""
    model_id: str = ""
    source_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """What must hold besides; an empty one holds always. Of two bounds either may be open."""

    models: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    """Ways in which explanations were made: names of explanation types."""
    explainers: tuple[str, ...] = ()
    density: Bounds = ALL
    score: Bounds = ALL
    max_activation: Bounds = ALL


@dataclass(frozen=True, slots=True)
class Selection:
    """Explanations that may be found, as SQL over explanations `x` and what `joined` adds to them."""

    generations: list[int]
    conditions: str
    values: dict[str, Any] = field(default_factory=dict)
    n: int = 0
    """How many there are, as the server estimates it."""
    of: int = 0
    """How many there are without scope and filters."""
    by_feature: bool = False
    """Whether numbers of features decide; else the lists are made without looking at features."""

    @property
    def joined(self) -> str:
        """What the conditions need beside explanations `x`."""
        return f"{SOURCES} {FEATURES}" if self.by_feature else SOURCES

    def within(self, generations: list[int]) -> Selection:
        """What of it lies in some of its generations."""
        return replace(self, generations=generations, values=self.values | {"generations": generations})


SOURCES = "JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id"
FEATURES = "JOIN features AS f ON f.generation_id = s.current_generation AND f.index = x.index"


async def select(scope: Scope, filters: Filters) -> Selection:
    """The explanations of a scope that filters leave; none is a selection too.

    Raises:
        NotFoundError: no such release, model or source.
        BadInputError: a filter that cannot be right.
    """
    of_explanations, of_features, values = _conditions(filters)
    parts = {"explanations AS x": of_explanations, "features AS f": of_features}
    sources, shares = await asyncio.gather(
        _sources(scope, filters),
        asyncio.gather(*(share(table, " AND ".join(told), values) for table, told in parts.items() if told)),
    )
    generations = [int(one["generation"]) for one in sources]
    n = math.prod(shares, start=float(sum(int(one["n"]) for one in sources)))
    within = ["s.current_generation = ANY(:generations)", CURRENT]
    conditions = " AND ".join([*within, *of_explanations, *of_features])
    values |= {"generations": generations}
    of = sum(int(one["of"]) for one in sources[:1])
    return Selection(generations, conditions, values, math.ceil(n), of, bool(of_features))


async def share(table: str, conditions: str, values: dict[str, Any]) -> float:
    """The share of a table's rows that the planner expects to fit; asking it takes a millisecond.

    Of one table its statistics tell well; over joins it would multiply what depends on each other.
    """
    found, whole = await asyncio.gather(
        rows(f"EXPLAIN (FORMAT JSON) SELECT FROM {table} WHERE {conditions}", **values),
        rows(f"EXPLAIN (FORMAT JSON) SELECT FROM {table}"),
    )
    expected, of_all = (each[0]["QUERY PLAN"][0]["Plan"]["Plan Rows"] for each in (found, whole))
    return min(1.0, float(expected) / max(float(of_all), 1.0))


async def _sources(scope: Scope, filters: Filters) -> Sequence[Row]:
    """Sources with data, each with its current generation, how many explanations it has, and how many all have."""
    seen, values = await _within(scope)
    return await rows(
        f"""
        SELECT s.current_generation AS generation, s.n_explanations AS n,
            (SELECT sum(n_explanations) FROM sources) AS of
        FROM sources AS s
        JOIN source_sets AS t ON t.model_id = s.model_id AND t.name = s.set_name
        JOIN models AS m ON m.id = s.model_id
        WHERE s.current_generation IS NOT NULL AND {seen}
            AND (CAST(:models AS text[]) = '{{}}' OR s.model_id = ANY(:models))
            AND (CAST(:sets AS text[]) = '{{}}' OR s.set_name = ANY(:sets))
            AND (CAST(:layers AS integer[]) = '{{}}' OR s.layer = ANY(:layers))
        """,
        models=storable_all(filters.models),
        sets=storable_all(filters.sets),
        layers=_layers(filters.layers),
        **values,
    )


async def _within(scope: Scope) -> tuple[str, dict[str, Any]]:
    """A condition on sources: what is named may be unlisted, all else is listed."""
    if scope.kind == "all":
        return listed("s", "shown"), {}
    if scope.kind == "release":
        await _must_be("releases", "name", scope.release, "release")
        return f"{listed('s')} AND {listed('t')} AND t.release_name = :release", {"release": scope.release}
    await _must_be("models", "id", scope.model_id, "model_id")
    if scope.kind == "model":
        return f"{listed('s')} AND {listed('t')} AND s.model_id = :model", {"model": scope.model_id}
    if not scope.source_ids:
        raise BadInputError("Name at least one source.", field="source_ids")
    found = await rows(
        "SELECT id FROM sources WHERE model_id = :model AND id = ANY(:ids)",
        model=scope.model_id,
        ids=storable_all(scope.source_ids),
    )
    if missing := sorted(set(scope.source_ids) - {one["id"] for one in found}):
        raise NotFoundError(f"There is no source {scope.model_id}/{missing[0]} here.", field="source_ids")
    return "s.model_id = :model AND s.id = ANY(:ids)", {"model": scope.model_id, "ids": list(scope.source_ids)}


async def _must_be(table: str, key: str, name: str, field_name: str) -> None:
    found = await row(f"SELECT FROM {table} WHERE {key} = :name", name=storable_all([name])[0])
    if found is None:
        raise NotFoundError(f"There is no {table[:-1]} {name!r} here.", field=field_name)


def _layers(layers: Sequence[int]) -> list[int]:
    return [layer for layer in layers if -(2**31) <= layer < 2**31]


_COLUMNS = {"score": "x.score", "density": "f.density", "max_activation": "f.max_activation"}


def _conditions(filters: Filters) -> tuple[list[str], list[str], dict[str, Any]]:
    """Conditions on explanations and on features, and what their places hold."""
    parts: dict[str, list[str]] = {"x": [], "f": []}
    values: dict[str, Any] = {}
    for name, column, wanted in (
        ("types", "x.type_name", filters.types),
        ("explainers", "x.explainer", filters.explainers),
    ):
        if wanted:
            parts["x"].append(f"{column} = ANY(:{name})")
            values[name] = storable_all(wanted)
    for name, column in _COLUMNS.items():
        low, high = getattr(filters, name)
        if low is not None and high is not None and low > high:
            raise BadInputError(f"The lower bound of {name} is above the upper one.", field=name)
        for bound, sign, side in ((low, ">=", "low"), (high, "<=", "high")):
            if bound is not None:
                parts[column[0]].append(f"{column} {sign} CAST(:{name}_{side} AS real)")
                values[f"{name}_{side}"] = _finite(bound, name)
    return parts["x"], parts["f"], values


def _finite(bound: float, name: str) -> float:
    if bound != bound or abs(bound) > 3e38:
        raise BadInputError(f"A bound of {name} is not a number.", field=name)
    return float(bound)
