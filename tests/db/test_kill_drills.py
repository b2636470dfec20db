"""kill -9 of the database server: the next use heals it, nothing committed is lost, nothing stale misleads."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from memicos_app.db import session
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.db.postgres_place import processes_in
from memicos_app.db.postmaster import watched
from memicos_app.library.query import rows
from memicos_app.settings import get_settings
from tests.conftest import settle
from tests.db.servers import Client, connect, eventually, kill_postmaster, postmaster, query


@pytest.fixture(autouse=True)
def kept(server: EmbeddedPostgres) -> None:
    """What must be there after every crash."""
    query(server, "CREATE TABLE IF NOT EXISTS kept AS SELECT generate_series(1, 1000) AS number")


@pytest.fixture
def embedded_settings(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedPostgres]:
    """MemicOS without DATABASE_URL, its data folder being that of the server."""
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(server.place.data_dir))
    get_settings.cache_clear()
    yield server
    settle(session.dispose())
    session.release()
    get_settings.cache_clear()


def test_killed_server_is_restarted_with_its_data(server: EmbeddedPostgres) -> None:
    killed = kill_postmaster(server)
    assert not server.is_running()
    assert query(server, "SELECT count(*) FROM kept") == [(1000,)]
    assert postmaster(server) != killed


def test_killed_server_of_a_process_that_never_looks_is_restarted(server: EmbeddedPostgres) -> None:
    """Its postmaster stays a zombie, whose process id exists: what fools a check of process ids."""
    server.release()
    starter = Client(server.place.data_dir)
    starter.url()
    zombie = kill_postmaster(server)
    os.kill(zombie, 0)
    server.ensure_running()
    assert postmaster(server) != zombie
    starter.leave()
    assert server.is_running()
    server.release()
    assert not server.is_running()


def test_process_id_of_another_program_is_not_believed(server: EmbeddedPostgres) -> None:
    written = (server.place.pgdata / "postmaster.pid").read_text().splitlines()
    kill_postmaster(server)
    eventually(lambda: server_is_gone(server))
    stale = "\n".join([str(os.getpid()), *written[1:]]) + "\n"
    (server.place.pgdata / "postmaster.pid").write_text(stale)
    assert query(server, "SELECT count(*) FROM kept") == [(1000,)]


def test_backend_that_outlives_the_server_is_ended_first(server: EmbeddedPostgres) -> None:
    """A busy backend does not notice that its postmaster died; a second server beside it would ruin the data."""
    busy = connect(server)
    worker = threading.Thread(target=run_until_broken, args=[busy])
    worker.start()
    eventually(lambda: bool(query(server, "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO %'")))
    kill_postmaster(server)
    assert query(server, "SELECT count(*) FROM kept") == [(1000,)]
    worker.join(timeout=10)
    assert not worker.is_alive()
    busy.close()


def test_killed_backend_is_survived(server: EmbeddedPostgres) -> None:
    with connect(server) as connection:
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    eventually(lambda: answers(server))
    assert query(server, "SELECT count(*) FROM kept") == [(1000,)]


def answers(server: EmbeddedPostgres) -> bool:
    """Whether it has recovered; until it notices that a backend died, it answers too."""
    try:
        return bool(query(server, "SELECT pg_sleep(0.2)"))
    except psycopg.OperationalError:
        return False


def test_many_threads_heal_one_server(server: EmbeddedPostgres) -> None:
    kill_postmaster(server)
    urls: list[str] = []
    threads = [threading.Thread(target=lambda: urls.append(server.ensure_running())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 8
    assert len(set(urls)) == 1


def test_two_processes_heal_one_server(server: EmbeddedPostgres) -> None:
    bystander = Client(server.place.data_dir)
    bystander.url()
    kill_postmaster(server)
    server.release()
    healers = [Client(server.place.data_dir), Client(server.place.data_dir)]
    assert healers[0].url() == healers[1].url()
    for client in [bystander, *healers]:
        assert server.is_running()
        client.leave()
    assert not server.is_running()


async def test_next_session_works_after_a_kill(embedded_settings: EmbeddedPostgres) -> None:
    assert await count() == 1000
    kill_postmaster(embedded_settings)
    assert await count() == 1000


async def test_session_open_during_a_kill_fails_and_the_next_one_works(embedded_settings: EmbeddedPostgres) -> None:
    async with session.session() as opened:
        await opened.exec(text("SELECT 1"))
        kill_postmaster(embedded_settings)
        eventually(lambda: processes_in(embedded_settings.place.pgdata) == [])
        with pytest.raises(OperationalError):
            await opened.exec(text("SELECT count(*) FROM kept"))
    assert await count() == 1000


async def test_many_sessions_heal_at_once(embedded_settings: EmbeddedPostgres) -> None:
    await asyncio.gather(*(count() for _ in range(10)))
    kill_postmaster(embedded_settings)
    assert await asyncio.gather(*(count() for _ in range(30))) == [1000] * 30


async def test_a_last_answer_of_a_backend_without_its_server_is_not_believed(
    embedded_settings: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backend notices late that its postmaster is dead: it says that it lives, and is then gone."""
    await asyncio.gather(*(count() for _ in range(10)))
    killed = watched(embedded_settings.place)
    assert killed is not None
    assert not killed.has_ended()
    kill_postmaster(embedded_settings)
    assert killed.has_ended()
    assert watched(embedded_settings.place) is None
    monkeypatch.setattr(session.engine().dialect, "do_ping", lambda _: True)
    assert await asyncio.gather(*(count() for _ in range(30))) == [1000] * 30


