"""`memicos jobs` as a person types it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from memicos_app.commands import jobs as commands
from memicos_app.db import session
from memicos_app.library import jobs
from memicos_app.settings import get_settings
from tests.conftest import settle

app = typer.Typer()
app.add_typer(commands.app)


@pytest.fixture(autouse=True)
def place(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(commands.console, "_width", 160)
    get_settings.cache_clear()


def say(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["jobs", *words])
    assert result.exit_code == code, result.output
    return result.output


def ask(kind: str = "embed", title: str = "Embed [bold]m/s", **arguments: Any) -> int:
    async def asked() -> int:
        one = await jobs.ask(kind, arguments, title=title, subject="m/s")
        await session.dispose()
        return one.id

    numbers: list[int] = []

    async def kept() -> None:
        numbers.append(await asked())

    settle(kept())
    return numbers[0]


def test_nothing_to_list() -> None:
    assert say() == "There are no jobs.\n"


def test_a_title_cannot_command_the_terminal() -> None:
    number = str(ask(title="Embed \x1b[2J\x1b]0;mine\x07m"))
    for said in (say(), say("show", number), say("pause", number)):
        assert "\x1b" not in said
        assert "‹1B›]0;mine‹7›m" in said


def test_a_job_from_asking_to_retrying() -> None:
    number = str(ask(model="m", source="s"))
    assert "Embed [bold]m/s" in say()
    assert "waiting" in say("--state", "waiting")
    assert "no jobs" in say("--subject", "m/other")
    assert say("pause", number) == f"Job {number} (Embed [bold]m/s): paused.\n"
    assert "waiting" in say("resume", number)
    assert "cancelled" in say("cancel", number)
    assert f"Job {number} is cancelled: it cannot be paused." in say("pause", number, code=1)
    assert "waiting" in say("retry", number)
    shown = say("show", number)
    assert "Kind       embed" in shown
    assert "{'model': 'm', 'source': 's'}" in shown
    assert [line.split(" ", 1)[1] for line in say("log", number).splitlines()][:2] == ["asked for", "paused"]


def test_drained_to_its_end() -> None:
    """A process that ends when nothing more is to be done; nothing is imported here, which the job says."""
    number = str(ask("top_tokens", model="m", source="s"))
    say("work", "--drain")
    assert "Source m/s is not imported." in say("show", number)


def test_what_cannot_be_right_is_said() -> None:
    assert "There is no job 99." in say("show", "99", code=1)
    assert "There is no job 99." in say("log", "99", code=1)
    assert "There is no state 'gone'" in say("--state", "gone", code=1)
