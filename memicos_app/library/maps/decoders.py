"""Decoder directions of the features of sources, read by the worker's own program."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from memicos_app.library import beside
from memicos_app.library.errors import BadInputError
from memicos_app.library.maps.vectors import LayerVectors, SourceData, unit
from memicos_app.library.query import rows
from memicos_app.library.watch import Watch


async def of_decoders(
    model_id: str, data: Sequence[SourceData], folder: Path, watch: Watch
) -> tuple[str, list[LayerVectors]]:
    """The space that the directions are in, and unit decoder rows of the live features of each source.

    Args:
        folder: where a decoder is written meanwhile.

    Raises:
        BadInputError: weights are not here or cannot be read, or directions of two sources cannot be compared.
    """
    spaces: list[str] = []
    layers: list[LayerVectors] = []
    for place, one in enumerate(data):
        watch.tell("reading decoders", place, len(data), "sources")
        space, layer = await _of_source(model_id, one, folder, watch)
        spaces.append(space)
        layers.append(layer)
    if len(set(spaces)) > 1 or len({layer.vectors.shape[1] for layer in layers}) > 1:
        raise BadInputError(
            "Directions of these sources are in different spaces "
            f"({', '.join(dict.fromkeys(spaces))}): they have no common map by decoder.",
            field="sources",
        )
    return spaces[0], layers


async def _of_source(model_id: str, data: SourceData, folder: Path, watch: Watch) -> tuple[str, LayerVectors]:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        file = Path(scratch) / "decoder.npy"
        try:
            asked = (model_id, data.source_id, str(file))
            told = await beside.run("inference_worker.decoders", asked, watch, name="Reading the decoder")
        except beside.Refused as error:
            raise BadInputError(error.message, field="sources") from error
        found = await rows(
            "SELECT index FROM features WHERE generation_id = :generation ORDER BY index", generation=data.generation
        )
        decoder = np.load(file, mmap_mode="r")
        indices = np.asarray([one["index"] for one in found if one["index"] < len(decoder)], np.uint32)
        vectors = unit(decoder[indices])
    points = np.linalg.norm(vectors, axis=1) > 0
    return str(told.get("space", "")), LayerVectors(data, indices[points], vectors[points])