async def test_reads_that_follow_each_other_closely_heal_too(embedded_settings: EmbeddedPostgres) -> None:
    for _ in range(3):
        await asyncio.gather(*(rows("SELECT count(*) AS n FROM kept") for _ in range(20)))
        kill_postmaster(embedded_settings)
        found = await asyncio.gather(*(rows("SELECT count(*) AS n FROM kept") for _ in range(30)))
        assert [one["n"] for (one,) in found] == [1000] * 30


async def test_a_connection_used_just_now_is_not_asked(
    embedded_settings: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "REST_S", 60.0)
    await rows("SELECT 1 AS n")
    pings = Counter[str]()
    dialect, ping = session.engine().dialect, session.engine().dialect.do_ping
    monkeypatch.setattr(dialect, "do_ping", lambda one: pings.update(["asked"]) or ping(one))
    for _ in range(5):
        await rows("SELECT 1 AS n")
    assert not pings
    await count()
    assert pings["asked"] == 1
    monkeypatch.setattr(session, "REST_S", 0.0)
    await rows("SELECT 1 AS n")
    assert pings["asked"] == 2


async def test_copy_works_after_a_kill(embedded_settings: EmbeddedPostgres) -> None:
    await count()
    kill_postmaster(embedded_settings)
    async with session.raw_connection() as raw, raw.cursor() as cursor:
        await cursor.execute("CREATE TEMP TABLE passing (number int)")
        async with cursor.copy("COPY passing FROM STDIN") as copy:
            await copy.write_row((1001,))
        assert await (await cursor.execute("SELECT number FROM passing")).fetchall() == [(1001,)]


async def test_release_of_this_process_stops_its_server(embedded_settings: EmbeddedPostgres) -> None:
    assert await count() == 1000
    await session.dispose()
    embedded_settings.release()
    assert embedded_settings.is_running()
    session.release()
    assert not embedded_settings.is_running()


async def count() -> int:
    async with session.read_session() as reader:
        return int((await reader.exec(text("SELECT count(*) FROM kept"))).scalar_one())


def run_until_broken(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with pytest.raises(psycopg.OperationalError):
        connection.execute("DO $$ BEGIN LOOP END LOOP; END $$")


def server_is_gone(server: EmbeddedPostgres) -> bool:
    return not server.is_running() and server.place.postmaster is None
