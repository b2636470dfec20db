"""`memicos jobs`: what long work there is, what it says, and a process that does it."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from memicos_app.commands.terminal import Terminal
from memicos_app.components import job_words
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library import jobs
from memicos_app.library.errors import LibraryError
from memicos_app.library.job_log import LogLine
from memicos_app.library.job_views import JobView

app = typer.Typer(name="jobs", help="Long work: imports, dashboards, exports.")
console = Terminal()
Id = Annotated[int, typer.Argument(help="Number of the job, as `memicos jobs` lists it.", min=1)]
Answer = TypeVar("Answer")


@app.callback(invoke_without_command=True)
def list_(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="Only jobs in this state: waiting, running, paused, done, ...")] = "",
    subject: Annotated[str, typer.Option(help="Only jobs on this, such as MODEL/SOURCE.")] = "",
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=jobs.MOST_LISTED)] = 20,
) -> None:
    """List jobs, the newest first."""
    if context.invoked_subcommand is not None:
        return
    with failing_clearly():
        states = [jobs.state_named(state)] if state else []
        found = ask(jobs.jobs(states=states, subject=subject or None, limit=limit))
    if not found:
        typer.echo("There are no jobs.")
        return
    table = Table("Job", "What", "State", "Progress", "Asked for")
    for one in found:
        asked = f"{one.created_at.astimezone():%Y-%m-%d %H:%M}"
        table.add_row(str(one.id), one.title, state_words(one), progress_words(one), asked)
    console.print(table, markup=False)


@app.command()
def show(job_id: Id) -> None:
    """Everything about one job."""
    with failing_clearly():
        one = ask(jobs.job(job_id))
    facts = {
        "Job": one.id,
        "What": one.title,
        "Kind": one.kind,
        "Subject": one.subject,
        "State": state_words(one),
        "Progress": progress_words(one),
        "Machine": one.machine,
        "Attempts": one.attempts,
        "Error": one.error,
        "Result": one.result or "",
        "Arguments": one.arguments or "",
        "Asked for": f"{one.created_at.astimezone():%Y-%m-%d %H:%M:%S}",
        "Ended": f"{one.finished_at.astimezone():%Y-%m-%d %H:%M:%S}" if one.finished_at else "",
    }
    for name, value in facts.items():
        if value != "":
            console.print(f"{name:<10} {value}", markup=False, highlight=False)


@app.command()
def log(job_id: Id, lines: Annotated[int, typer.Option(help="How many of the last lines.", min=1)] = 200) -> None:
    """The log of one job."""
    with failing_clearly():
        ask(jobs.job(job_id))
        for one in ask(jobs.log(job_id, limit=lines)):
            print_line(one)


@app.command()
def pause(job_id: Id) -> None:
    """Let a job stop at its next checkpoint and wait for `resume`."""
    with failing_clearly():
        say(ask(jobs.pause(job_id)))


@app.command()
def resume(job_id: Id) -> None:
    """Let a paused job go on."""
    with failing_clearly():
        say(ask(jobs.resume(job_id)))


@app.command()
def cancel(job_id: Id) -> None:
    """End a job; what it did so far stays."""
    with failing_clearly():
        say(ask(jobs.cancel(job_id)))


@app.command()
def retry(job_id: Id) -> None:
    """Begin a failed or cancelled job again, where its work left off."""
    with failing_clearly():
        say(ask(jobs.retry(job_id)))


@app.command()
def work(
    at_once: Annotated[int, typer.Option(help="Jobs side by side; 0: as JOBS_AT_ONCE says.", min=0, max=64)] = 0,
    drain: Annotated[bool, typer.Option("--drain", help="End when nothing more is to be done.")] = False,
) -> None:
    """Do jobs in this process, beside the site's own or on another machine, until it is stopped."""
    from memicos_app.jobs import __main__

    with failing_clearly():
        __main__.work(at_once or None, drain=drain)


def state_words(one: JobView) -> str:
    """State, and what is about to happen to it."""
    return job_words.state(one, datetime.now(UTC))[0]


def progress_words(one: JobView) -> str:
    """What came of it, or step, amounts, rate and remaining time, in one line."""
    if one.error or one.state == "done":
        return one.error or job_words.result(one.result)
    parts = (job_words.progress(one), job_words.pace(one))
    return f"{one.step}: {', '.join(part for part in parts if part)}" if one.step else ""


def print_line(one: LogLine) -> None:
    style = {"warning": "yellow", "error": "red"}.get(one.level)
    console.print(f"{one.at.astimezone():%H:%M:%S} {one.text}", style=style, markup=False, highlight=False)


def say(one: JobView) -> None:
    console.print(f"Job {one.id} ({one.title}): {state_words(one)}.", markup=False, highlight=False)


def ask(work: Awaitable[Answer]) -> Answer:
    """The answer of the library, with the schema brought up to date first."""
    try:
        migrate.upgrade(session.database_url())
    except BaseException:
        if isinstance(work, Coroutine):
            work.close()  # else Python warns at the end that nobody waited for it
        raise
    return session.run(_coroutine(work))


async def _coroutine(work: Awaitable[Answer]) -> Answer:
    return await work


@contextmanager
def failing_clearly() -> Iterator[None]:
    """Turn what is wrong into one sentence and status 1."""
    try:
        yield
    except (LibraryError, DatabaseUnusable) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
