"""Scores of explanations as they are kept: written, read again with what was judged, listed, taken back.

What a score is made of is `autointerp/score.py`'s; in which order explanations are read, `explanations.py`'s.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.text import original, original_json, storable, storable_json
from memicos_app.library.autointerp.scoring import Scored
from memicos_app.library.errors import NotFoundError
from memicos_app.library.explanations import CURRENT, refresh_labels
from memicos_app.library.feature_json import encode
from memicos_app.library.providers.ledger import used
from memicos_app.library.query import Row, row, rows, rows_in, run_in, writing
from memicos_app.library.visibility import listed

RECENT = 20


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation that is to be judged, as it is worded now."""

    id: str
    model_id: str
    source_id: str
    index: int
    description: str
    type_name: str


@dataclass(frozen=True, slots=True)
class ScoreView:
    """One scoring of one explanation."""

    id: str
    explanation_id: str
    model_id: str
    source_id: str
    index: int
    description: str
    """The wording that was judged."""
    type_name: str
    scorer: str
    """The model that judged."""
    prompt: str
    value: float | None
    """None where too many calls failed for a score; `problem` says so."""
    low: float | None
    high: float | None
    n: int
    """Texts that were judged."""
    n_failed: int
    """Texts whose call failed: they count for nothing."""
    problem: str
    seed: int
    settings: dict[str, Any]
    """How the texts were drawn."""
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    """None where the price is unknown."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ScoreDetails:
    """A score with the texts that it was made of, as `autointerp.scoring.Judged` has them."""

    score: ScoreView
    examples: list[dict[str, Any]]


async def explained(explanation_id: str) -> Explained:
    """An explanation by its public id.

    Raises:
        NotFoundError: there is none that readers see.
    """
    found = await row(
        f"""
        SELECT x.id, x.model_id, x.source_id, x.index, x.description, coalesce(x.type_name, '') AS type_name
        FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        WHERE x.id = :id AND {CURRENT} ORDER BY x.number DESC LIMIT 1
        """,
        id=storable(explanation_id),
    )
    if found is None:
        raise NotFoundError(f"There is no explanation {explanation_id!r} here.", field="explanation_id")
    return Explained(**{**found, "description": original(found["description"]), "id": original(found["id"])})


async def save(
    of: Explained, scored: Scored, *, run_id: int | None = None, person: str | None = None, labels: bool = True
) -> ScoreView:
    """Keep a score beside earlier ones, and that the answers it is made of were used.

    Args:
        person: id of who asked for it.
        labels: whether the explanation's place in reading order follows at once; else that is the caller's to see to.
    """
    async with writing() as writer:
        found = await _write(writer, of, scored, run_id, person)
        for call in scored.calls:
            await used(writer, call)
        if labels:
            await refresh_labels(writer, of.model_id, of.source_id, indices=[of.index])
        await writer.commit()
    return found


async def _write(
    writer: AsyncSession, of: Explained, scored: Scored, run_id: int | None, person: str | None
) -> ScoreView:
    values = {
        "id": secrets.token_hex(12),
        "model": of.model_id,
        "source": of.source_id,
        "index": of.index,
        "explanation": storable(of.id),
        "description": storable(of.description),
        "type": scored.type_name,
        "scorer": storable(scored.scorer),
        "prompt": scored.prompt,
        "value": None if scored.figure is None else scored.figure.value,
        "low": None if scored.figure is None else scored.figure.low,
        "high": None if scored.figure is None else scored.figure.high,
        "n": scored.n,
        "n_failed": scored.n_failed,
        "problem": storable(scored.problem),
        "seed": scored.seed,
        "settings": _json(scored.settings),
        "tokens_in": scored.tokens_in,
        "tokens_out": scored.tokens_out,
        "cost": scored.cost_usd,
        "run": run_id,
        "person": person,
        "examples": _json([one.as_json() for one in scored.examples]),
    }
    await run_in(writer, _INSERT, **values)
    found = await rows_in(writer, f"SELECT {_COLUMNS} FROM explanation_scores AS c WHERE c.id = :id", id=values["id"])
    return _view(found[0])


_INSERT = """
    INSERT INTO explanation_scores (
        id, model_id, source_id, index, explanation_id, description, type_name, scorer, prompt, value, low, high, n,
        n_failed, problem, seed, settings, tokens_in, tokens_out, cost_usd, run_id, initiated_by, examples
    ) VALUES (
        :id, :model, :source, :index, :explanation, :description, :type, :scorer, :prompt, :value, :low, :high, :n,
        :n_failed, :problem, :seed, CAST(:settings AS jsonb), :tokens_in, :tokens_out, :cost, :run,
        (SELECT id FROM users WHERE id = :person),
        CAST(:examples AS jsonb)
    )
