"""What the database holds of a source, in short enough a form to compare two imports by."""

from __future__ import annotations

import hashlib
from typing import Any

from memicos_app.db import session
from memicos_app.library.datasets import generations, sums
from memicos_app.library.query import rows
from tests.library.datasets.folder import MODEL, SOURCE

_ALL = {"low": -(2**31), "high": 2**31 - 1}


async def contents(model_id: str = MODEL, source_id: str = SOURCE) -> dict[str, Any]:
    """Checksums of every table's rows that readers see, and what is said of them; numbers of generations left out."""
    async with session.raw_connection() as connection:
        current = await generations.current(connection, model_id, source_id)
        assert current is not None
        found: dict[str, Any] = {}
        for one in sums.SUMMED:
            answer = await connection.execute(one.select.encode(), {"g": current.id, **_ALL})
            pieces = sorted(bytes(key) + bytes(hashed) for key, hashed, _ in await answer.fetchall())
            found[one.name] = len(pieces), hashlib.sha256(b"".join(pieces)).hexdigest()
    found["generation"] = await rows(
        """
        SELECT g.state, g.origin, g.n_features, g.n_examples, g.n_sequences, g.overview, g.parts, g.verdict,
               g.missing, g.counts - 'bytes' AS counts, s.n_features AS s_features, s.n_explained, s.n_explanations
        FROM source_generations AS g JOIN sources AS s ON s.current_generation = g.id WHERE g.id = :id
        """,
        id=current.id,
    )
    for name, columns in (
        ("import_files", "name, place, size, version, modified, state, rows, problems, content_hash, new_tokens"),
        ("import_problems", "file, line, message, raw, raw_size"),
        ("feature_labels", "index, description, type_name, sort_key"),
        ("import_sums", "table_name, part, md5(keys || hashes)"),
    ):
        found[name] = await rows(
            f"SELECT {columns} FROM {name} WHERE generation_id = :id ORDER BY 1, 2", id=current.id
        )
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[Any]:
    """What is not the same, small enough to be read."""
    found: list[Any] = []
    for name in one:
        left, right = one[name], other[name]
        if left == right:
            continue
        if not isinstance(left, list) or len(left) != len(right):
            found.append((name, left, right))
            continue
        for a, b in zip(left, right, strict=True):
            found += [(name, key, a[key], b[key]) for key in a if a[key] != b[key]]
    return found
