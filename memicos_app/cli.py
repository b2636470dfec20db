"""The `memicos` command: each group of commands lives in its own module under `commands`."""

from __future__ import annotations

import sys

import typer
from pydantic import ValidationError

from memicos_app.commands import (
    add,
    database,
    datasets,
    explain,
    export,
    generate,
    imports,
    inference,
    jobs,
    keys,
    map,
    run,
    score,
    search,
    upload,
    users,
)

app = typer.Typer(name="memicos", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(run.run)
app.command()(run.build)
app.command()(run.serve)
app.command()(generate.generate)
app.command()(add.add)
app.command("import")(imports.import_)
app.command()(datasets.sources)
app.command()(datasets.status)
app.command()(datasets.problems)
app.command()(datasets.verify)
app.command()(datasets.delete)
app.command()(upload.upload)
app.command()(explain.explain)
app.command()(score.score)
app.command()(search.embed)
app.command()(search.reindex)
app.command()(export.export)
app.command("map")(map.map_)
app.command()(inference.inference_configs)
app.add_typer(database.app)
app.add_typer(jobs.app)
app.add_typer(keys.app)
app.add_typer(users.app)


def main() -> None:
    """Entry point of the console command; a setting that cannot be right gets one sentence."""
    try:
        app()
    except ValidationError as error:
        if error.title != "Settings":
            raise
        for one in error.errors():
            name = str(one["loc"][0]).upper()
            typer.secho(f"{name} in .env or the environment: {one['msg']}.", fg=typer.colors.RED, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
