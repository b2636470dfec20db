"""Which files of a generation are in the database, and what of them could not be used as it was.

Written in the transaction of the file it speaks of, so that it is true whenever the import was killed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from memicos_app.db.text import storable
from memicos_app.library.datasets.copying import Connection, Target
from memicos_app.library.datasets.manifest import Object
from memicos_app.library.datasets.reading import LineProblem, Problems, lines_at

FileState = Literal["waiting", "done", "damaged"]
KEPT_OF_A_LINE = 64 << 10
"""Bytes of a bad line that are kept aside."""
KEPT_OF_A_FILE = 16 << 20
"""Bytes of all bad lines of a file together."""
_PLAN = Target(
    "import_files",
    {
        "generation_id": "int4",
        "name": "text",
        "place": "int4",
        "size": "int8",
        "version": "text",
        "modified": "timestamptz",
    },
)
_ASIDE = Target(
    "import_problems",
    {
        "generation_id": "int4",
        "file": "text",
        "line": "int4",
        "message": "text",
        "raw": "bytea",
        "raw_size": "int8",
    },
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a generation and what became of it."""

    name: str
    size: int
    version: str
    modified: datetime | None
    state: FileState
    rows: int
    problems: int
    content_hash: str

    @property
    def kind(self) -> str:
        """`features`, `activations` or `explanations`."""
        return self.name.partition("/")[0]

    def is_of(self, found: Object) -> bool:
        """Whether it is this object, unchanged."""
        return (self.name, self.version) == (found.name, found.version)


async def entries(connection: Connection, generation: int) -> list[Entry]:
    """A generation's files in their order; none where an earlier version imported it."""
    found = await connection.execute(
        "SELECT name, size, version, modified, state, rows, problems, content_hash FROM import_files "
        "WHERE generation_id = %s ORDER BY place",
        [generation],
    )
    return [Entry(*row) for row in await found.fetchall()]


def is_beginning(known: Sequence[Entry], objects: Sequence[Object]) -> bool:
    """Whether what is in the database of an unfinished import is what an import of these objects begins with."""
    begun = [one for one in known if one.state != "waiting"]
    return len(begun) <= len(objects) and all(
        one.state == "done" and one.is_of(found) for one, found in zip(begun, objects, strict=False)
    )


def is_same(known: Sequence[Entry], objects: Sequence[Object]) -> bool:
    """Whether exactly these objects were imported, all to their ends."""
    return bool(known) and len(known) == len(objects) and is_beginning(known, objects)


async def plan(connection: Connection, generation: int, objects: Sequence[Object]) -> None:
    """Write down which files are to be imported; those that are keep their entry."""
    async with connection.transaction():
        await connection.execute(
            "DELETE FROM import_files WHERE generation_id = %s AND state = 'waiting'", [generation]
        )
        there = {one.name for one in await entries(connection, generation)}
        rows = [
            (generation, one.name, place, one.size, one.version, one.modified)
            for place, one in enumerate(objects)
            if one.name not in there
        ]
        await _PLAN.copy(connection, rows)


async def finish(
    connection: Connection,
    generation: int,
    found: Object,
    *,
    rows: int,
    problems: Problems,
    content_hash: str,
    new_tokens: bytes | None,
    sharing: bool,
) -> None:
    """Write down that a file is in the database, as it was found; in the transaction that brought it there."""
    await connection.execute(
        """
        UPDATE import_files SET state = %s, rows = %s, problems = %s, content_hash = %s, new_tokens = %s,
            sharing = %s, size = %s, version = %s, modified = %s, finished_at = now()
        WHERE generation_id = %s AND name = %s
        """,
        [
            "damaged" if problems.damaged else "done",
            rows,
            problems.total,
            content_hash,
            new_tokens,
            sharing,
            found.size,
            found.version,
            found.modified,
            generation,
            found.name,
        ],
    )


async def set_aside(connection: Connection, generation: int, path: Path, problems: Problems) -> None:
    """Keep a file's problems, each with the line that it is about, which is read once more for that."""
    if not problems.first:
        return
    wanted = {one.line for one in problems.first if one.line > 0}
    raw = lines_at(path, wanted, KEPT_OF_A_LINE, KEPT_OF_A_FILE) if wanted else {}
    rows = [
        (generation, one.file, one.line, storable(one.message), *raw.get(one.line, (None, 0)))
        for one in problems.first
    ]
    await _ASIDE.copy(connection, rows)


async def problems(connection: Connection, generation: int, keep: int) -> list[LineProblem]:
    """The first problems of a generation, file by file."""
    found = await connection.execute(
        "SELECT p.file, p.line, p.message FROM import_problems AS p "
        "LEFT JOIN import_files AS f ON f.generation_id = p.generation_id AND f.name = p.file "
        "WHERE p.generation_id = %s ORDER BY coalesce(f.place, -1), p.number LIMIT %s",
        [generation, keep],
    )
    return [LineProblem(*row) for row in await found.fetchall()]


def digest(path: Path) -> str:
    """SHA-256 of a file as it lies there."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
