"""Whether an import is complete: what its files promised against what the database holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from memicos_app.library.datasets import ledger
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.ledger import Entry

_COUNTS = """
    SELECT (SELECT count(*) FROM features WHERE generation_id = %(g)s) AS features,
        (SELECT coalesce(sum(n), 0) FROM feature_examples WHERE generation_id = %(g)s) AS examples,
        (SELECT count(*) FROM feature_examples WHERE generation_id = %(g)s) AS with_examples,
        (SELECT count(*) FROM explanations WHERE generation_id = %(g)s) AS explanations,
        (SELECT count(DISTINCT index) FROM explanations WHERE generation_id = %(g)s) AS explained,
        (SELECT coalesce(sum(pg_column_size(f.*)), 0) FROM features AS f WHERE generation_id = %(g)s)
        + (SELECT coalesce(sum(octet_length(block)), 0) FROM feature_examples WHERE generation_id = %(g)s)
        + (SELECT coalesce(sum(octet_length(block)), 0) FROM sequence_chunks WHERE generation_id = %(g)s)
        + (SELECT coalesce(sum(pg_column_size(x.*)), 0) FROM explanations AS x WHERE generation_id = %(g)s) AS bytes,
        (SELECT count(*) FROM features WHERE generation_id = %(g)s AND uploaded AND replaces IS NULL) AS added,
        (SELECT coalesce(sum(e.n - coalesce(f.replaces, 0)), 0) FROM features AS f
            JOIN feature_examples AS e ON e.generation_id = f.generation_id AND e.index = f.index
            WHERE f.generation_id = %(g)s AND f.uploaded) AS added_examples
"""
_HELD = {"features": "features", "activations": "examples", "explanations": "explanations"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an import came to; nothing missing means complete, whatever single lines were set aside."""

    missing: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    """`files`, `features`, `examples`, `explanations`, `with_examples`, `without_examples`, `explained`,
    `unexplained`, `set_aside` (problems of single lines), `bytes` of all rows without their indexes."""

    @property
    def word(self) -> Literal["complete", "incomplete"]:
        """The verdict in a word."""
        return "incomplete" if self.missing else "complete"


async def judge(connection: Connection, generation: int) -> Verdict:
    """Compare what a generation holds with its files."""
    found = await connection.execute(_COUNTS, {"g": generation})
    row = await found.fetchone()
    assert row is not None
    names = ("features", "examples", "with_examples", "explanations", "explained", "bytes")
    *numbers, added, added_examples = map(int, row)
    counts = dict(zip(names, numbers, strict=True))
    imported = {**counts, "features": counts["features"] - added, "examples": counts["examples"] - added_examples}
    files = await ledger.entries(connection, generation)
    counts["without_examples"] = counts["features"] - counts["with_examples"]
    counts["unexplained"] = counts["features"] - counts["explained"]
    counts["files"] = len(files)
    counts["set_aside"] = sum(one.problems for one in files)
    return Verdict([*_unread(files), *_lost(files, imported)], counts)


def _unread(files: list[Entry]) -> list[str]:
    said = {"waiting": "{name} was not imported", "damaged": "{name} is damaged; {rows} rows of it could be read"}
    return [said[one.state].format(name=one.name, rows=one.rows) for one in files if one.state in said]


def _lost(files: list[Entry], counts: dict[str, int]) -> list[str]:
    """Kinds of which the database holds another number of rows than was written; uploads count as if not there."""
    said = []
    for kind, name in _HELD.items():
        own = [one for one in files if one.kind == kind]
        if own and sum(one.rows for one in own) != counts[name]:
            said.append(f"of {sum(one.rows for one in own)} rows of {kind}/ the database holds {counts[name]}")
    return said
