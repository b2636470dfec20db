"""`memicos sources`, `status`, `problems`, `verify` and `delete`: what is here, how complete, and away with it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.table import Table
from rich.text import Text

from memicos_app.commands.terminal import Terminal, shown
from memicos_app.commands.watching import TerminalWatch
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library import catalog, jobs
from memicos_app.library.datasets.aside import set_aside
from memicos_app.library.datasets.deleting import DeleteReport, delete_source
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.datasets.states import SourceState, newer, source_state, source_states
from memicos_app.library.datasets.verify import VerifyReport, verify_source
from memicos_app.library.errors import BadInputError, LibraryError

console = Terminal()
_SHOWN = 20
_WHEN = "%Y-%m-%d %H:%M"
Model = Annotated[str, typer.Argument(help="Model id.")]
Source = Annotated[str, typer.Argument(help="Source id, such as 15-res-4k.")]
AsJob = Annotated[bool, typer.Option("--job", help="Hand it to the job process and come back at once.")]
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def clearly(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """A command whose failures are a sentence."""

    @wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            migrate.upgrade(session.database_url())
            command(*args, **kwargs)
        except (LibraryError, DatabaseUnusable) as error:
            console.print(str(error), style="red", markup=False)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            console.print("Stopped. The same command goes on.")
            raise typer.Exit(130) from None

    return run


@clearly
def sources() -> None:
    """List the sources that are here, and those that can be imported."""
    console.print(session.run(_sources()), markup=False)


@clearly
def status(
    model: Annotated[str, typer.Argument(help="Only this model.")] = "",
    source: Annotated[str, typer.Argument(help="Only this source, with everything that is known of it.")] = "",
    upstream: Annotated[bool, typer.Option("--upstream", help="Ask the origin for what is newer.")] = False,
) -> None:
    """How complete each source is: not here, partly and what is missing, or complete and since when."""
    if source:
        _show_state(session.run(source_state(model, source)), upstream)
        return
    table = Table("Model", "Source", "State", "Features", "With examples", "Explained", "Since")
    for one in session.run(source_states(model or None)):
        counts = [str(one.counts.get(name, "")) for name in ("with_examples", "explained")]
        since = f"{one.finished.astimezone():{_WHEN}}" if one.finished else ""
        cells = (one.model_id, one.source_id, one.words, str(one.n_features or ""), *counts, since)
        table.add_row(*(Text(shown(cell)) for cell in cells))
    console.print(table)


@clearly
def problems(
    model: Model,
    source: Source,
    to: Annotated[Path | None, typer.Option(help="Write them to this file, one JSON object a line.")] = None,
) -> None:
    """Lines of an import that could not be used as they were, as they were."""
    if to is None:
        session.run(_print_problems(model, source))
        return
    with to.open("w", encoding="utf-8") as file:
        count = session.run(_write_problems(model, source, lambda line: print(line, file=file)))
    console.print(f"{count} problems written to {to}", markup=False, highlight=False)


@clearly
def verify(model: Model, source: Source, job: AsJob = False) -> None:
    """Count and hash what the database holds of a source, and compare it with what the import wrote."""
    if job:
        _ask("verify", f"Verify {model}/{source}", model, source)
        return
    report: VerifyReport = session.run(_watched(lambda watch: verify_source(model, source, watch=watch)))
    compared = f"{report.n_rows} rows of {report.n_files} files compared in {report.seconds:.1f} s"
    word = "as the import wrote it" if report.ok else f"{report.total} rows differ"
    console.print(
        f"{model}/{source}: {compared}: {word}.",
        markup=False,
        highlight=False,
    )
    for said in [*report.missing, *map(str, report.differences[:_SHOWN])]:
        console.print(said, style="yellow", markup=False, highlight=False)
    if not report.ok:
        raise typer.Exit(1)


@clearly
def delete(
    model: Model,
    source: Source,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also explanations that were written or made here.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    job: AsJob = False,
) -> None:
    """Delete the data of a source; explanations written here stay unless --everything is said."""
    if not yes and not typer.confirm(f"Delete the data of {model}/{source}?"):
        raise typer.Exit(1)
    if job:
        _ask("delete_source", f"Delete {model}/{source}", model, source, everything=everything)
        return
    report: DeleteReport = session.run(
        _watched(lambda watch: delete_source(model, source, everything=everything, watch=watch))
    )
    stays = f"; {report.n_kept} explanations made here stay" if report.n_kept else ""
    console.print(f"{model}/{source}: {report.n_features} features deleted{stays}.", markup=False, highlight=False)


def _ask(kind: str, title: str, model: str, source: str, **more: Any) -> None:
    arguments = {"model": model, "source": source, **more}
    asked = session.run(jobs.ask(kind, arguments, title=title, subject=f"{model}/{source}"))
    console.print(f"Job {asked.id}: {asked.title} ({asked.state})", markup=False, highlight=False)


async def _watched(work: Callable[[TerminalWatch], Coroutine[Any, Any, Answer]]) -> Answer:
    with TerminalWatch(console) as watch:
        return await work(watch)


def _show_state(one: SourceState, upstream: bool) -> None:
    facts: dict[str, object] = {
        "Source": f"{one.model_id}/{one.source_id}",
        "State": one.words,
        "Origin": one.origin,
        "Parts": ", ".join(one.parts),
        "Since": f"{one.finished.astimezone():{_WHEN}}" if one.finished else "",
        "Files": f"{one.counts['files']}, {one.files_size / 1e6:.1f} MB" if one.counts else "",
        "Features": _features(one),
        "Examples": one.counts.get("examples", ""),
        "Explanations": one.counts.get("explanations", ""),
        "In the database": f"{one.counts['bytes'] / 1e6:.1f} MB" if one.counts else "",
        "Missing": "; ".join(one.missing),
        "Unfinished": _unfinished(one),
        "Upstream": _upstream(one) if upstream else "",
    }
    for name, value in facts.items():
        if value != "":
            console.print(f"{name:<15} {value}", markup=False, highlight=False, soft_wrap=True)


def _features(one: SourceState) -> str:
    if not one.counts:
        return str(one.n_features or "")
    counts = one.counts
    return (
        f"{counts['features']}: {counts['with_examples']} with and {counts['without_examples']} without examples, "
        f"{counts['explained']} explained and {counts['unexplained']} not"
    )


def _unfinished(one: SourceState) -> str:
    work = one.unfinished
    if work is None:
        return ""
    does = "running" if work.running else "waits to be gone on with: import it again"
    return f"{work.files_done} of {work.files} files from {work.origin}, {does}"


def _upstream(one: SourceState) -> str:
    if not one.origin:
        raise BadInputError("Nothing of it was imported, so there is no origin to ask.", field="source")

    async def ask() -> str:
        manifest = await open_origin(one.origin).manifest(one.model_id, one.source_id)
        changes = await newer(one.model_id, one.source_id, manifest)
        parts = {"changed": changes.changed, "added": changes.added, "gone": changes.removed}
        said = [f"{len(names)} files {word} ({', '.join(names[:3])})" for word, names in parts.items() if names]
        return "; ".join(said) or "nothing newer"

    return session.run(ask())


async def _print_problems(model: str, source: str) -> None:
    count = 0
    async for one in set_aside(model, source):
        place = f"{one.file}:{one.line}" if one.line else one.file
        console.print(f"{place}: {one.message}", style="yellow", markup=False, highlight=False)
        if one.raw is not None:
            console.print("    " + repr(one.raw[:200])[2:-1], markup=False, highlight=False)
        count += 1
    if not count:
        console.print("There are none.")


async def _write_problems(model: str, source: str, write: Callable[[str], None]) -> int:
    count = 0
    async for one in set_aside(model, source):
        write(one.json())
        count += 1
    return count


async def _sources() -> Table:
    table = Table("Model", "Source", "State", "Dashboards", "Explained", "Hook point")
    for model in await catalog.models():
        for source_set in await catalog.source_sets(model.id):
            for one in source_set.sources:
                counts = (str(one.n_dashboards), str(one.n_explained)) if one.n_dashboards else ("", "")
                table.add_row(model.id, one.id, one.state, *counts, one.hook_name)
    return table
