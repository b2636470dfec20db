"""`memicos upload`: a folder of batch files that the public dashboard generator wrote, into their source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memicos_app.commands.terminal import Terminal
from memicos_app.commands.watching import TerminalWatch
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library import uploaded_explanations, uploaded_files
from memicos_app.library.datasets import saedashboard
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.uploaded_files import FileOutcome
from memicos_app.settings import get_settings

console = Terminal()
_SHOWN = 40
"""Indices of dead features, and problems of a file, that are listed."""


def upload(
    place: Annotated[
        Path | None, typer.Argument(help="Folder of batch-N.json files, or one of them.", metavar="[FOLDER]")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace features that are there already, and read known files again.")
    ] = False,
    explain: Annotated[
        bool, typer.Option(help="Where nobody explained a feature of the source, explain them by their top tokens.")
    ] = True,
    embed: Annotated[bool, typer.Option(help="Embed explanations for search, with the offline embedder.")] = True,
) -> None:
    """Upload dashboards made by SAEDashboard; run it again after an interruption: what is there is not read twice."""
    if place is None:
        place = Path(typer.prompt("Folder of the batch files"))
    try:
        files = saedashboard.batch_files(place.expanduser())
        if not files:
            raise BadInputError(f"{place} holds no batch-N.json.", field="place")
        migrate.upgrade(session.database_url())
        done = session.run(_upload(files, replace=replace, explain=explain, embed=embed))
    except (LibraryError, DatabaseUnusable) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    _show(done, uploaded_files.skipped_indices(files[0].parent))


async def _upload(files: list[Path], *, replace: bool, explain: bool, embed: bool) -> list[FileOutcome]:
    done: list[FileOutcome] = []
    with TerminalWatch(console) as watch:
        total = sum(path.stat().st_size for path in files)
        sent = 0
        for path in files:
            watch.tell("uploading", sent, total, "bytes")
            one = await uploaded_files.upload_file(path, replace=replace)
            _tell(watch, one)
            done.append(one)
            sent += path.stat().st_size
        watch.tell("uploading", total, total, "bytes")
        for model_id, source_id in {(one.model_id, one.source_id): None for one in done}:
            await uploaded_explanations.settle(model_id, source_id, explain=explain, embed=embed, watch=watch)
    return done


def _tell(watch: TerminalWatch, one: FileOutcome) -> None:
    if one.known:
        watch.log(f"{one.name}: here already ({one.n_features} features)")
        return
    assert one.outcome is not None
    parts = [
        (one.outcome.created, "new"),
        (one.outcome.replaced, "replaced"),
        (one.outcome.skipped, "left as they are"),
    ]
    said = ", ".join(f"{len(indices)} {words}" for indices, words in parts if indices) or "nothing new"
    watch.log(f"{one.name}: {said}{f', {len(one.dead)} dead' if one.dead else ''}")
    for problem in one.outcome.problems[:_SHOWN]:
        watch.log(f"{one.name}: {problem}", "warning")


def _show(done: list[FileOutcome], skipped: list[int]) -> None:
    """What is there now, a source a line, with the features that were left out."""
    settings = get_settings()
    site = settings.public_url.rstrip("/") or f"http://localhost:{settings.port}"
    for model_id, source_id in {(one.model_id, one.source_id): None for one in done}:
        own = [one for one in done if (one.model_id, one.source_id) == (model_id, source_id)]
        features = sum(one.n_features for one in own)
        console.print(
            f"{model_id}/{source_id}: {features} features in {len(own)} files: {site}/{model_id}/{source_id}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        dead = sorted({index for one in own for index in one.dead}.union(skipped))
        if dead:
            listed = ", ".join(map(str, dead[:_SHOWN])) + (" …" if len(dead) > _SHOWN else "")
            console.print(f"{len(dead)} dead or skipped: {listed}", markup=False, highlight=False)
