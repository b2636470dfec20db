"""`memicos keys`: keys of providers, sealed in the database; none is ever shown whole."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.table import Table

from memicos_app.commands.jobs import ask, failing_clearly
from memicos_app.commands.terminal import Terminal
from memicos_app.library.providers import keys

app = typer.Typer(name="keys", help="Keys of providers of language models.", no_args_is_help=True)
console = Terminal()
Provider = Annotated[str, typer.Argument(help="openai, openrouter, anthropic, google or local.")]
_SOURCES = {"own": "kept here", "settings": "from the settings", "none": "none", "unneeded": "not needed"}


@app.command("list")
def list_() -> None:
    """Which providers have a key."""
    with failing_clearly():
        found = ask(keys.known())
    table = Table("Provider", "Key", "Ends with")
    for one in found:
        table.add_row(one.provider, _SOURCES[one.source], one.last_four)
    console.print(table, markup=False)


@app.command("set")
def set_(provider: Provider) -> None:
    """Keep a key, read from the terminal without showing it, or from standard input."""
    text = typer.prompt("Key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    with failing_clearly():
        one = ask(keys.put(provider, SecretStr(text)))
    console.print(f"The key of {one.title} that ends with {one.last_four} is kept.", highlight=False)


@app.command()
def forget(provider: Provider) -> None:
    """Remove a key that is kept here."""
    with failing_clearly():
        ask(keys.forget(provider))
    console.print("Forgotten.")


@app.command()
def rotate() -> None:
    """Seal every key anew: under a new key of the data folder, or under the first of SECRETS_KEY."""
    with failing_clearly():
        count = ask(keys.rotate())
    console.print(f"{count} keys are sealed anew.", highlight=False)
