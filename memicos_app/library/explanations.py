"""What features mean, in words: reading explanations in order, and keeping the ones that stand for a feature.

Reading order: written by hand first, explanations from top tokens last, else by votes, by score, then newest. The
score is the mean of the newest one of each type that was made here of the present wording; else the dataset's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.session import session as writing
from memicos_app.db.text import original, original_json, originals, storable
from memicos_app.library import blocks, sequences
from memicos_app.library.accounts.person import me
from memicos_app.library.errors import NotFoundError
from memicos_app.library.query import Row, rows, rows_in, run_in
from memicos_app.library.score_rows import OWN_SCORES, merged
from memicos_app.library.top_tokens import top_token_explanation
from memicos_app.library.views import ExplanationView
from memicos_app.library.watch import UNWATCHED, Watch

__all__ = ["BY_HAND", "TOP_TOKENS", "for_feature", "refresh_labels", "top_token_explanation", "write_top_tokens"]

TOP_TOKENS = "top-tokens"
BY_HAND = "written-by-hand"

VOTES = "(SELECT coalesce(sum(v.points), 0) FROM explanation_votes AS v WHERE v.explanation_id = x.id)"
"""What people's votes for and against an explanation `x` come to."""
READING_ORDER = f"coalesce(t.rank, 1), {VOTES} DESC, x.score DESC NULLS LAST, x.created_at DESC, x.number DESC"
CURRENT = "(x.generation_id IS NULL OR x.generation_id = s.current_generation) AND NOT x.hidden"
"""Whether an explanation `x` of source `s` is to be seen: it was made here, or came with the current data, and no
administrator took it out of sight."""


async def for_feature(
    model_id: str, source_id: str, index: int, *, session: AsyncSession | None = None
) -> list[ExplanationView]:
    """Explanations of a feature in reading order; none where there is no such feature.

    Args:
        session: one of the caller's to read in; None: one of its own.
    """
    values = {"model": model_id, "source": source_id, "index": index}
    found = await (rows(_OF_FEATURE, **values) if session is None else rows_in(session, _OF_FEATURE, **values))
    return [view(one) for one in found]


COLUMNS = f"""
    x.id, x.description, x.type_name, coalesce(t.display_name, x.type_name, '') AS type_display_name,
    x.explainer, coalesce(u.name, x.author_name) AS author, x.notes, x.created_at, x.scores, x.extra,
    x.generation_id, x.author_id, {VOTES} AS votes, {OWN_SCORES} AS own_scores"""
"""What `view` reads: of an explanation `x`, its type `t` and its author `u`."""
_OF_FEATURE = f"""
    SELECT {COLUMNS}
    FROM explanations AS x
    JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
    LEFT JOIN explanation_types AS t ON t.name = x.type_name
    LEFT JOIN users AS u ON u.id = x.author_id
    WHERE x.model_id = :model AND x.source_id = :source AND x.index = :index AND {CURRENT}
    ORDER BY {READING_ORDER}
"""


async def write_top_tokens(model_id: str, source_id: str, *, watch: Watch = UNWATCHED) -> int:
    """Explain every live feature of a source by its top tokens, in place of earlier such explanations of it.

    All or nothing: readers see the old ones until the new ones are there.

    Returns:
        How many explanations were written.

    Raises:
        NotFoundError: nothing of this source is imported.
    """
    async with writing() as writer:
        found = await rows_in(
            writer,
            """
            SELECT g.id, g.n_features FROM sources AS s JOIN source_generations AS g ON g.id = s.current_generation
            WHERE s.model_id = :model AND s.id = :source FOR SHARE OF s
            """,
            model=model_id,
            source=source_id,
        )
        if not found:
            raise NotFoundError(f"Source {model_id}/{source_id} is not imported.", field="source_id")
        generation, total = found[0]["id"], found[0]["n_features"]
        await run_in(
            writer,
            "DELETE FROM explanations WHERE generation_id = :generation AND type_name = :type",
            generation=generation,
            type=TOP_TOKENS,
        )
        written, after = 0, -1
        while part := await _top_tokens(writer, generation, after):
            after = part[-1][0]
            watch.tell("explaining", written, total, "features")
            await watch.checkpoint()
            written += await _insert(writer, model_id, source_id, generation, [one for one in part if one[1]])
        await refresh_labels(writer, model_id, source_id)
        await writer.commit()
    return written


async def _top_tokens(reader: AsyncSession, generation: int, after: int) -> list[tuple[int, str]]:
    """Index and explanation of the next live features after an index."""
    found = await rows_in(
        reader,
        """
        SELECT f.index, f.positive_tokens, e.block FROM features AS f
        JOIN feature_examples AS e ON e.generation_id = f.generation_id AND e.index = f.index
        WHERE f.generation_id = :generation AND f.index > :after AND f.max_activation > 0
        ORDER BY f.index LIMIT 256
        """,
        generation=generation,
        after=after,
    )
    decoded = [blocks.decode(bytes(one["block"])) for one in found]
    windows = await sequences.windows_of_many(generation, decoded, only=_TOP_EXAMPLES)
    texts = []
    for one, block, tokens in zip(found, decoded, windows, strict=True):
        peaks = zip(tokens, block.peaks(), block.maxima(), strict=False)
        firing = [window[peak] for window, peak, largest in peaks if largest > 0]
        texts.append((one["index"], top_token_explanation(originals(one["positive_tokens"]), firing)))
    return texts


_TOP_EXAMPLES = 20


