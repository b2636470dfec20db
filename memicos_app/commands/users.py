"""`memicos users`: the people of a site with accounts, and its first administrator."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from memicos_app.commands.jobs import ask, failing_clearly
from memicos_app.commands.terminal import Terminal
from memicos_app.library.accounts import leaving, links, passwords, users
from memicos_app.library.accounts.users import Account
from memicos_app.settings import get_settings

app = typer.Typer(name="users", help="People who sign in here.", no_args_is_help=True)
console = Terminal()
Name = Annotated[str, typer.Argument(help="Name of a person, in whatever case.")]


@app.command("list")
def list_() -> None:
    """Everybody, with how they may sign in."""
    with failing_clearly():
        found = ask(users.everybody())
    table = Table("Name", "E-mail", "Role", "Signs in by", "Since")
    for one in found:
        role = "disabled" if one.disabled else "admin" if one.admin else "person"
        table.add_row(one.name, one.email or "", role, _ways(one), f"{one.created_at:%Y-%m-%d}")
    console.print(table, markup=False)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Up to 39 letters, digits and hyphens.")],
    email: Annotated[str, typer.Option(help="Where links to sign in are sent.")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="May change what everybody sees.")] = False,
    link: Annotated[bool, typer.Option("--link", help="Print a link that signs in once, within 15 minutes.")] = False,
) -> None:
    """Add a person. The first administrator comes about this way."""
    with failing_clearly():
        made = ask(users.add(name, email=email or None, admin=admin))
        console.print(f"{made.name} is added{' as an administrator' if admin else ''}.", highlight=False)
        if link:
            _print_link(made)
    if not link:
        console.print(
            f"Next: memicos users password {made.name}, or memicos users link {made.name}.", highlight=False
        )


@app.command()
def password(name: Name) -> None:
    """Give a person a password, read from the terminal without showing it, or from standard input."""
    if sys.stdin.isatty():
        text = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        text = sys.stdin.readline()
    with failing_clearly():
        one = ask(users.user(name))
        ask(passwords.put(one.id, text.rstrip("\r\n")))
    console.print(f"{one.name} signs in with it; earlier sessions have ended.", highlight=False)


@app.command()
def link(name: Name) -> None:
    """Print a link that signs a person in once, within 15 minutes."""
    with failing_clearly():
        _print_link(ask(users.user(name)))


@app.command()
def admin(name: Name, off: Annotated[bool, typer.Option("--off", help="Take the role away.")] = False) -> None:
    """Make a person an administrator."""
    with failing_clearly():
        one = ask(users.user(name))
        ask(users.set_admin(one.id, not off))
    console.print(f"{one.name} is {'no administrator any more' if off else 'an administrator'}.", highlight=False)


@app.command()
def disable(name: Name, off: Annotated[bool, typer.Option("--off", help="Let them sign in again.")] = False) -> None:
    """Let a person sign in no more; their sessions end and their keys stop, what they made stays."""
    with failing_clearly():
        one = ask(users.user(name))
        ask(users.disable(one.id, not off))
    console.print(f"{one.name} may {'sign in again' if off else 'not sign in any more'}.", highlight=False)


@app.command()
def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete a person with their lists, bookmarks, comments, votes, vectors and keys."""
    with failing_clearly():
        one = ask(users.user(name))
        if not yes:
            typer.confirm(f"Delete {one.name} with all that is theirs? Explanations and uploads stay.", abort=True)
        ask(leaving.delete(one.id, one.name))
    console.print(f"{one.name} is deleted.", highlight=False)


def _print_link(one: Account) -> None:
    site = get_settings().public_url.rstrip("/") or f"http://localhost:{get_settings().port}"
    console.print(ask(links.for_operator(one, site)), highlight=False, soft_wrap=True)


def _ways(one: Account) -> str:
    ways = [word for word, has in (("link", one.email), ("password", one.has_password)) if has]
    return ", ".join(ways) or "nothing yet"
