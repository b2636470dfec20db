"""Maps read: which there are, their points for a browser, the words of points, and those that words find."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from memicos_app.db.text import original, original_json
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.explanations import CURRENT
from memicos_app.library.maps.blocks import Floats, Measures, Points, unpack, wire
from memicos_app.library.maps.views import Cluster, MapLayer, MapView
from memicos_app.library.query import Row, row, rows

MOST_WORDS = 500
"""Points whose words are read at once."""

# Of a map `m`: whether all its points are of what readers see of its sources.
_IS_CURRENT = """
    cardinality(m.source_ids) = (
        SELECT count(*) FROM feature_map_layers AS l
        JOIN sources AS s ON s.model_id = m.model_id AND s.current_generation = l.generation_id
        WHERE l.map_id = m.id
    )"""
_MAPS = f"""
    SELECT m.*, ARRAY(SELECT l.n FROM feature_map_layers AS l WHERE l.map_id = m.id ORDER BY l.place) AS counts
    FROM feature_maps AS m WHERE {_IS_CURRENT}"""


async def maps_of(model_id: str, source_id: str) -> list[MapView]:
    """Maps that hold a source: those of it alone first, then by number of sources; by explanation before others."""
    found = await rows(
        f"{_MAPS} AND m.model_id = :model AND :source = ANY(m.source_ids)", model=model_id, source=source_id
    )
    order = {"explanations": 0, "imported": 1, "decoder": 2}
    return sorted(map(_view, found), key=lambda one: (len(one.layers), order[one.kind], one.id))


async def map_view(map_id: int) -> MapView:
    """One map, without its points.

    Raises:
        NotFoundError: there is none of this number, or a source of it was imported anew.
    """
    found = await row(f"{_MAPS} AND m.id = :id", id=map_id if 0 < map_id < 1 << 31 else 0)
    if found is None:
        raise NotFoundError(f"There is no map {map_id}; maps go when their source is imported anew.", field="map_id")
    return _view(found)


async def layers_of(map_id: int) -> list[tuple[str, int, Points]]:
    """Source, generation and points of each layer of a map."""
    found = await rows(
        """
        SELECT m.source_ids[l.place + 1] AS source, l.generation_id, l.n, l.block FROM feature_map_layers AS l
        JOIN feature_maps AS m ON m.id = l.map_id WHERE l.map_id = :id ORDER BY l.place
        """,
        id=map_id,
    )
    return [(one["source"], one["generation_id"], unpack(bytes(one["block"]), one["n"])) for one in found]


async def points(map_id: int) -> bytes:
    """All points of a map with density and score, as `blocks.wire` writes them. Errors as `map_view`."""
    view = await map_view(map_id)
    layers = []
    for source_id, generation, found in await layers_of(map_id):
        layers.append((found, await _measures(view.model_id, source_id, generation, found)))
    head = {
        "modelId": view.model_id,
        "kind": view.kind,
        "layers": [{"source": one.source_id, "n": one.n} for one in view.layers],
        "clusters": [asdict(one) for one in view.clusters],
        "bounds": bounds([found for found, _ in layers]),
    }
    return await asyncio.to_thread(wire, head, layers)


def bounds(layers: Sequence[Points]) -> list[float]:
    """Smallest and largest x, smallest and largest y of all points; of none, those of an empty square."""
    filled = [one for one in layers if len(one)]
    if not filled:
        return [-1.0, 1.0, -1.0, 1.0]
    return [
        float(extreme([float(extreme(getattr(one, axis))) for one in filled]))
        for axis in "xy"
        for extreme in (np.min, np.max)
    ]


async def words(map_id: int, source_id: str, indices: Sequence[int]) -> dict[int, str]:
    """What features of a map's source mean, by index; those without an explanation are left out.

    Raises:
        BadInputError: more than `MOST_WORDS` are asked for.
        NotFoundError: no such map, or it has no such source.
    """
    if len(indices) > MOST_WORDS:
        raise BadInputError(f"At most {MOST_WORDS} points at once.", field="indices")
    view = await map_view(map_id)
    if source_id not in view.source_ids:
        raise NotFoundError(f"Map {map_id} has no source {source_id!r}.", field="source")
    found = await rows(
        """
        SELECT l.index, l.description FROM sources AS s
        JOIN feature_labels AS l ON l.generation_id = s.current_generation AND l.index = ANY(:indices)
        WHERE s.model_id = :model AND s.id = :source
        """,
        model=view.model_id,
        source=source_id,
        indices=list(indices),
    )
    return {one["index"]: original(one["description"]) for one in found}


async def rows_of(map_id: int) -> dict[str, list[Mapping[str, Any]]]:
    """Every point with its explanation, under its source: what published clients read. Errors as `map_view`."""
    view = await map_view(map_id)
    return {
        source_id: await _rows(view.model_id, source_id, generation, found)
        for source_id, generation, found in await layers_of(map_id)
    }


async def _rows(model_id: str, source_id: str, generation: int, found: Points) -> list[Mapping[str, Any]]:
    known = await rows(
        f"""
        SELECT DISTINCT ON (f.index) f.index, f.density, l.description, x.id
        FROM features AS f
        LEFT JOIN feature_labels AS l ON l.generation_id = f.generation_id AND l.index = f.index
        LEFT JOIN sources AS s ON s.model_id = :model AND s.id = :source
        LEFT JOIN explanations AS x ON x.model_id = s.model_id AND x.source_id = s.id AND x.index = f.index
            AND x.description = l.description AND {CURRENT}
        WHERE f.generation_id = :generation ORDER BY f.index, x.number DESC
        """,
        model=model_id,
        source=source_id,
        generation=generation,
    )
    by_index = {one["index"]: one for one in known}
    columns = zip(*(array.tolist() for array in (found.indices, found.x, found.y, found.clusters)), strict=True)
    return [
        {
            "id": original(one["id"]) if one["id"] else None,
            "layer": source_id,
            "index": str(index),
            "description": original(one["description"]) if one["description"] else "",
            "umap_x": x,
            "umap_y": y,
            "umap_cluster": cluster,
            "umap_log_feature_sparsity": math.log10(max(one["density"], 1e-10)),
        }
        for index, x, y, cluster in columns
        if (one := by_index.get(index)) is not None
    ]


async def _measures(model_id: str, source_id: str, generation: int, found: Points) -> Measures:
    """Density and score of a layer's points, in their order."""
    densities = await row(
        "SELECT array_agg(index) AS indices, array_agg(density) AS numbers FROM features WHERE generation_id = :gen",
        gen=generation,
    )
    scores = await row(
        f"""
        SELECT array_agg(b.index) AS indices, array_agg(b.score) AS numbers FROM (
            SELECT x.index, max(x.score) AS score FROM explanations AS x
            JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
            WHERE x.model_id = :model AND x.source_id = :source AND x.score IS NOT NULL AND {CURRENT} GROUP BY x.index
        ) AS b
        """,
        model=model_id,
        source=source_id,
    )
    return Measures(_column(found, densities), _column(found, scores))


def _column(found: Points, known: Row | None) -> Floats:
    """Numbers for the points, NaN where there is none."""
    column = np.full(int(found.indices.max(initial=0)) + 1, np.nan, np.float32)
    if known and known["indices"]:
        indices = np.asarray(known["indices"])
        within = indices < len(column)
        column[indices[within]] = np.asarray(known["numbers"], np.float32)[within]
    ordered: Floats = column[found.indices]
    return ordered


def _view(one: Row) -> MapView:
    return MapView(
        id=one["id"],
        model_id=one["model_id"],
        kind=one["kind"],
        layers=[MapLayer(*pair) for pair in zip(one["source_ids"], one["counts"], strict=True)],
        clusters=[Cluster(**cluster) for cluster in original_json(one["clusters"])],
        made=original_json(one["made"]),
        created_at=one["created_at"],
    )
