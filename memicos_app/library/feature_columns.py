"""A source's features as columns in this process: what lists are filtered, counted and sorted by.

Counting a million rows in the database takes longer than a page may; a few numbers a feature fit in memory. They are
read again as soon as the source changed: everything that changes its explanations or features touches
`sources.updated_at`.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from memicos_app.db.text import original
from memicos_app.library.explanations import CURRENT
from memicos_app.library.query import row, rows
from memicos_app.library.sequences import ByteCache
from memicos_app.settings import get_settings

LIMIT = 256 << 20
"""Bytes of columns that are kept."""
PATIENT_FROM = 0.2
"""Seconds; what takes longer to read is read again only after a while, however often the source changes."""
PAUSE = 5.0
"""That while, in times of what reading took."""
MOST_QUERIES = 16
Places = npt.NDArray[np.integer[Any]]
"""Places of features in the columns, or their indices."""
Floats32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tags:
    """Names that features have, several a feature: pair i says that the feature at `positions[i]` has `codes[i]`."""

    names: list[str]
    positions: Places
    codes: Places


@dataclass(frozen=True, slots=True)
class Scored:
    """The best score of one kind of each feature that has one."""

    positions: Places
    values: Floats32


@dataclass(frozen=True, slots=True)
class Columns:
    """Of one generation, a place a feature, in the order of their indices. All arrays but the orders are `[n]`."""

    generation: int
    index: Places
    density: Floats32
    max_activation: Floats32
    by_density: Places
    """Places in the order of density, then index."""
    by_max_activation: Places
    by_explanation: Places
    """Places of explained features in the order of their explanation, then index."""
    types: Tags
    explainers: Tags
    scores: dict[str, Scored]
    hits: OrderedDict[str, Places] = field(default_factory=OrderedDict)
    """Places that hold the words of a query, by query: those asked for last."""
    made: dict[str, Any] = field(default_factory=dict)
    """What was computed of the columns once, by name."""

    def __len__(self) -> int:
        return len(self.index)

    @property
    def n_bytes(self) -> int:
        """Memory of the arrays, with room for what is computed of them."""
        pairs = (
            len(self.types.codes) + len(self.explainers.codes) + sum(len(one.values) for one in self.scores.values())
        )
        return len(self) * 48 + pairs * 16 + 4096


@dataclass(frozen=True, slots=True)
class _Kept:
    columns: Columns
    changed: datetime
    read_at: float
    seconds: float


_kept: ByteCache[_Kept] = ByteCache(LIMIT)
_reading: dict[tuple[Any, ...], asyncio.Task[_Kept]] = {}


async def columns(model_id: str, source_id: str) -> Columns | None:
    """The columns of a source's current data; None where it has none."""
    found = await row(
        "SELECT current_generation, updated_at FROM sources WHERE model_id = :model AND id = :source",
        model=model_id,
        source=source_id,
    )
    if found is None or found["current_generation"] is None:
        return None
    settings = get_settings()
    generation, changed = int(found["current_generation"]), found["updated_at"]
    key = (settings.database_url.get_secret_value(), str(settings.data_dir), generation, 0)
    kept = _kept.get(key)
    if kept is None or (kept.changed != changed and not _may_wait(kept)):
        kept = await _read_once((*key, changed), model_id, source_id)
        _kept.put(key, kept, kept.columns.n_bytes)
    return kept.columns


def _may_wait(kept: _Kept) -> bool:
    return kept.seconds > PATIENT_FROM and time.monotonic() - kept.read_at < PAUSE * kept.seconds


async def _read_once(key: tuple[Any, ...], model_id: str, source_id: str) -> _Kept:
    """Read; who asks for the same meanwhile waits for the same."""
    running = _reading.get(key)
    if running is None or running.get_loop() is not asyncio.get_running_loop():
        running = _reading[key] = asyncio.create_task(_read(key[2], key[4], model_id, source_id))
        running.add_done_callback(lambda _: _reading.pop(key, None))
    return await asyncio.shield(running)


async def _read(generation: int, changed: datetime, model_id: str, source_id: str) -> _Kept:
    began = time.monotonic()
    (numbers,) = await rows(_NUMBERS, generation=generation)
    (said,) = await rows(_SAID, model=model_id, source=source_id)
    scored = await rows(_SCORES, model=model_id, source=source_id)
    made = await asyncio.to_thread(_columns, generation, numbers, said, scored)
    now = time.monotonic()
    return _Kept(made, changed, now, now - began)


