"""Who sees what, as conditions of SQL: `listed` in lists and searches, `reachable` by address.

Their places `:me_id` and `:me_admin` are filled by `query.py` from the person asking.
"""

from __future__ import annotations


def listed(alias: str, column: str = "visibility") -> str:
    """Whether a row stands in lists and searches: it is public, or mine, or I am an administrator."""
    return f"({alias}.{column} = 'public' OR {alias}.creator_id = :me_id OR :me_admin)"


def reachable(alias: str, column: str = "visibility") -> str:
    """Whether a row can be opened by its address: it is not private, or mine, or I am an administrator."""
    return f"({alias}.{column} <> 'private' OR {alias}.creator_id = :me_id OR :me_admin)"
