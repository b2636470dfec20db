"""Whether people should be sent to this process."""

from __future__ import annotations

import math

import httpx
import pytest

from memicos_app.db import migrate
from memicos_app.library import readiness
from memicos_app.library.query import run_in, writing
from tests.api.test_problems import assert_problem


async def test_a_process_with_its_database_is_ready(database: str, client: httpx.AsyncClient) -> None:
    answer = await client.get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "schema": migrate.newest_revision()})


async def test_not_with_an_older_schema(database: str, client: httpx.AsyncClient) -> None:
    async with writing() as writer:
        await run_in(writer, "UPDATE alembic_version SET version_num = '0001'")
        await writer.commit()
    assert "at schema 0001" in assert_problem(await client.get("/ready"), 503)["message"]


async def test_not_while_it_stops(database: str, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_stopping", False)
    monkeypatch.setattr(readiness, "_ends_at", math.inf)
    readiness.go_on()
    readiness.stop()
    answer = await client.get("/ready")
    assert_problem(answer, 503)
    assert answer.headers["retry-after"] == "1"
    assert (await client.get("/health")).status_code == 200
