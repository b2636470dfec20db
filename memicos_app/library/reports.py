"""What people report, and what administrators decide: a thing is hidden, shown again, or deleted, and it is noted."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlmodel.ext.asyncio.session import AsyncSession

from memicos_app.db.text import original, storable
from memicos_app.library import activity, comments, own_explanations, rates
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right, require
from memicos_app.library.embedders import soon
from memicos_app.library.errors import BadInputError, ConflictError, NotFoundError
from memicos_app.library.explanations import refresh_labels
from memicos_app.library.lists import keeping, reading
from memicos_app.library.query import Row, row, rows, rows_in, run_in, writing

Kind = Literal["comment", "explanation", "list"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_STATES: Mapping[str, str] = {"hide": "hidden", "restore": "dismissed", "delete": "deleted"}
LONGEST_REASON = 500
PAGE = 100


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report with what became of it."""

    id: str
    kind: Kind
    subject_id: str
    place: str
    words: str
    author_name: str
    reason: str
    reporter_name: str
    state: str
    """`open`, `dismissed` (it is shown), `hidden`, `deleted`."""
    decided_by: str
    decided_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Subject:
    place: str
    words: str
    author_name: str


async def report(kind: str, subject_id: str, reason: str) -> str:
    """Tell the administrators of a comment, an explanation or a list; a second time changes the reason. The id.

    Raises:
        BadInputError: no such kind, no reason, or one that is too long.
        NotFoundError: there is no such thing.
        SignInError, ForbiddenError: the person may not write.
    """
    who = require(Right.WRITE)
    await rates.take("write")
    said = " ".join(reason.split())
    if not 1 <= len(said) <= LONGEST_REASON:
        raise BadInputError(f"Say why in 1 to {LONGEST_REASON} characters.", field="reason")
    of = await _subject(kind, subject_id)
    async with writing() as writer:
        (found,) = await rows_in(
            writer,
            """
            INSERT INTO reports (id, kind, subject_id, place, words, author_name, reason, reporter_id)
            VALUES (:id, :kind, :subject, :place, :words, :author, :reason, :reporter)
            ON CONFLICT (kind, subject_id, reporter_id) DO UPDATE
            SET reason = excluded.reason, words = excluded.words, state = 'open', created_at = now(),
                decided_by = '', decided_at = NULL
            RETURNING id
            """,
            id=secrets.token_hex(8),
            kind=kind,
            subject=storable(subject_id),
            place=storable(of.place),
            words=storable(of.words),
            author=storable(of.author_name),
            reason=storable(said),
            reporter=who.id,
        )
        await activity.note("report.make", of.place, {"kind": kind, "id": subject_id}, writer=writer)
        await writer.commit()
    return str(found["id"])


async def all_of(state: str = "open", *, before: datetime | None = None, limit: int = PAGE) -> list[ReportView]:
    """Reports in a state, the newest first; an empty state: all. For administrators."""
    require(Right.MANAGE)
    found = await rows(
        """
        SELECT r.*, coalesce(u.name, '') AS reporter_name
        FROM reports AS r LEFT JOIN users AS u ON u.id = r.reporter_id
        WHERE (:state = '' OR r.state = :state) AND (CAST(:before AS timestamptz) IS NULL OR r.created_at < :before)
        ORDER BY r.created_at DESC, r.id LIMIT :limit
        """,
        state=state,
        before=before,
        limit=min(limit, PAGE),
    )
    return [_view(one) for one in found]


async def decide(report_id: str, decision: str) -> None:
    """Hide what was reported, show it (again), or delete it; every report of the same thing is decided with it.

    Raises:
        BadInputError: no such decision.
        NotFoundError: no such report, or what it is about is gone.
        ConflictError: an explanation that came with its dataset cannot be deleted, only hidden.
        SignInError, ForbiddenError: the person may not manage this site.
    """
    require(Right.MANAGE)
    if decision not in _STATES:
        raise BadInputError(f"Decide on one of {', '.join(_STATES)}.", field="decision")
    one = await row("SELECT kind, subject_id, place FROM reports WHERE id = :id", id=storable(report_id))
    if one is None:
        raise NotFoundError("There is no such report.", field="id")
    if decision == "delete":
        await _DELETE[one["kind"]](original(one["subject_id"]))
    else:
        await _show(one["kind"], one["subject_id"], hidden=decision == "hide")
    async with writing() as writer:
        await run_in(
            writer,
            """
            UPDATE reports SET state = :state, decided_by = :who, decided_at = now()
            WHERE kind = :kind AND subject_id = :subject
            """,
            state=_STATES[decision],
            who=storable(person().name),
            kind=one["kind"],
            subject=one["subject_id"],
        )
        details = {"kind": one["kind"], "id": original(one["subject_id"])}
        await activity.note(f"report.{decision}", original(one["place"]), details, writer=writer)
        await writer.commit()


