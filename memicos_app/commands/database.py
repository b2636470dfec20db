"""`memicos db`: bring the schema up to date, see where the data is, look into it, back it up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from sqlalchemy import Connection, text

from memicos_app.db import backups, migrate, postgres_binaries, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.db.url import DatabaseUrl, normalise
from memicos_app.settings import get_settings

app = typer.Typer(name="db", help="The database: schema, place, and a way in.", no_args_is_help=True)
_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
_OVER_TLS = ("require", "verify-ca", "verify-full")


@app.command()
def upgrade() -> None:
    """Bring the database to the newest schema; the site does so at its start."""
    with failing_clearly():
        url = session.database_url()
        before = migrate.current_revision(url)
        migrate.upgrade(url)
        after = migrate.current_revision(url)
    went = f"went from {before or 'nothing'} to {after}"
    typer.echo(f"The schema {f'is at {after} already' if before == after else went}.")


@app.command()
def status() -> None:
    """Which database is used, whether it answers, and whether its schema is the newest."""
    with failing_clearly():
        lines = external_status() if configured_url() else embedded_status()
    width = max(len(name) for name in lines)
    for name, value in lines.items():
        typer.echo(f"{name:<{width}}  {value}")


@app.command()
def path() -> None:
    """Print the folder of the embedded database."""
    with failing_clearly():
        refuse_external("has no folder here")
        typer.echo(session.embedded(get_settings().data_dir).place.home)


@app.command(context_settings=_PASSED_ON)
def psql(context: typer.Context) -> None:
    """Open psql on the database; further arguments are psql's own."""
    with failing_clearly():
        status_code = run_program("psql", context.args, session.target())
    raise typer.Exit(status_code)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where to write the backup.")]) -> None:
    """Write the whole database into one file, also while the site runs."""
    with failing_clearly():
        backups.back_up(programs(session.target()), file)
    typer.echo(f"{file} holds everything.")


app.command("dump", hidden=True)(backup)  # As it was called at first.


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file of `memicos db backup`.", exists=True, dir_okay=False)],
) -> None:
    """Replace what the database holds by a backup, all or nothing; stop the site first."""
    with failing_clearly():
        backups.restore(programs(session.target()), file)
    typer.echo("The database holds what the backup does.")


def external_status() -> dict[str, object]:
    """What DATABASE_URL leads to."""
    target = normalise(configured_url())
    pooled = "through a pooler, without prepared statements" if target.pooled else "direct"
    return {"Database": target.safe, "Connection": pooled, **server_status(target.text)}


def embedded_status() -> dict[str, object]:
    """The embedded server, which is not started for this."""
    server = session.embedded(get_settings().data_dir)
    found: dict[str, object] = {"Database": "embedded", "Folder": server.place.home, "Log": server.place.log_file}
    if not server.is_running():
        return {**found, "Server": "not running" if server.place.created else "not created yet"}
    return {**found, "Process": server.place.postmaster or "?", **server_status(server.ensure_running())}


def server_status(url: str) -> dict[str, object]:
    """What the server says about itself and about our schema."""
    newest = migrate.newest_revision()
    with migrate.connected(url) as connection:
        version, size, vector = asked(connection)
    current = migrate.current_revision(url)
    missing = "" if current == newest else f"; `memicos db upgrade` brings it to {newest}"
    schema = f"{current or 'none'}{missing}"
    return {"Server": f"Postgres {version}", "pgvector": vector or "missing", "Size": size, "Schema": schema}


def asked(connection: Connection) -> tuple[str, str, str | None]:
    statement = (
        "SELECT current_setting('server_version'), pg_size_pretty(pg_database_size(current_database())), "
        "(SELECT extversion FROM pg_extension WHERE extname = 'vector')"
    )
    version, size, vector = connection.execute(text(statement)).one()
    return version, size, vector


def run_program(name: str, arguments: list[str], target: DatabaseUrl) -> int:
    """Run a program of Postgres on the database and wait for it; its status.

    What it needs to connect goes through its environment, where other users cannot read the password.

    Raises:
        DatabaseUnusable: there is no such program that could reach this database.
    """
    program = find_program(name, over_tls=target.parameters.get("sslmode") in _OVER_TLS)
    environment = os.environ | connection_variables(target)
    kept = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program.
    try:
        return subprocess.call([program, *arguments], env=environment)
    finally:
        signal.signal(signal.SIGINT, kept)


def programs(target: DatabaseUrl) -> backups.Start:
    """Starts programs of Postgres on the database, all of one version.

    Raises:
        DatabaseUnusable: there are none that could reach this database.
    """
    over_tls = target.parameters.get("sslmode") in _OVER_TLS
    folder = Path(find_program("pg_restore", over_tls=over_tls)).parent
    environment = os.environ | connection_variables(target)

    def start(
        name: str, arguments: list[str], stdin: int | None = None, stdout: int | None = None
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen([str(folder / name), *arguments], env=environment, stdin=stdin, stdout=stdout)

    return start


def find_program(name: str, *, over_tls: bool) -> str:
    """The installed program, or the one of the embedded Postgres, which knows no TLS and no line editing."""
    installed = shutil.which(name)
    if installed and (over_tls or name == "psql"):
        return installed
    if over_tls:
        raise DatabaseUnusable(f"{name} over TLS is not part of the embedded Postgres: install postgresql-client.")
    return str(postgres_binaries.packaged() / "bin" / name)


def connection_variables(target: DatabaseUrl) -> dict[str, str]:
    """The PG* variables that lead libpq to the database."""
    variables = {item.keyword.decode(): item.envvar for item in psycopg.pq.Conninfo.get_defaults()}
    given = {word: value for word, value in target.parameters.items() if variables.get(word)}
    return {(variables[word] or b"").decode(): str(value) for word, value in given.items()}


def configured_url() -> str:
    return get_settings().database_url.get_secret_value()


def refuse_external(reason: str) -> None:
    if configured_url():
        raise DatabaseUnusable(f"DATABASE_URL is set, and that database {reason}.")


@contextmanager
def failing_clearly() -> Iterator[None]:
    """Turn what is wrong with the database into one sentence and status 1."""
    try:
        yield
    except DatabaseUnusable as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
