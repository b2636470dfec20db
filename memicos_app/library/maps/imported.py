"""Coordinates that came with a dataset, on its explanations or on its features, as a map of their own kind.

They are kept as they came, also their cluster numbers: what other tools say of them holds here too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memicos_app.library.maps.blocks import Points
from memicos_app.library.maps.clusters import described
from memicos_app.library.maps.keeping import keep
from memicos_app.library.maps.layout import FEWEST
from memicos_app.library.maps.vectors import SourceData, data_of
from memicos_app.library.maps.views import NO_CLUSTER
from memicos_app.library.query import Row, row, rows

_MOST_CLUSTERS = 1 << 15
_FARTHEST = 1e30


async def adopt(model_id: str, source_id: str) -> int | None:
    """Keep the imported coordinates of a source as a map, where there are some and it has none; its number."""
    data = (await data_of(model_id, [source_id]))[0]
    if await row(_KNOWN, model=model_id, sources=[source_id], generation=data.generation):
        return None
    points = _points(await _found(data))
    if len(points) < FEWEST:
        return None
    layers = [(data, points)]
    return await keep(model_id, "imported", layers, await described(model_id, layers), {"from": "the dataset"})


async def _found(data: SourceData) -> Sequence[Row]:
    on_explanations = await rows(_OF_EXPLANATIONS, generation=data.generation)
    return on_explanations or await rows(_OF_FEATURES, generation=data.generation)


def _points(found: Sequence[Row]) -> Points:
    """The coordinates that a plane can hold; where all are in one cluster, none says anything."""
    good = [one for one in found if abs(one["x"]) < _FARTHEST and abs(one["y"]) < _FARTHEST]
    numbers = [one["cluster"] if 0 <= one["cluster"] < _MOST_CLUSTERS else NO_CLUSTER for one in good]
    if len(set(numbers)) == 1:
        numbers = [NO_CLUSTER] * len(good)
    return Points(
        np.asarray([one["index"] for one in good], np.uint32),
        np.asarray([one["x"] for one in good], np.float32),
        np.asarray([one["y"] for one in good], np.float32),
        np.asarray(numbers, np.int16),
    )


_KNOWN = """
    SELECT m.id FROM feature_maps AS m JOIN feature_map_layers AS l ON l.map_id = m.id
    WHERE m.model_id = :model AND m.kind = 'imported' AND m.source_ids = CAST(:sources AS text[])
        AND l.generation_id = :generation
"""


def _number(name: str) -> str:
    """A number of a row's further columns; 0, which importers leave out, for anything else."""
    value = f"o.extra -> 'umap_{name}'"
    return f"CASE jsonb_typeof({value}) WHEN 'number' THEN CAST({value} AS double precision) ELSE 0 END"


_COLUMNS = f"o.index, {_number('x')} AS x, {_number('y')} AS y, {_number('cluster')} AS cluster"
_PLACED = "(jsonb_typeof(o.extra -> 'umap_x') = 'number' OR jsonb_typeof(o.extra -> 'umap_y') = 'number')"
_OF_EXPLANATIONS = f"""
    SELECT DISTINCT ON (o.index) {_COLUMNS} FROM explanations AS o
    JOIN features AS f ON f.generation_id = o.generation_id AND f.index = o.index
    WHERE o.generation_id = :generation AND {_PLACED} ORDER BY o.index, o.number
"""
_OF_FEATURES = f"""
    SELECT {_COLUMNS} FROM features AS o WHERE o.generation_id = :generation AND {_PLACED} ORDER BY o.index
"""
