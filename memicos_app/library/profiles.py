"""What a person made that others may look at, and they themselves whole: steering runs and vectors.

Lists are in `lists/reading.py`, bookmarks in `bookmarks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memicos_app.db.text import original, storable
from memicos_app.library import activity, visibility
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.errors import NotFoundError
from memicos_app.library.lists.views import checked_visibility
from memicos_app.library.query import rows, run_in, writing
from memicos_app.library.quick_lists import FeatureAddress

MOST = 200
LONGEST_TEXT = 300
"""Characters of a prompt and of what came of it."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A steering run that was kept."""

    id: str
    model_id: str
    prompt: str
    steered: str
    visibility: str
    created_at: datetime
    mine: bool


@dataclass(frozen=True, slots=True)
class VectorLine:
    """A vector of somebody's own."""

    address: FeatureAddress
    label: str
    hook_name: str
    visibility: str
    created_at: datetime
    mine: bool


async def runs_of(user_id: str) -> list[RunLine]:
    """A person's runs, the newest first: the public ones, and for themselves all."""
    found = await rows(
        f"""
        SELECT r.id, r.model_id, left(r.prompt, :most) AS prompt, left(r.steered_text, :most) AS steered,
               r.visibility, r.created_at, r.creator_id
        FROM steer_outputs AS r WHERE r.creator_id = :user AND {visibility.listed("r")}
        ORDER BY r.created_at DESC, r.id LIMIT {MOST}
        """,
        user=storable(user_id),
        most=LONGEST_TEXT,
    )
    return [
        RunLine(
            id=one["id"],
            model_id=original(one["model_id"]),
            prompt=original(one["prompt"]),
            steered=original(one["steered"] or ""),
            visibility=one["visibility"],
            created_at=one["created_at"],
            mine=_mine(one["creator_id"]),
        )
        for one in found
    ]


async def vectors_of(user_id: str) -> list[VectorLine]:
    """A person's vectors, as `runs_of`."""
    found = await rows(
        f"""
        SELECT v.model_id, v.source_id, v.index, v.label, v.hook_name, v.visibility, v.created_at, v.creator_id
        FROM steer_vectors AS v WHERE v.creator_id = :user AND {visibility.listed("v")}
        ORDER BY v.created_at DESC, v.index LIMIT {MOST}
        """,
        user=storable(user_id),
    )
    return [
        VectorLine(
            address=FeatureAddress(original(one["model_id"]), original(one["source_id"]), one["index"]),
            label=original(one["label"]),
            hook_name=original(one["hook_name"]),
            visibility=one["visibility"],
            created_at=one["created_at"],
            mine=_mine(one["creator_id"]),
        )
        for one in found
    ]


async def show_run(run_id: str, seen_by: str) -> None:
    """Let others see a run of one's own, or not.

    Raises:
        NotFoundError: the person asking has no such run.
        BadInputError: `seen_by` is no visibility.
        SignInError, ForbiddenError: the person may not write.
    """
    await _change(
        "run.show",
        "UPDATE steer_outputs SET visibility = :to WHERE id = :id AND (creator_id = :me OR :admin)",
        run_id,
        id=storable(run_id),
        to=checked_visibility(seen_by),
    )


async def delete_run(run_id: str) -> None:
    """Remove a run of one's own. Raises `NotFoundError`, `SignInError`, `ForbiddenError`."""
    await _change(
        "run.delete",
        "DELETE FROM steer_outputs WHERE id = :id AND (creator_id = :me OR :admin)",
        run_id,
        id=storable(run_id),
    )


async def show_vector(address: FeatureAddress, seen_by: str) -> None:
    """Let others see a vector of one's own, or not; raises as `show_run`."""
    await _change(
        "vector.show",
        """
        UPDATE steer_vectors SET visibility = :to
        WHERE model_id = :model AND source_id = :source AND index = :index AND (creator_id = :me OR :admin)
        """,
        str(address),
        to=checked_visibility(seen_by),
        model=storable(address.model_id),
        source=storable(address.source_id),
        index=address.index,
    )


async def _change(action: str, sql: str, subject: str, **values: object) -> None:
    who = require(Right.WRITE)
    async with writing() as writer:
        if not await run_in(writer, sql, me=who.id, admin=who.admin, **values):
            raise NotFoundError(f"There is no {action.partition('.')[0]} {subject[:100]} of yours.", field="id")
        await activity.note(action, subject, writer=writer)
        await writer.commit()


def _mine(creator_id: str | None) -> bool:
    who = person()
    return who.admin or (who.known and creator_id == who.id)