_NUMBERS = """
    SELECT (SELECT string_agg(int4send(index) || float4send(density), ''::bytea ORDER BY density, index)
            FROM features WHERE generation_id = :generation) AS density,
           (SELECT string_agg(int4send(index) || float4send(max_activation), ''::bytea ORDER BY max_activation, index)
            FROM features WHERE generation_id = :generation) AS max_activation,
           (SELECT string_agg(int4send(index), ''::bytea ORDER BY sort_key, index)
            FROM feature_labels WHERE generation_id = :generation) AS explanation
"""
_SAID = f"""
    WITH t AS (SELECT name, CAST(row_number() OVER (ORDER BY name) AS integer) AS code FROM explanation_types),
    m AS (SELECT name, CAST(row_number() OVER (ORDER BY name) AS integer) AS code FROM explanation_models)
    SELECT (SELECT array_agg(name ORDER BY code) FROM t) AS types,
           (SELECT array_agg(name ORDER BY code) FROM m) AS explainers,
           (SELECT string_agg(
                int4send(x.index) || int4send(coalesce(t.code, 0)) || int4send(coalesce(m.code, 0)), ''::bytea)
            FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
            LEFT JOIN t ON t.name = x.type_name LEFT JOIN m ON m.name = x.explainer
            WHERE x.model_id = :model AND x.source_id = :source AND {CURRENT}) AS said
"""
_SCORES = f"""
    WITH judged AS (
        SELECT x.index, coalesce(j ->> 'type_name', j ->> 'explanationScoreTypeName', j ->> 'type', 'score') AS kind,
               CAST(j ->> 'value' AS real) AS value
        FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        CROSS JOIN LATERAL jsonb_array_elements(x.scores) AS j
        WHERE x.model_id = :model AND x.source_id = :source AND {CURRENT} AND x.scores <> '[]'
          AND jsonb_typeof(j -> 'value') = 'number'
        UNION ALL (
            SELECT DISTINCT ON (x.number, c.type_name) x.index, c.type_name, c.value
            FROM explanation_scores AS c
            JOIN explanations AS x ON x.model_id = c.model_id AND x.source_id = c.source_id
                AND x.index = c.index AND x.id = c.explanation_id AND x.description = c.description
            JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
            WHERE c.model_id = :model AND c.source_id = :source AND c.value IS NOT NULL AND {CURRENT}
            ORDER BY x.number, c.type_name, c.created_at DESC, c.id
        )
    ), best AS (SELECT kind, index, max(value) AS value FROM judged GROUP BY kind, index)
    SELECT kind, string_agg(int4send(index) || float4send(value), ''::bytea ORDER BY index) AS scored
    FROM best GROUP BY kind ORDER BY kind
"""
_PAIR = np.dtype([("index", ">i4"), ("value", ">f4")])
_TRIPLE = np.dtype([("index", ">i4"), ("type", ">i4"), ("explainer", ">i4")])


def _columns(generation: int, numbers: Mapping[str, Any], said: Mapping[str, Any], scored: Any) -> Columns:
    density = np.frombuffer(numbers["density"] or b"", _PAIR)
    maxima = np.frombuffer(numbers["max_activation"] or b"", _PAIR)
    labelled = np.frombuffer(numbers["explanation"] or b"", ">i4")
    triples = np.frombuffer(said["said"] or b"", _TRIPLE)
    index = np.sort(density["index"].astype(np.int32))
    by_density, by_maximum = (np.searchsorted(index, one["index"]).astype(np.int32) for one in (density, maxima))
    return Columns(
        generation=generation,
        index=index,
        density=_in_place(density, by_density),
        max_activation=_in_place(maxima, by_maximum),
        by_density=by_density,
        by_max_activation=by_maximum,
        by_explanation=places(index, labelled)[0],
        types=_tags(index, triples["index"], triples["type"], said["types"]),
        explainers=_tags(index, triples["index"], triples["explainer"], said["explainers"]),
        scores={original(one["kind"]): _scored(index, one["scored"]) for one in scored},
    )


def places(index: Places, wanted: Places) -> tuple[Places, Bools]:
    """Places in the sorted `index` of those of `wanted` that are in it, and which are."""
    at = np.searchsorted(index, wanted)
    here = at < len(index)
    here[here] = index[at[here]] == wanted[here]
    return at[here].astype(np.int32), here


def _in_place(pairs: Any, at: Places) -> Floats32:
    """Values of pairs at the places of their features."""
    values = np.empty(len(pairs), np.float32)
    values[at] = pairs["value"]
    return values


def _tags(index: Places, features: Places, codes: Places, names: list[str] | None) -> Tags:
    """Distinct pairs of feature and name; only names that are met are kept."""
    at, here = places(index, features)
    named = codes[here] > 0
    width = max(len(index), 1)
    pairs = np.unique(codes[here][named].astype(np.int64) * width + at[named])
    met, renamed = np.unique(pairs // width, return_inverse=True)
    every = [original(one) for one in names or []]
    return Tags(
        [every[code - 1] for code in met.tolist()], (pairs % width).astype(np.int32), renamed.astype(np.int32)
    )


def _scored(index: Places, data: bytes) -> Scored:
    pairs = np.frombuffer(data, _PAIR)
    at, here = places(index, pairs["index"])
    return Scored(at, pairs["value"][here].astype(np.float32))
