"""Words that explanations hold, counted from time to time: what is rare tells more, what is misspelt is near one."""

from __future__ import annotations

from memicos_app.db.text import original, storable
from memicos_app.library.query import row, rows, rows_in, run_in, writing

_TOTAL = ""
"""Under this word stands how many explanations were counted."""
_SHORTEST, _LONG = 4, 9
"""Letters from which on a word is corrected, and from which on two of them may be wrong."""
_STALE = 0.02
"""Share of explanations that came or went since the words were counted last."""


async def refresh(*, always: bool = False) -> bool:
    """Count the words again where explanations have changed enough; whether that was done."""
    async with writing() as writer:
        await run_in(writer, "LOCK TABLE explanation_words IN SHARE ROW EXCLUSIVE MODE")
        now = (await rows_in(writer, "SELECT coalesce(sum(n_explanations), 0) AS n FROM sources"))[0]["n"]
        before = await rows_in(writer, "SELECT n FROM explanation_words WHERE word = :total", total=_TOTAL)
        counted = before[0]["n"] if before else 0
        if not always and before and abs(now - counted) <= _STALE * counted:
            return False
        await run_in(writer, "DELETE FROM explanation_words")
        await run_in(writer, _COUNT)
        await run_in(writer, "INSERT INTO explanation_words (word, n) VALUES (:total, :n)", total=_TOTAL, n=int(now))
        await writer.commit()
    return True


_COUNT = r"""
    INSERT INTO explanation_words (word, n, trigrams)
    SELECT word, ndoc, CASE WHEN word ~ '^[[:alpha:]]{4,40}$' THEN ARRAY(
        SELECT DISTINCT substr('^' || word || '$', at, 3) FROM generate_series(1, length(word)) AS at
    ) ELSE '{}' END
    FROM ts_stat('
        SELECT x.lexemes FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        WHERE s.shown = ''public''
    ') WHERE length(word) <= 100
"""


async def counts(words: list[str]) -> tuple[dict[str, int], int]:
    """In how many explanations each word stood when they were counted, and of how many."""
    found = await rows(
        "SELECT word, n FROM explanation_words WHERE word = ANY(:words)", words=[*map(storable, words), _TOTAL]
    )
    known = {original(one["word"]): int(one["n"]) for one in found}
    return known, known.pop(_TOTAL, 0)


async def nearest(word: str) -> str | None:
    """The word that explanations hold and that this one is a slip of; None where nothing is near enough.

    A slip is one letter, in a long word two; it leaves the first letter and, within one, the length as they are.
    What is further off is more likely a word of its own that no explanation holds.
    """
    off = 1 if len(word) < _LONG else 2
    if not _SHORTEST <= len(word) <= 40:
        return None
    trigrams = sorted({f"^{word}$"[at : at + 3] for at in range(len(word))})
    found = await rows(
        """
        SELECT word, n FROM explanation_words
        WHERE trigrams && CAST(:trigrams AS text[]) AND length(word) BETWEEN :low AND :high
            AND left(word, 1) = :first
        ORDER BY cardinality(ARRAY(SELECT unnest(trigrams) INTERSECT SELECT unnest(CAST(:trigrams AS text[])))) DESC
        LIMIT 40
        """,
        trigrams=[storable(one) for one in trigrams],
        low=len(word) - 1,
        high=len(word) + 1,
        first=word[0],
    )
    near = [(distance(word, one["word"]), -one["n"], one["word"]) for one in found]
    best = min(near, default=None)
    return str(best[2]) if best is not None and best[0] <= off else None


def distance(one: str, other: str) -> int:
    """Letters to add, leave out, exchange or swap with their neighbour to make one word of the other."""
    rows_ = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row_ = [i]
        for j, theirs in enumerate(other, 1):
            best = min(rows_[-1][j] + 1, row_[-1] + 1, rows_[-1][j - 1] + (letter != theirs))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == theirs:
                best = min(best, rows_[-2][j - 2] + 1)
            row_.append(best)
        rows_.append(row_)
    return rows_[-1][-1]


async def counted() -> int:
    """How many different words are known."""
    found = await row("SELECT count(*) AS n FROM explanation_words WHERE word <> :total", total=_TOTAL)
    return int(found["n"]) if found else 0
