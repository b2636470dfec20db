"""Features named in a line: `0-9,12`."""

from __future__ import annotations

import re

from memicos_app.library.errors import BadInputError

MOST = 100_000
_PART = re.compile(r"([0-9]{1,10})(?:-([0-9]{1,10}))?")


def indices_of(text: str, *, field: str = "features") -> list[int]:
    """Indices that numbers and ranges with commas between them name, ascending, each once.

    Raises:
        BadInputError: a part is neither a number nor a range, or they are too many.
    """
    found: set[int] = set()
    for part in filter(None, re.split(r"[,\s]+", text.strip())):
        match = _PART.fullmatch(part)
        if match is None:
            raise BadInputError(f"{part[:40]!r} is neither an index nor a range such as 0-9.", field=field)
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first >= MOST or last >= 2**31:
            raise BadInputError(f"{part!r} is no range of at most {MOST:,} indices.", field=field)
        found.update(range(first, last + 1))
    if not found or len(found) > MOST:
        raise BadInputError(f"Name one index or more, at most {MOST:,}.", field=field)
    return sorted(found)
