"""People's votes on explanations: `explanations.READING_ORDER` puts those with more in front."""

from __future__ import annotations

from collections.abc import Sequence

from memicos_app.db.text import original, storable, storable_all
from memicos_app.library import activity, rates
from memicos_app.library.errors import BadInputError
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.own_explanations import found, lock
from memicos_app.library.query import Row, row, rows, run_in, writing


async def vote(explanation_id: str, voter_id: str, points: int) -> int:
    """Vote for (1) or against (-1) an explanation, in place of an earlier vote; what all votes come to.

    Raises:
        NotFoundError: there is no such explanation.
        BadInputError: `points` is neither.
    """
    if points not in (-1, 1):
        raise BadInputError("A vote is 1, for, or -1, against.", field="points")
    await rates.take("write")
    return await _write(
        """
        INSERT INTO explanation_votes (explanation_id, voter_id, points) VALUES (:id, :voter, :points)
        ON CONFLICT (explanation_id, voter_id) DO UPDATE SET points = excluded.points, created_at = now()
        """,
        await found(explanation_id),
        id=storable(explanation_id),
        voter=voter_id,
        points=points,
    )


async def withdraw(explanation_id: str, voter_id: str) -> int:
    """Take a person's vote back, if there is one; what all votes come to.

    Raises:
        NotFoundError: there is no such explanation.
    """
    return await _write(
        "DELETE FROM explanation_votes WHERE explanation_id = :id AND voter_id = :voter",
        await found(explanation_id),
        id=storable(explanation_id),
        voter=voter_id,
    )


async def of(voter_id: str, explanation_ids: Sequence[str]) -> dict[str, int]:
    """How somebody voted on explanations, by their ids; those without a vote of theirs are left out."""
    found = await rows(
        "SELECT explanation_id, points FROM explanation_votes WHERE voter_id = :voter AND explanation_id = ANY(:ids)",
        voter=voter_id,
        ids=storable_all(explanation_ids),
    )
    return {original(one["explanation_id"]): one["points"] for one in found}


async def _write(sql: str, one: Row, **values: object) -> int:
    async with writing() as writer:
        await lock(writer, one["model_id"], one["source_id"])
        await run_in(writer, sql, **values)
        await refresh_labels(writer, one["model_id"], one["source_id"], indices=[one["index"]])
        await activity.note("explanation.vote", str(values["id"]), {"points": values.get("points", 0)}, writer=writer)
        await writer.commit()
    total = await row(
        "SELECT coalesce(sum(points), 0) AS points FROM explanation_votes WHERE explanation_id = :id", id=values["id"]
    )
    return int(total["points"]) if total else 0
