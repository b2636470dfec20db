"""Maps put into the database, each with its layers in one transaction, in place of the one before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from memicos_app.db.text import storable_json
from memicos_app.library.errors import UnavailableError
from memicos_app.library.feature_json import encode
from memicos_app.library.maps.blocks import Points, pack
from memicos_app.library.maps.vectors import SourceData
from memicos_app.library.maps.views import Cluster, Kind
from memicos_app.library.query import rows_in, run_in, writing

Layer = tuple[SourceData, Points]


async def keep(
    model_id: str, kind: Kind, layers: Sequence[Layer], clusters: Sequence[Cluster], made: Mapping[str, Any]
) -> int:
    """Store a map; its number. An earlier one of the same kind and sources goes.

    Raises:
        UnavailableError: a source was imported anew meanwhile, so that the points are of features of before.
    """
    source_ids = [data.source_id for data, _ in layers]
    async with writing() as writer:
        still = await rows_in(
            writer,
            "SELECT id, current_generation FROM sources WHERE model_id = :model AND id = ANY(:sources) FOR SHARE",
            model=model_id,
            sources=source_ids,
        )
        if {one["id"]: one["current_generation"] for one in still} != {d.source_id: d.generation for d, _ in layers}:
            raise UnavailableError("A source was imported anew while its map was made; it is made again.")
        await run_in(writer, _REPLACED, model=model_id, kind=kind, sources=source_ids)
        found = await rows_in(
            writer,
            _NEW,
            model=model_id,
            kind=kind,
            sources=source_ids,
            n=sum(len(points) for _, points in layers),
            clusters=encode(storable_json([asdict(one) for one in clusters])).decode(),
            made=encode(storable_json(dict(made))).decode(),
        )
        for place, (data, points) in enumerate(layers):
            await run_in(
                writer,
                "INSERT INTO feature_map_layers (map_id, place, generation_id, n, block) "
                "VALUES (:map, :place, :generation, :n, :block)",
                map=found[0]["id"],
                place=place,
                generation=data.generation,
                n=len(points),
                block=pack(points),
            )
        await writer.commit()
    return int(found[0]["id"])


async def forget(model_id: str, kind: Kind, source_ids: Sequence[str]) -> None:
    """Remove the map of this kind and these sources, where there is one."""
    async with writing() as writer:
        await run_in(writer, _REPLACED, model=model_id, kind=kind, sources=list(source_ids))
        await writer.commit()


_REPLACED = """
    DELETE FROM feature_maps AS m WHERE m.model_id = :model AND (
        (m.kind = :kind AND m.source_ids = CAST(:sources AS text[]))
        OR NOT EXISTS (SELECT FROM feature_map_layers AS l WHERE l.map_id = m.id)
    )
"""
_NEW = """
    INSERT INTO feature_maps (model_id, kind, source_ids, n_points, clusters, made)
    VALUES (:model, :kind, :sources, :n, CAST(:clusters AS jsonb), CAST(:made AS jsonb)) RETURNING id
"""
