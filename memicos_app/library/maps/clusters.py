"""The clusters of a map described: their names, sizes and middles."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from memicos_app.library.maps import names, vectors
from memicos_app.library.maps.keeping import Layer
from memicos_app.library.maps.views import NO_CLUSTER, Cluster


async def described(model_id: str, layers: Sequence[Layer]) -> list[Cluster]:
    """The clusters of these layers' points, the largest first."""
    texts: list[tuple[int, str]] = []
    for data, points in layers:
        said = await vectors.texts_of(model_id, data)
        pairs = zip(points.clusters.tolist(), points.indices.tolist(), strict=True)
        texts += [(cluster, said.get(index, "")) for cluster, index in pairs if cluster != NO_CLUSTER]
    called = await asyncio.to_thread(names.names, texts)
    numbers = np.concatenate([points.clusters for _, points in layers])
    places = np.concatenate([np.stack([points.x, points.y], axis=1) for _, points in layers])
    found = []
    for number, name in called.items():
        own = places[numbers == number]
        x, y = np.median(own, axis=0).tolist()
        found.append(Cluster(number, name, len(own), round(x, 4), round(y, 4)))
    return sorted(found, key=lambda one: (-one.size, one.number))