async def _insert(
    writer: AsyncSession, model_id: str, source_id: str, generation: int, texts: Sequence[tuple[int, str]]
) -> int:
    names = [f"{TOP_TOKENS}/{model_id}/{source_id}/{index}" for index, _ in texts]
    return await run_in(
        writer,
        """
        INSERT INTO explanations (id, model_id, source_id, index, generation_id, description, type_name)
        SELECT t.id, :model, :source, t.index, :generation, t.description, :type
        FROM unnest(CAST(:ids AS text[]), CAST(:indices AS integer[]), CAST(:texts AS text[]))
            AS t (id, index, description)
        """,
        model=model_id,
        source=source_id,
        generation=generation,
        type=TOP_TOKENS,
        ids=[hashlib.sha256(name.encode()).hexdigest()[:24] for name in names],
        indices=[index for index, _ in texts],
        texts=[storable(text) for _, text in texts],
    )


async def refresh_labels(
    writer: AsyncSession,
    model_id: str,
    source_id: str,
    *,
    indices: Sequence[int] | None = None,
    generation_id: int | None = None,
) -> None:
    """Make a source's lists, counts and order follow its explanations and their scores.

    To be called in the transaction that changed them.

    Args:
        indices: only these features' explanations changed; None: all.
        generation_id: the generation that is becoming the current one; None: the one that is.
    """
    values = {"model": model_id, "source": source_id, "indices": indices, "generation": generation_id}
    for statement in _LABELS:
        await run_in(writer, statement, **values)


_SOURCE = """
    WITH s AS (
        SELECT model_id, id, coalesce(CAST(:generation AS integer), current_generation) AS current_generation
        FROM sources WHERE model_id = :model AND id = :source
    )"""
_LABELS = (
    f"""{_SOURCE}
    UPDATE explanations AS x SET hidden = true FROM s, reports AS r
    WHERE CAST(:indices AS integer[]) IS NULL AND r.kind = 'explanation' AND r.state = 'hidden'
        AND x.id = r.subject_id AND x.model_id = s.model_id AND x.source_id = s.id AND NOT x.hidden
    """,
    f"""{_SOURCE},
    newest AS (
        SELECT DISTINCT ON (c.explanation_id, c.description, c.type_name) c.explanation_id, c.description, c.value
        FROM s JOIN explanation_scores AS c ON c.model_id = s.model_id AND c.source_id = s.id
        WHERE c.value IS NOT NULL AND (CAST(:indices AS integer[]) IS NULL OR c.index = ANY(:indices))
        ORDER BY c.explanation_id, c.description, c.type_name, c.created_at DESC, c.id
    ),
    means AS (SELECT explanation_id, description, avg(value) AS value FROM newest GROUP BY 1, 2)
    UPDATE explanations AS u SET own_score = m.value
    FROM s
    JOIN explanations AS x ON x.model_id = s.model_id AND x.source_id = s.id AND {CURRENT}
    LEFT JOIN means AS m ON m.explanation_id = x.id AND m.description = x.description
    WHERE u.number = x.number AND (CAST(:indices AS integer[]) IS NULL OR x.index = ANY(:indices))
        AND x.own_score IS DISTINCT FROM CAST(m.value AS real)
    """,
    f"""{_SOURCE}
    DELETE FROM feature_labels AS l USING s
    WHERE l.generation_id = s.current_generation AND (CAST(:indices AS integer[]) IS NULL OR l.index = ANY(:indices))
    """,
    f"""{_SOURCE}
    INSERT INTO feature_labels (generation_id, index, description, type_name, sort_key)
    SELECT DISTINCT ON (x.index) f.generation_id, x.index, x.description, coalesce(x.type_name, ''),
           left(lower(x.description), 64)
    FROM s
    JOIN explanations AS x ON x.model_id = s.model_id AND x.source_id = s.id AND {CURRENT}
    JOIN features AS f ON f.generation_id = s.current_generation AND f.index = x.index
    LEFT JOIN explanation_types AS t ON t.name = x.type_name
    WHERE CAST(:indices AS integer[]) IS NULL OR x.index = ANY(:indices)
    ORDER BY x.index, {READING_ORDER}
    """,
    f"""{_SOURCE}
    UPDATE sources AS u SET
        updated_at = clock_timestamp(),
        n_explained = (SELECT count(*) FROM feature_labels AS l WHERE l.generation_id = s.current_generation),
        n_explanations = (
            SELECT count(*) FROM explanations AS x
            WHERE x.model_id = s.model_id AND x.source_id = s.id AND {CURRENT}
        )
    FROM s WHERE u.model_id = s.model_id AND u.id = s.id
    """,
)


def view(one: Row) -> ExplanationView:
    """An explanation out of a row of `COLUMNS`."""
    return ExplanationView(
        id=original(one["id"]),
        description=original(one["description"]),
        type_name=original(one["type_name"] or ""),
        type_display_name=original(one["type_display_name"]),
        model_name=original(one["explainer"]) if one["explainer"] else None,
        author=original(one["author"]),
        notes=original(one["notes"]) if one["notes"] else None,
        created_at=one["created_at"],
        scores=merged(one["own_scores"], one["scores"]),
        votes=int(one["votes"]),
        made_here=one["generation_id"] is None,
        own=is_own(one),
        extra=original_json(one["extra"]),
    )


def is_own(one: Row) -> bool:
    """Whether an explanation was written here by hand, by the person who asks."""
    by_hand = one["generation_id"] is None and one["type_name"] == BY_HAND
    return by_hand and one["author_id"] is not None and one["author_id"] == me()
