"""The `memicos` command: each group of commands lives in its own module under `commands`."""

from __future__ import annotations

import typer

from memicos_app.commands import generate, run

app = typer.Typer(name="memicos", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command()(run.build)
app.command()(run.run)
app.command()(run.serve)
app.command()(generate.generate)


def main() -> None:
    """Entry point of the console command."""
    app()


if __name__ == "__main__":
    main()