async def _show(kind: str, subject_id: str, *, hidden: bool) -> None:
    async with writing() as writer:
        if kind == "explanation":
            await _lock_sources(writer, subject_id)
            changed = await rows_in(
                writer,
                "UPDATE explanations SET hidden = :hidden WHERE id = :id RETURNING model_id, source_id, index",
                id=subject_id,
                hidden=hidden,
            )
            for one in changed:
                await refresh_labels(writer, one["model_id"], one["source_id"], indices=[one["index"]])
        else:
            changed = await rows_in(
                writer,
                f"UPDATE {kind}s SET hidden = :hidden WHERE id = :id RETURNING id",
                id=subject_id,
                hidden=hidden,
            )
        if not changed:
            raise NotFoundError(f"This {kind} is gone.", field="id")
        await writer.commit()
    if kind == "explanation" and not hidden:
        for one in changed:
            soon.embed(one["model_id"], one["source_id"])


async def _lock_sources(writer: AsyncSession, explanation_id: str) -> None:
    of = await rows_in(
        writer,
        "SELECT DISTINCT model_id, source_id FROM explanations WHERE id = :id ORDER BY 1, 2",
        id=explanation_id,
    )
    for one in of:
        await own_explanations.lock(writer, one["model_id"], one["source_id"])


async def _subject(kind: str, subject_id: str) -> _Subject:
    if kind == "comment":
        one = await comments.get(subject_id)
        return _Subject(comments.place(one), one.text, one.author_name)
    if kind == "list":
        found = await reading.get(subject_id)
        words = f"{found.name}: {found.description}" if found.description else found.name
        return _Subject(f"/list/{found.id}", words, found.creator_name)
    if kind == "explanation":
        return await _explanation(subject_id)
    raise BadInputError(f"What is reported is one of {', '.join(KINDS)}.", field="kind")


async def _explanation(explanation_id: str) -> _Subject:
    seen = await own_explanations.found(explanation_id)
    one = await row(
        """
        SELECT x.description, coalesce(u.name, nullif(x.author_name, ''), x.explainer, '') AS author
        FROM explanations AS x LEFT JOIN users AS u ON u.id = x.author_id WHERE x.number = :number
        """,
        number=seen["number"],
    )
    place = f"/{original(seen['model_id'])}/{original(seen['source_id'])}/{seen['index']}"
    return _Subject(place, original(one["description"]), original(one["author"])) if one else _Subject(place, "", "")


async def _delete_explanation(explanation_id: str) -> None:
    one = await row(
        "SELECT bool_or(generation_id IS NOT NULL) AS of_dataset, count(*) AS n FROM explanations WHERE id = :id",
        id=storable(explanation_id),
    )
    if one is None or not one["n"]:
        raise NotFoundError("This explanation is gone.", field="id")
    if one["of_dataset"]:
        raise ConflictError("It came with its dataset, and would be back with it: hide it.", field="decision")
    await _show("explanation", storable(explanation_id), hidden=False)
    await own_explanations.delete(explanation_id)


_DELETE: Mapping[str, Callable[[str], Awaitable[None]]] = {
    "comment": comments.delete,
    "list": keeping.delete,
    "explanation": _delete_explanation,
}


def _view(one: Row) -> ReportView:
    return ReportView(
        id=one["id"],
        kind=one["kind"],
        subject_id=original(one["subject_id"]),
        place=original(one["place"]),
        words=original(one["words"]),
        author_name=original(one["author_name"]),
        reason=original(one["reason"]),
        reporter_name=original(one["reporter_name"]),
        state=one["state"],
        decided_by=original(one["decided_by"]),
        decided_at=one["decided_at"],
        created_at=one["created_at"],
    )
