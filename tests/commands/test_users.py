"""`memicos users`: the first administrator, passwords, links, and an end."""

from __future__ import annotations

import gc
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from memicos_app.cli import app
from memicos_app.db import session
from memicos_app.library.accounts import links, passwords
from memicos_app.settings import get_settings

RUN = CliRunner()


def users(*words: str, stdin: str = "", fails: bool = False) -> str:
    done = RUN.invoke(app, ["users", *words], input=stdin)
    assert (done.exit_code != 0) is fails, done.output
    return " ".join(done.output.split())


@pytest.mark.usefixtures("database")
def test_the_first_administrator_comes_from_the_command_line() -> None:
    assert "added as an administrator" in users("add", "ada", "--admin", "--email", "ada@example.org")
    assert "somebody" in users("add", "ADA", fails=True).lower()
    assert "10 characters" in users("password", "ada", stdin="short\n", fails=True)
    users("password", "ada", stdin="correct horse battery\n")
    listed = users("list")
    assert "ada@example.org" in listed
    assert "link, password" in listed
    found = session.run(passwords.whose("ada", "correct horse battery"))
    assert found.admin
    users("admin", "ada", "--off")
    users("disable", "ada")
    assert "disabled" in users("list")
    users("disable", "ada", "--off")
    users("delete", "ada", "--yes")
    assert "ada@" not in users("list")
    assert "itself" in users("delete", "owner", "--yes", fails=True)


@pytest.mark.usefixtures("database")
def test_a_link_for_who_has_no_address() -> None:
    said = users("add", "bob", "--link")
    token = parse_qs(urlsplit(said[said.index("http") :].split()[0]).query)["token"][0]
    account, place = session.run(links.follow(token))
    assert (account.name, account.email, place) == ("bob", None, "/account")


def test_a_database_that_is_away_gets_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no warning of Python's beside it, which would fail this test."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hidden@127.0.0.1:9/x")
    get_settings.cache_clear()
    said = users("add", "ada", fails=True)
    gc.collect()
    get_settings.cache_clear()
    assert "Cannot connect to the database" in said
    assert "hidden" not in said
