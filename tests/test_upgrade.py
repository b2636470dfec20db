"""A database of the version before accounts, with data, brought up to date: every page says what it said then.

`releases/` holds a backup of each such version, and what its API answered.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from memicos_app.api.app import api
from memicos_app.cli import app
from memicos_app.db import migrate
from tests.conftest import PostgresServer, fresh_database

RELEASES = Path(__file__).parent / "releases"
BACKUPS = sorted(RELEASES.glob("*.backup"))
BY_HAND = "written by hand before accounts"


@pytest.fixture(scope="module", params=BACKUPS, ids=lambda file: file.stem)
def answers(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> Any:
    """The database of a release, restored and brought up to date; what it answered then."""
    with fresh_database(postgres_server, template="template0") as url:
        run = CliRunner().invoke(app, ["db", "restore", str(request.param)], catch_exceptions=False)
        assert run.exit_code == 0, run.output
        assert migrate.current_revision(url) == request.param.stem.removeprefix("schema-")
        migrate.upgrade(url)
        assert migrate.current_revision(url) == migrate.newest_revision()
        yield json.loads(request.param.with_suffix(".json").read_text())


async def asked(question: str) -> Any:
    verb, path, *body = question.split(" ", 2)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=api), base_url="http://site/") as client:
        answer = await client.request(verb, path, json=json.loads(body[0]) if body else None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_every_page_says_what_it_said(answers: dict[str, Any]) -> None:
    assert len(answers) > 5
    for question, said in answers.items():
        lost = list(missing(said, await asked(question)))
        assert not lost, f"{question}: {lost}"


async def test_what_was_written_is_found(answers: dict[str, Any]) -> None:
    found = await asked("POST explanation/search-all " + json.dumps({"query": BY_HAND, "offset": 0}))
    assert found["results"][0]["description"] == BY_HAND


async def test_the_owner_is_still_the_owner(answers: dict[str, Any]) -> None:
    owned = await asked("POST vector/list-owned")
    assert [one["vectorLabel"] if "vectorLabel" in one else one["label"] for one in owned["vectors"]] == ["mine"]


def missing(said: Any, says: Any, place: str = "") -> Any:
    """Where `says` lacks, or tells otherwise, what was `said`; more than that it may say."""
    if isinstance(said, dict) and isinstance(says, dict):
        for key, value in said.items():
            if key not in says:
                yield f"{place}.{key} is gone"
            else:
                yield from missing(value, says[key], f"{place}.{key}")
    elif isinstance(said, list) and isinstance(says, list) and len(said) == len(says):
        for n, (before, now) in enumerate(zip(said, says, strict=True)):
            yield from missing(before, now, f"{place}[{n}]")
    elif said != says:
        yield f"{place} was {said!r} and is {says!r}"
