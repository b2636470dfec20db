"""Long work over the API, for the owner: what there is, what it says, and the verbs that steer it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from memicos_app.api.answers import Json
from memicos_app.api.inputs import CURSOR_QUERY
from memicos_app.api.rights import needs
from memicos_app.api.work_shapes import JobAnswer, JobsAnswer, JobWithLogAnswer
from memicos_app.library import cursors, jobs
from memicos_app.library.accounts.rights import Right
from memicos_app.library.job_log import LogLine
from memicos_app.library.jobs import JobState, JobView

router = APIRouter(prefix="/jobs", tags=["jobs"], dependencies=[needs(Right.MANAGE)])
Number = Annotated[int, Path(alias="id", ge=1, lt=1 << 63, description="Number of the job.")]
Verb = Literal["pause", "resume", "cancel", "retry"]
_DO = {"pause": jobs.pause, "resume": jobs.resume, "cancel": jobs.cancel, "retry": jobs.retry}


@router.get("", response_model=JobsAnswer)
async def list_jobs(
    state: Annotated[list[JobState] | None, Query(description="Only jobs in these states.")] = None,
    kind: Annotated[str | None, Query(max_length=200, description="Only this kind of work.")] = None,
    subject: Annotated[str | None, Query(max_length=500, description="Only work on this.")] = None,
    before: Annotated[int | None, Query(ge=1, lt=1 << 63, description="Only jobs with a smaller number.")] = None,
    cursor: Annotated[str, CURSOR_QUERY] = "",
    limit: Annotated[int, Query(ge=1, le=jobs.MOST_LISTED, description="How many.")] = 50,
) -> Json:
    """Jobs, the newest first."""
    question = cursors.question_hash("jobs", state, kind, subject)
    (last,) = cursors.place(cursor, question, int)
    listed = await jobs.jobs(states=state or (), kind=kind, subject=subject, before=last or before, limit=limit + 1)
    found = cursors.page(listed, limit, question, lambda one: (one.id,))
    return Json({"jobs": list(map(job_json, found.items)), "nextCursor": found.cursor})


@router.get("/{id}", response_model=JobWithLogAnswer)
async def show(
    number: Number,
    after: Annotated[int, Query(ge=0, lt=1 << 63, description="Only lines of the log after this one.")] = 0,
) -> Json:
    """A job with the end of its log, or with the lines after one that is known."""
    one = await jobs.job(number)
    return Json({**job_json(one), "log": [line_json(line) for line in await jobs.log(number, after=after)]})


@router.post("/{id}/{verb}", response_model=JobAnswer)
async def steer(number: Number, verb: Verb) -> Json:
    """Pause, resume, cancel or retry a job; it is answered as it is then, a running one obeys within seconds."""
    return Json(job_json(await _DO[verb](number)))


def job_json(one: JobView) -> dict[str, Any]:
    """A job; seconds and shares are numbers, moments are ISO 8601 in UTC."""
    return {
        "id": one.id,
        "kind": one.kind,
        "title": one.title,
        "subject": one.subject,
        "arguments": one.arguments,
        "state": one.state,
        "wish": one.wish or None,
        "step": one.step,
        "done": one.done,
        "total": one.total or None,
        "unit": one.unit,
        "share": one.share,
        "rate": one.rate or None,
        "etaSeconds": one.eta_seconds,
        "error": one.error or None,
        "result": one.result,
        "attempts": one.attempts,
        "machine": one.machine or None,
        "notBefore": one.not_before,
        "createdAt": one.created_at,
        "startedAt": one.started_at,
        "newsAt": one.news_at,
        "finishedAt": one.finished_at,
        "verbs": list(one.verbs),
    }


def line_json(one: LogLine) -> dict[str, Any]:
    return {"id": one.id, "at": one.at, "level": one.level, "text": one.text}
