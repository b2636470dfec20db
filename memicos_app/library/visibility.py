"""Who sees what, as conditions of SQL: `listed` in lists and searches, `reachable` by address, `narrowed` everywhere.

Every statement that `query.py` reads for somebody who is no administrator passes through `narrowed`: what is private
and somebody else's is not in the tables that it reads. So no query can forget it, before any of its limits. What is
unlisted stays reachable; queries that make lists leave it out themselves, with `listed`.
`FROM ONLY sources` reads the whole table: for what has to know of everything, such as which names are taken.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, get_args

Visibility = Literal["public", "unlisted", "private"]
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
_SHOWN = {
    "models": "visibility",
    "releases": "visibility",
    "source_sets": "shown",
    "sources": "shown",
}
"""Tables that are narrowed, each with the column that says how far a row is shown."""
_MINE = "coalesce({}.creator_id = :me_id, false)"
_READ = re.compile(rf"(?<!DELETE )\b(FROM|JOIN)\s+({'|'.join(_SHOWN)})\b(?:\s+AS\s+(\w+))?")


def listed(alias: str, column: str = "visibility") -> str:
    """Whether a row stands in lists and searches: it is public, or mine, or I am an administrator.

    Args:
        alias: of a table with `creator_id`.
        column: `visibility` is the row's own, right inside what holds it; `shown`, of sources and source sets, is the
            strictest of it and of what holds it, right in lists over several models.
    """
    return f"({alias}.{column} = 'public' OR {_MINE.format(alias)} OR :me_admin)"


def reachable(alias: str, column: str = "visibility") -> str:
    """Whether a row can be opened by its address: it is not private, or mine, or I am an administrator."""
    return f"({alias}.{column} <> 'private' OR {_MINE.format(alias)} OR :me_admin)"


@lru_cache(maxsize=512)
def narrowed(sql: str) -> str:
    """A reading statement in which tables of things hold only what the person asking may reach."""
    return _READ.sub(_reachable_rows, sql)


def _reachable_rows(read: re.Match[str]) -> str:
    word, table, alias = read.groups()
    return f"{word} (SELECT * FROM {table} WHERE {reachable(table, _SHOWN[table])}) AS {alias or table}"
