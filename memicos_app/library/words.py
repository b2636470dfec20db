"""Words of a query as a condition on explanations, as the database's index of words answers it."""

from __future__ import annotations

import re

from memicos_app.db.text import storable


def matches(query: str) -> tuple[str, dict[str, str]]:
    """A condition on explanation `x`: all words of the query, each also as a beginning; else the text itself."""
    terms = re.findall(r"\w+", query)
    if terms:
        lexemes = " & ".join(f"'{term}':*" for term in terms[:20])
        return "x.lexemes @@ to_tsquery('simple', :words)", {"words": storable(lexemes)}
    escaped = re.sub(r"([\\%_])", r"\\\1", query.strip())
    return "x.description ILIKE :pattern", {"pattern": storable(f"%{escaped}%")}