"""
_COLUMNS = """
    c.id, c.explanation_id, c.model_id, c.source_id, c.index, c.description, c.type_name, c.scorer, c.prompt, c.value,
    c.low, c.high, c.n, c.n_failed, c.problem, c.seed, c.settings, c.tokens_in, c.tokens_out, c.cost_usd, c.created_at
"""


_SEEN = "explanation_scores AS c JOIN sources AS s ON s.model_id = c.model_id AND s.id = c.source_id"
"""Scores of sources that the person asking may see."""


async def of_explanation(explanation_id: str) -> list[ScoreView]:
    """All scorings of an explanation, those of earlier wordings and those that came to nothing too; newest first."""
    found = await rows(
        f"""
        SELECT {_COLUMNS} FROM {_SEEN} WHERE c.explanation_id = :id
        ORDER BY c.created_at DESC, c.id
        """,
        id=storable(explanation_id),
    )
    return [_view(one) for one in found]


async def details(score_id: str) -> ScoreDetails:
    """A score with everything that was judged.

    Raises:
        NotFoundError: there is none of this id.
    """
    found = await row(f"SELECT {_COLUMNS}, c.examples FROM {_SEEN} WHERE c.id = :id", id=score_id)
    if found is None:
        raise _none(score_id)
    return ScoreDetails(_view(found), original_json(found["examples"]))


async def recent(type_name: str, *, limit: int = RECENT) -> list[ScoreView]:
    """The newest scores of a type, of sources that everybody may see."""
    found = await rows(
        f"""
        SELECT {_COLUMNS} FROM explanation_scores AS c
        JOIN sources AS s ON s.model_id = c.model_id AND s.id = c.source_id AND {listed("s", "shown")}
        WHERE c.type_name = :type AND c.value IS NOT NULL ORDER BY c.created_at DESC, c.id LIMIT :limit
        """,
        type=type_name,
        limit=limit,
    )
    return [_view(one) for one in found]


async def counts() -> dict[str, int]:
    """How many scores there are of each type."""
    found = await rows("SELECT type_name, count(*) AS n FROM explanation_scores WHERE value IS NOT NULL GROUP BY 1")
    return {one["type_name"]: one["n"] for one in found}


async def delete(score_id: str) -> None:
    """Take a score back; the explanation's place in reading order follows.

    Raises:
        NotFoundError: there is none of this id.
    """
    async with writing() as writer:
        found = await rows_in(
            writer,
            "DELETE FROM explanation_scores WHERE id = :id RETURNING model_id, source_id, index",
            id=score_id,
        )
        if not found:
            raise _none(score_id)
        await refresh_labels(writer, found[0]["model_id"], found[0]["source_id"], indices=[found[0]["index"]])
        await writer.commit()


def _view(one: Row) -> ScoreView:
    texts = {name: original(one[name]) for name in ("explanation_id", "description", "scorer", "problem")}
    known = {name: one[name] for name in _NAMES}
    return ScoreView(**{**known, **texts, "settings": original_json(one["settings"])})


_NAMES = tuple(field.name for field in fields(ScoreView))


def _json(value: dict[str, Any] | Sequence[dict[str, Any]]) -> str:
    return encode(storable_json(value)).decode()


def _none(score_id: str) -> NotFoundError:
    return NotFoundError(f"There is no score {score_id!r}.", field="score_id")
