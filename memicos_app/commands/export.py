"""`memicos export`: a source into a folder or a bucket, in the public layout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from memicos_app.commands.terminal import Terminal
from memicos_app.commands.watching import TerminalWatch
from memicos_app.components.figures import size_words
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.exporting import Exported, export_source
from memicos_app.library.indices import indices_of

console = Terminal()


def export(
    model: Annotated[str, typer.Argument(help="The source's model.")],
    source: Annotated[str, typer.Argument(help="The source, such as 15-res-4k.")],
    target: Annotated[
        str,
        typer.Argument(
            help="A folder, or s3://bucket/folder?region=…&endpoint=… (the account is that of AWS_ACCESS_KEY_ID)."
        ),
    ],
    html: Annotated[
        bool,
        typer.Option("--html", help="Pages that open from disk; TARGET is a file, .html or .zip."),
    ] = False,
    features: Annotated[
        str, typer.Option("--features", help="With --html: indices and ranges, 0-9,12. Without: the source's page.")
    ] = "",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files there that are not of an earlier export.")
    ] = False,
) -> None:
    """Write a source in the public layout; `memicos import TARGET MODEL SOURCE` reads it back."""
    try:
        migrate.upgrade(session.database_url())
        if html or features:
            session.run(_pages(model, source, Path(target).expanduser(), features))
            return
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


async def _pages(model: str, source: str, target: Path, features: str) -> None:
    from memicos_app.components.static import (
        bundle,  # The site's displays: seconds that other commands need not wait.
    )

    chosen = indices_of(features) if features else None
    partial = target.with_name(f".{target.name}.partial")
    if target.suffix not in (".html", ".zip"):
        raise BadInputError("TARGET is a file: name it ….html for one page, ….zip for many.", field="target")
    if target.suffix == ".html" and chosen and len(chosen) > 1:
        raise BadInputError("Pages of several features make a zip: name TARGET ….zip.", field="target")
    target.parent.mkdir(parents=True, exist_ok=True)
    with TerminalWatch(console) as watch:
        if target.suffix == ".zip":
            with partial.open("wb") as file:
                async for piece in bundle.zipped(bundle.bundle(model, source, chosen, watch)):
                    file.write(piece)
        elif chosen:
            partial.write_bytes(await bundle.feature_file(model, source, chosen[0]))
        else:
            partial.write_bytes(await bundle.source_file(model, source))
    partial.replace(target)
    console.print(f"{target}: {size_words(target.stat().st_size)}.", highlight=False, markup=False)


async def _export(model: str, source: str, target: str, *, overwrite: bool) -> Exported:
    with TerminalWatch(console) as watch:
        return await export_source(model, source, target, watch, overwrite=overwrite)
