"""`memicos export`: a source into a folder or a bucket, in the public layout."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from memicos_app.commands.watching import TerminalWatch
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library.errors import LibraryError
from memicos_app.library.exporting import Exported, export_source

console = Console()


def export(
    model: Annotated[str, typer.Argument(help="The source's model.")],
    source: Annotated[str, typer.Argument(help="The source, such as 15-res-4k.")],
    target: Annotated[
        str,
        typer.Argument(
            help="A folder, or s3://bucket/folder?region=…&endpoint=… (the account is that of AWS_ACCESS_KEY_ID)."
        ),
    ],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files there that are not of an earlier export.")
    ] = False,
) -> None:
    """Write a source in the public layout; `memicos import TARGET MODEL SOURCE` reads it back."""
    try:
        migrate.upgrade(session.database_url())
        done = session.run(_export(model, source, target, overwrite=overwrite))
    except (LibraryError, DatabaseUnusable) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    counts = done.counts
    console.print(
        f"{model}/{source}: {counts['features']} features, {counts['activations']} examples, "
        f"{counts['explanations']} explanations in {len(done.files)} files, {done.size / 1e6:.1f} MB.",
        highlight=False,
    )


async def _export(model: str, source: str, target: str, *, overwrite: bool) -> Exported:
    with TerminalWatch(console) as watch:
        return await export_source(model, source, target, watch, overwrite=overwrite)
