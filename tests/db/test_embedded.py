"""The embedded server through its whole life: first starts, sharing, the last one out, and refusals."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from memicos_app.db import embedded, migrate
from memicos_app.db.embedded import EmbeddedPostgres
from memicos_app.db.errors import EmbeddedServerError
from memicos_app.db.postgres_place import processes_in
from memicos_app.db.url import normalise
from tests.db.servers import FAST, Client, eventually, postmaster, query, run_as_nobody, server_at

FOLDERS = {
    "plain": "data",
    "space": "my data",
    "quotes": "we\"ird, $HOME `x` 'y' %41",
    "long": "/".join(["d" * 60] * 3),
}


@pytest.mark.parametrize("name", FOLDERS.values(), ids=FOLDERS)
def test_first_start_works_in_any_folder(folder: Path, name: str) -> None:
    server = server_at(folder / name)
    migrate.check(server.ensure_running())
    assert query(server, "SELECT '[1,2]'::halfvec <-> '[1,3]'::halfvec") == [(1.0,)]
    socket_folder = server.place.socket_folder
    assert socket_folder is not None
    assert socket_folder.stat().st_mode & 0o077 == 0
    server.stop()
    assert processes_in(server.place.pgdata) == []
    assert socket_folder.parent == server.place.home or not socket_folder.exists()


def test_server_has_our_settings(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    shown = dict(query(server, "SELECT name, setting FROM pg_settings"))
    assert shown["listen_addresses"] == ""
    assert shown["wal_level"] == "minimal"
    assert shown["fsync"] == "on"
    assert shown["random_page_cost"] == "1.1"
    locale = query(server, "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'memicos'")
    assert locale == [("b", "C.UTF-8")]


def test_second_start_attaches_to_the_first(server: EmbeddedPostgres) -> None:
    url = server.ensure_running()
    first = postmaster(server)
    other = server_at(server.place.data_dir)
    assert other.ensure_running() == url
    assert postmaster(other) == first
    other.release()
    assert postmaster(server) == first


def test_server_comes_back_with_its_data(server: EmbeddedPostgres) -> None:
    query(server, "CREATE TABLE comes_back AS SELECT 1 AS one")
    server.release()
    assert not server.is_running()
    assert query(server, "SELECT one FROM comes_back") == [(1,)]


def test_moved_data_folder_starts(folder: Path) -> None:
    before, after = server_at(folder / "before"), server_at(folder / "after")
    query(before, "CREATE TABLE kept AS SELECT 1 AS one")
    before.release()
    before.place.data_dir.rename(after.place.data_dir)
    assert query(after, "SELECT one FROM kept") == [(1,)]


def test_two_first_starts_at_once_make_one_server(folder: Path) -> None:
    clients = [Client(folder), Client(folder), Client(folder)]
    assert len({client.url() for client in clients}) == 1
    watcher = server_at(folder)
    first = postmaster(watcher)
    assert list(watcher.place.home.glob("pgdata.init*")) == []
    for client in clients[:2]:
        client.leave()
        assert postmaster(watcher) == first
    clients[2].leave()
    assert not watcher.is_running()
    assert processes_in(watcher.place.pgdata) == []


def test_killed_client_does_not_keep_the_server_alive(server: EmbeddedPostgres) -> None:
    killed, last = Client(server.place.data_dir), Client(server.place.data_dir)
    assert killed.url() == last.url()
    killed.kill()
    assert server.is_running()
    last.leave()
    assert not server.is_running()


def test_server_of_a_killed_only_client_is_taken_over(server: EmbeddedPostgres) -> None:
    alone = Client(server.place.data_dir)
    url = alone.url()
    first = postmaster(server)
    alone.kill()
    assert server.ensure_running() == url
    assert postmaster(server) == first
    server.release()
    assert not server.is_running()


def test_stop_ends_it_whoever_uses_it(server: EmbeddedPostgres) -> None:
    other = Client(server.place.data_dir)
    other.url()
    server.stop()
    assert not server.is_running()
    other.leave()


def test_killed_first_start_leaves_nothing_that_looks_finished(folder: Path) -> None:
    server = server_at(folder)
    half_made = server.place.home / "pgdata.init-killed"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    server.ensure_running()
    assert not half_made.exists()


def test_callers_postgres_variables_do_not_matter(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PGPORT": "9999", "PGHOST": "nowhere", "PGDATA": "/nowhere", "PGUSER": "nobody"}.items():
        monkeypatch.setenv(name, value)
    migrate.check(server.ensure_running())


def test_settings_that_postgres_refuses_are_reported(folder: Path) -> None:
    server = EmbeddedPostgres(folder, settings={"shared_buffers": "nonsense"})
    with pytest.raises(EmbeddedServerError, match=r"did not start.*postgres\.log"):
        server.ensure_running()
    server.release()
    assert "nonsense" in server.place.log_file.read_text()
    assert query(server_at(folder), "SELECT 1") == [(1,)]


def test_data_of_another_major_version_is_refused(server: EmbeddedPostgres) -> None:
    server.ensure_running()
    server.release()
    (server.place.pgdata / "PG_VERSION").write_text("17\n")
    with pytest.raises(EmbeddedServerError, match="made by Postgres 17"):
        server.ensure_running()
    (server.place.pgdata / "PG_VERSION").write_text("18\n")


def test_folder_that_is_no_database_is_refused(folder: Path) -> None:
    server = server_at(folder)
    server.place.pgdata.mkdir(parents=True)
    (server.place.pgdata / "thesis.txt").write_text("mine")
    with pytest.raises(EmbeddedServerError, match="not a Postgres data folder"):
        server.ensure_running()
    assert (server.place.pgdata / "thesis.txt").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start it as somebody else")
def test_another_user_starts_and_uses_a_server_of_his_own() -> None:
    script = (
        "import tempfile; from pathlib import Path; from memicos_app.db.embedded import EmbeddedPostgres\n"
        "from memicos_app.db import migrate\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    server = EmbeddedPostgres(Path(folder))\n"
        "    migrate.check(server.ensure_running()); server.stop(); print('used')"
    )
    result = run_as_nobody(script)
    assert result.stdout == "used\n", result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="the server asks who calls only when root started it")
def test_other_users_cannot_use_the_server_of_root(server: EmbeddedPostgres) -> None:
    parameters = normalise(server.ensure_running()).parameters
    assert server.place.pgdata.stat().st_uid != 0
    refused = run_as_nobody(f"import psycopg; psycopg.connect(**{parameters!r})").stderr
    assert "Peer authentication failed" in refused or "Permission denied" in refused


def test_postgres_that_is_not_ours_is_left_alone(server: EmbeddedPostgres) -> None:
    server.ensure_running()
    first = postmaster(server)
    server.place.server_lock.unlink()  # As if it had been started by hand, without our lock.
    (server.place.pgdata / "postmaster.pid").rename(server.place.pgdata / "hidden")
    with pytest.raises(EmbeddedServerError, match="did not start uses"):
        server_at(server.place.data_dir).ensure_running()
    os.kill(first, 2)
    eventually(lambda: processes_in(server.place.pgdata) == [])


def test_full_server_is_still_a_running_one(server: EmbeddedPostgres) -> None:
    crowded = FAST | {"max_connections": "4", "superuser_reserved_connections": "0", "reserved_connections": "0"}
    server = EmbeddedPostgres(server.place.data_dir, settings=crowded)
    parameters = normalise(server.ensure_running()).parameters
    with ExitStack() as held:

        def full() -> bool:
            try:
                held.enter_context(psycopg.connect(**parameters))
            except psycopg.OperationalError:
                return True
            return False

        eventually(full)  # the backend that answered last may take one of the four places for a moment
        eventually(full)
        first = postmaster(server)
        server.ensure_running()
        assert postmaster(server) == first


@pytest.mark.parametrize(
    ("refusal", "answer"),
    [
        ("FATAL:  the database system is starting up", "BUSY"),
        ("FATAL:  sorry, too many clients already", "READY"),
        ("FATAL:  terminating connection due to unexpected postmaster exit", "SILENT"),
        ("Connection refused", "SILENT"),
    ],
)
def test_what_a_refusal_says_about_the_server(refusal: str, answer: str) -> None:
    assert embedded._meaning(refusal).name == answer


def test_a_refusal_that_starting_again_would_not_mend() -> None:
    with pytest.raises(EmbeddedServerError, match=r"refuses us: FATAL: *role"):
        embedded._meaning('FATAL:  role "nobody" does not exist')
