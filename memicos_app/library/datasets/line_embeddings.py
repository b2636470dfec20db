"""Embeddings that a dataset brings along with its explanations, kept for the embedder they are of.

The one column of the layout does not name its embedder; the number of dimensions tells: 256 are the public
exports', 384 the offline embedder's. `embeddings`, a field of our own exports, does. Others have no index here and
are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from memicos_app.db.explanations import EMBEDDERS
from memicos_app.db.text import storable
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.layout import ExplanationLine
from memicos_app.library.datasets.reading import Problems
from memicos_app.library.datasets.rows import Report, explanation_id

_BY_DIMENSIONS = {dimensions: number for number, (_, dimensions) in EMBEDDERS.items()}


async def write_embeddings(
    connection: Connection,
    generation: int,
    path: Path,
    lines: Sequence[tuple[int, ExplanationLine]],
    problems: Problems,
) -> None:
    """Store the numbered lines' embeddings beside their explanations, which this transaction has just written."""
    rows = [row for number, line in lines for row in _rows(line, partial(problems.add, path, number))]
    if not rows:
        return
    await connection.execute("DROP TABLE IF EXISTS pg_temp.incoming")
    await connection.execute(
        "CREATE TEMPORARY TABLE incoming (id text, embedder_id smallint, embedding halfvec) ON COMMIT DROP"
    )
    async with connection.cursor() as cursor, cursor.copy("COPY incoming FROM STDIN") as copy:
        for row in rows:
            await copy.write_row(row)
    await connection.execute(
        """
        INSERT INTO explanation_embeddings (embedder_id, explanation_number, embedding)
        SELECT i.embedder_id, x.number, i.embedding
        FROM incoming AS i JOIN explanations AS x ON x.id = i.id AND x.generation_id = %s
        """,
        [generation],
    )


def vector_text(vector: Sequence[float] | np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> str | None:
    """A vector of length 1 as pgvector reads it; None for one without a direction."""
    array = np.asarray(vector, np.float64)
    with np.errstate(over="ignore"):
        length = float(np.linalg.norm(array))
    if not np.isfinite(length) or length == 0:
        return None
    return "[" + ",".join(f"{value:.6g}" for value in array / length) + "]"


def _rows(line: ExplanationLine, report: Report) -> list[tuple[str, int, str]]:
    """What is stored of a line's embeddings: one an embedder."""
    found: dict[int, tuple[str, int, str]] = {}
    for name, vector in [("", line.embedding), *line.embeddings.items()]:
        row = _row(line, name, vector, report) if vector else None
        if row is not None:
            found[row[1]] = row
    return list(found.values())


def _row(
    line: ExplanationLine, embedder_name: str, vector: Sequence[float], report: Report
) -> tuple[str, int, str] | None:
    name = explanation_id(line)
    embedder = _BY_DIMENSIONS.get(len(vector))
    if embedder is None:
        report(f"embedding of {name} left out: no embedder here has {len(vector)} dimensions")
        return None
    if embedder_name and EMBEDDERS[embedder][0] != embedder_name:
        report(f"embedding of {name} left out: there is no embedder {embedder_name!r} here")
        return None
    text = vector_text(vector)
    if text is None:
        report(f"embedding of {name} left out: it has no direction")
        return None
    return storable(name), embedder, text
