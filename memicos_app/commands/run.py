"""`memicos run`, `build` and `serve`: from sources to a site in the browser."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, NoReturn

import typer

from memicos_app.settings import get_settings
from memicos_app.site import checks, development, frontend, preparation, server
from memicos_app.site.errors import StartError
from memicos_app.site.progress import Progress, Step

STARTED = time.monotonic()
STOPPED = "\nStopped."


def build(force: Annotated[bool, typer.Option(help="Build even when nothing changed.")] = False) -> None:
    """Build the frontend when a source of it changed."""
    with failing_clearly(), Progress(1).step("Frontend") as step:
        preparation.frontend(step, force=force)


def serve() -> None:
    """Serve the site as it was built, with the database and the worker it needs."""
    settings = get_settings()
    with failing_clearly():
        if not frontend.is_built():
            raise StartError("There is no built frontend to serve; run `memicos build` first.")
        bound = checks.claim(settings.host, settings.port, "PORT")
        with Progress(1).step("Database") as step:
            preparation.database(step)
        server.serve(server.load(), bound, announce)
        typer.echo(STOPPED)


def run(dev: Annotated[bool, typer.Option("--dev", help="With hot reload of pages and worker.")] = False) -> None:
    """Prepare what is missing (frontend, database, demo data), then serve the site."""
    with failing_clearly():
        develop() if dev else present()


def present() -> None:
    settings = get_settings()
    bound = checks.claim(settings.host, settings.port, "PORT")
    progress = Progress(len(preparation.STEPS) + 1)
    prepare(progress, preparation.STEPS)
    with progress.step("Site") as step:
        site = server.load()
        step.result("loaded")
    server.serve(site, bound, announce)
    typer.echo(STOPPED)


def develop() -> None:
    steps = {name: step for name, step in preparation.STEPS.items() if name != "Frontend"}
    prepare(Progress(len(steps)), steps)
    development.develop(typer.echo)


def prepare(progress: Progress, steps: dict[str, Callable[[Step], None]]) -> None:
    for name, take in steps.items():
        with progress.step(name) as step:
            take(step)


def announce() -> None:
    settings = get_settings()
    host = "localhost" if settings.host in ("127.0.0.1", "0.0.0.0", "::", "") else settings.host
    typer.echo(
        f"\nMemicOS is at http://{host}:{settings.port} after {time.monotonic() - STARTED:.1f} s. Ctrl-C stops it."
    )


@contextmanager
def failing_clearly() -> Iterator[None]:
    """Turn what keeps the site from starting into one sentence and status 1; a signal into a quiet end."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    try:
        yield
    except StartError as error:
        if error.log:
            typer.echo(error.log, err=True)
        typer.secho(f"\n{error}", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo(STOPPED)


def stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
