"""`memicos build` and `memicos run`: from sources to a site in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from memicos_app.site import frontend, server


def build(force: Annotated[bool, typer.Option(help="Build even when nothing changed.")] = False) -> None:
    """Build the frontend when a source of it changed."""
    if not force and frontend.is_current():
        typer.echo("Frontend: nothing changed.")
        return
    try:
        frontend.build()
    except frontend.BuildError as error:
        typer.echo(error.log, err=True)
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo("Frontend: built.")


def serve() -> None:
    """Serve the site as it was built."""
    server.serve()


def run() -> None:
    """Build what changed, then serve the site."""
    build()
    server.serve()
