"""The embedded Postgres: started when the first process needs it, stopped when the last one is done.

`use.lock` is held shared by every process that uses the server, `start.lock` alone by one that starts or
stops it. The kernel drops both when a process dies, so that a kill -9 of anyone leaves nothing to repair.
"""

from __future__ import annotations

import atexit
import enum
import hashlib
import os
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir

import psycopg
from sqlalchemy import URL

from memicos_app.db import postgres_process
from memicos_app.db.errors import EmbeddedServerError
from memicos_app.db.flock import FileLock, exclusive
from memicos_app.db.postgres_account import Account, account_for
from memicos_app.db.postgres_binaries import binaries_for
from memicos_app.db.postgres_place import Place, explained, log_tail
from memicos_app.db.postgres_settings import PORT, server_settings, socket_fits, this_machine

DATABASE = "memicos"
# Recovery after a crash in the middle of a large import takes long on a slow disk.
_START_SECONDS = 600.0
_SILENCE_SECONDS = 3.0


class Answer(enum.Enum):
    """What a server says to a connection."""

    READY = enum.auto()
    BUSY = enum.auto()
    SILENT = enum.auto()


class EmbeddedPostgres:
    """The server of one data folder, as used by this process.

    Args:
        data_dir: MemicOS's data folder; the server's own lies in `postgres/` below it, its log in `logs/`.
        settings: Postgres settings to add to or to put in place of ours.
    """

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self.place = Place(data_dir.resolve())
        self._settings = dict(settings or {})
        self._use: FileLock | None = None
        self._guard = threading.RLock()

    def ensure_running(self) -> str:
        """The address of the server, started or restarted first if it does not answer.

        Cheap to call again (a few milliseconds while the server runs), and the cure after it died.

        Raises:
            EmbeddedServerError: with what is wrong and what to do.
        """
        _refuse_windows()
        with self._guard:
            if not (self._holds_use() and self._answer() is Answer.READY):
                self._join()
            return self._address()

    def release(self) -> None:
        """Stop using the server; the last process to do so stops it."""
        with self._guard:
            if self._use is None or not self._holds_use():
                return
            if self.place.home.is_dir():  # Else somebody deleted it, and the server with it.
                with exclusive(self.place.home / "start.lock"):
                    if self._use.try_exclude():
                        self._shut_down()
            self._let_go()

    def stop(self) -> None:
        """Stop the server now, whoever uses it."""
        if not self.place.home.is_dir():
            return
        with self._guard, exclusive(self.place.home / "start.lock"):
            self._shut_down()
            self._let_go()

    def is_running(self) -> bool:
        """Whether the server answers now."""
        return self._answer() is not Answer.SILENT

    def _shut_down(self) -> None:
        folder = self.place.socket_folder
        postgres_process.shut_down(self.place)
        if folder and folder.parent != self.place.home and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()

    def _holds_use(self) -> bool:
        if self._use is not None and self._use.inherited:
            self._let_go()
        return self._use is not None

    def _let_go(self) -> None:
        if self._use is not None:
            self._use.close()
            self._use = None
            atexit.unregister(self.release)

    def _join(self) -> None:
        account = self._make_home()
        with exclusive(self.place.home / "start.lock", owner=account.owner):
            if not self._holds_use():
                self._use = FileLock(self.place.home / "use.lock", owner=account.owner)
                self._use.share()
                atexit.register(self.release)
            if not self._attach():
                self._start(account)

    def _make_home(self) -> Account:
        try:
            account = account_for(self.place.pgdata)
            self.place.home.mkdir(parents=True, exist_ok=True)
        except PermissionError as error:
            raise EmbeddedServerError(
                f"The data folder {self.place.data_dir} cannot be used by this user: set DATA_DIR to one that can be."
            ) from error
        if account.switched:
            self.place.home.chmod(0o755)
        return account

    def _attach(self) -> bool:
        """Wait for a server that is alive; False if there is none and one must be started."""
        deadline, silent_since = time.monotonic() + _START_SECONDS, time.monotonic()
        while (answer := self._answer()) is not Answer.READY:
            if not postgres_process.is_alive(self.place):
                return False
            now = time.monotonic()
            if answer is Answer.BUSY or self.place.postmaster:
                silent_since = now
            if now - silent_since > _SILENCE_SECONDS:
                postgres_process.end_orphans(self.place)
            if now > deadline:
                raise EmbeddedServerError(f"The embedded Postgres does not answer (log: {self.place.log_file}).")
            time.sleep(0.02)
        return True

    def _start(self, account: Account) -> None:
        binaries = binaries_for(account, self.place.home)
        if not self.place.created:
            postgres_process.create(self.place, binaries, account)
        socket_folder = self._socket_folder(account)
        postgres_process.clear_stale(self.place, socket_folder)
        settings = server_settings(this_machine(self.place.home), socket_folder) | self._settings
        said_before = self.place.log_file.stat().st_size if self.place.log_file.exists() else 0
        postgres_process.launch(self.place, binaries, account, settings)
        if not self._attach():
            said = log_tail(self.place, said_before)
            raise EmbeddedServerError(explained(said, self.place))

    def _socket_folder(self, account: Account) -> Path:
        """A private folder for the socket: beside the data, or a short one that the account can reach."""
        name = hashlib.sha256(os.fsencode(self.place.pgdata)).hexdigest()[:12]
        beside = [self.place.home / "socket"] if account.can_enter(self.place.home) else []
        for folder in (*beside, *(Path(each, f"memicos-{name}") for each in ("/tmp", gettempdir()))):
            if socket_fits(folder) and _made_private(folder, account):
                return folder
        raise EmbeddedServerError("There is no folder for the database's socket: make the temp folder writable.")

    def _answer(self) -> Answer:
        """Connect for real, and make our database if this server has none yet."""
        folder = self.place.socket_folder
        if folder is None:
            return Answer.SILENT
        try:
            with psycopg.connect(
                host=str(folder), port=PORT, user="postgres", dbname="postgres", connect_timeout=5, autocommit=True
            ) as connection:
                _ensure_database(connection)
        except psycopg.OperationalError as error:
            return _meaning(str(error))
        return Answer.READY

    def _address(self) -> str:
        query = {"host": str(self.place.socket_folder), "port": str(PORT)}
        url = URL.create("postgresql+psycopg", username="postgres", database=DATABASE, query=query)
        return url.render_as_string(hide_password=False)


def _ensure_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if not found:
        connection.execute(f"CREATE DATABASE {DATABASE}")


def _meaning(refusal: str) -> Answer:
    """What a refused connection says about the server; the server's own messages are never translated."""
    if "the database system is" in refusal:
        return Answer.BUSY
    if "terminating connection" in refusal:  # the server has just ended under the backend that was to answer
        return Answer.SILENT
    if "too many clients" in refusal or "connection slots" in refusal:
        return Answer.READY
    if "FATAL" in refusal:
        raise EmbeddedServerError(f"The embedded Postgres refuses us: {refusal.strip()}")
    return Answer.SILENT


def _made_private(folder: Path, account: Account) -> bool:
    """Make a folder that only the account can enter; False if someone else put something in its place."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), account.uid):
            return False
        account.own(folder)
        folder.chmod(0o700)
    except OSError:
        return False
    return True


def _refuse_windows() -> None:
    if sys.platform == "win32":
        raise EmbeddedServerError(
            "The embedded database needs Linux or macOS: on Windows set DATABASE_URL to a Postgres with pgvector, "
            "for example the pgvector/pgvector container."
        )
