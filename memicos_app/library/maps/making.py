"""Maps made: vectors gathered, laid out by a program beside this process, clusters named, the whole stored."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from memicos_app.library import beside, jobs
from memicos_app.library.errors import BadInputError
from memicos_app.library.job_views import JobView
from memicos_app.library.maps import layout, vectors
from memicos_app.library.maps.blocks import Points
from memicos_app.library.maps.clusters import described
from memicos_app.library.maps.decoders import of_decoders
from memicos_app.library.maps.keeping import Layer, keep
from memicos_app.library.maps.vectors import LayerVectors, SourceData
from memicos_app.library.maps.views import MADE, Kind
from memicos_app.library.watch import Watch
from memicos_app.settings import get_settings

MOST_SOURCES = 16
MOST_POINTS = 1_000_000


async def ask(model_id: str, source_ids: Sequence[str], kind: str) -> JobView:
    """Have a map made by a job.

    Raises:
        BadInputError: unknown kind, or none or too many sources.
        NotFoundError: one of the sources is not imported.
    """
    data = await checked(model_id, source_ids, kind)
    ids = [one.source_id for one in data]
    joined = " + ".join(ids)
    return await jobs.ask(
        "map",
        {"model": model_id, "sources": ids, "by": kind},
        title=f"Map of {model_id}/{joined} by {'explanation' if kind == 'explanations' else 'decoder direction'}",
        subject=f"{model_id}/{joined} by {kind}",
    )


async def checked(model_id: str, source_ids: Sequence[str], kind: str) -> list[SourceData]:
    """The sources to make a map of. Errors as `ask`."""
    if kind not in MADE:
        raise BadInputError(f"A map is made by {' or '.join(MADE)}, not {kind!r}.", field="by")
    if len(source_ids) > MOST_SOURCES:
        raise BadInputError(f"A map has at most {MOST_SOURCES} sources.", field="sources")
    return await vectors.data_of(model_id, source_ids)


async def make(model_id: str, source_ids: Sequence[str], kind: Kind, watch: Watch) -> dict[str, Any]:
    """Make the map of a source, or one map of several; its number, points and clusters.

    What is needed of it again after a stop is kept in DATA_DIR/maps until the map is stored.

    Raises:
        BadInputError: nothing to lay out, or too few or too many features.
        NotFoundError: one of the sources is not imported.
        Stopped: the watch asked for it.
    """
    began = time.monotonic()
    data = await checked(model_id, source_ids, kind)
    folder = scratch(model_id, data, kind)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    if kind == "decoder":
        space, layers = await of_decoders(model_id, data, folder, watch)
        made: dict[str, Any] = {"space": space}
    else:
        embedder, layers = await vectors.of_explanations(model_id, data, watch)
        made = {"embedder": embedder}
    points = await _laid_out(folder, layers, watch)
    clusters = await described(model_id, points)
    made |= {**_settings(), "seconds": round(time.monotonic() - began, 1)}
    number = await keep(model_id, kind, points, clusters, made)
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return {"map": number, "points": sum(len(one) for _, one in points), "clusters": len(clusters)}


def scratch(model_id: str, data: Sequence[SourceData], kind: str) -> Path:
    """Where the files of one map lie while it is made."""
    said = "\n".join([model_id, kind, *(f"{one.source_id} {one.generation}" for one in data)])
    return get_settings().data_dir / "maps" / hashlib.sha256(said.encode()).hexdigest()[:16]


async def _laid_out(folder: Path, layers: Sequence[LayerVectors], watch: Watch) -> list[Layer]:
    total = sum(len(one.indices) for one in layers)
    if not layout.FEWEST <= total <= MOST_POINTS:
        raise BadInputError(
            f"A map has {layout.FEWEST} to {MOST_POINTS:,} features, and there are {total:,} that have a vector."
        )
    filled = [one.vectors for one in layers if len(one.indices)]
    await asyncio.to_thread(np.save, folder / layout.VECTORS, np.concatenate(filled))
    try:
        await beside.run("memicos_app.library.maps.layout", [str(folder)], watch, name="Laying the map out")
    except beside.Refused as error:
        raise BadInputError(error.message) from error
    with np.load(folder / layout.POINTS) as found:
        points, clusters = found["points"], found["clusters"]
    ends = np.cumsum([len(one.indices) for one in layers])[:-1]
    parts = zip(layers, np.split(points, ends), np.split(clusters, ends), strict=True)
    return [(one.data, Points(one.indices, place[:, 0], place[:, 1], number)) for one, place, number in parts]


def _settings() -> dict[str, Any]:
    return {
        "neighbours": layout.N_NEIGHBOURS,
        "min_distance": layout.MIN_DISTANCE,
        "metric": "cosine",
        "seed": layout.SEED,
        "versions": f"umap-learn {version('umap-learn')}, scikit-learn {version('scikit-learn')}",
    }
