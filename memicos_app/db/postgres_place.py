"""Where an embedded server keeps its things, and what can be read there about it, alive or not."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from memicos_app.db.errors import EmbeddedServerError
from memicos_app.db.postgres_settings import MIB, free_bytes

HAS_PROC = Path("/proc/self/cwd").exists()


@dataclass(frozen=True)
class Place:
    """Where one embedded server keeps its things below the data folder."""

    data_dir: Path

    @property
    def home(self) -> Path:
        """Folder of everything that is the server's."""
        return self.data_dir / "postgres"

    @property
    def pgdata(self) -> Path:
        """The data folder of Postgres."""
        return self.home / "pgdata"

    @property
    def server_lock(self) -> Path:
        """Held by the server and its backends."""
        return self.home / "server.lock"

    @property
    def log_file(self) -> Path:
        """What the server says."""
        return self.data_dir / "logs" / "postgres.log"

    @property
    def created(self) -> bool:
        """Whether there is a complete data folder."""
        return (self.pgdata / "PG_VERSION").is_file()

    @property
    def socket_folder(self) -> Path | None:
        """Where the running server listens, as it wrote down; None before it did."""
        lines = self._recorded()
        return Path(lines[4]) if len(lines) > 4 and lines[4] else None

    @property
    def postmaster(self) -> int | None:
        """Process id of the live postmaster on this folder; None if it is dead or was never there."""
        lines = self._recorded()
        pid = abs(int(lines[0])) if lines and lines[0].lstrip("-").isdigit() else 0
        return pid if pid and _is_postmaster(pid, self.pgdata) else None

    def _recorded(self) -> list[str]:
        try:
            return (self.pgdata / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []


def processes_in(folder: Path) -> list[int]:
    """Process ids of live Postgres processes that work in a data folder; none are found where there is no /proc."""
    if not HAS_PROC or not folder.exists():
        return []
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _works_in(pid, folder)]


def refuse_full_disk(folder: Path, needed: int) -> None:
    """Refuse to begin what a full disk would break.

    Raises:
        EmbeddedServerError: less than `needed` bytes are free.
    """
    free = free_bytes(folder)
    if free < needed:
        raise EmbeddedServerError(
            f"The disk of {folder} is full ({free // MIB} MB free, the database needs "
            f"{needed // MIB} MB): free some space, or set DATA_DIR to another disk."
        )


def explained(output: str, place: Place) -> str:
    """A sentence for why Postgres did not start, from what it printed."""
    lines = [line for line in output.splitlines() if "FATAL" in line or "PANIC" in line or "error:" in line]
    reason = (lines or output.strip().splitlines() or ["it said nothing"])[-1].strip()
    if "No space left on device" in output:
        return f"The database did not start because the disk of {place.home} is full: free some space."
    if "could not look up effective user ID" in output:
        return "The database cannot be made by a user that has no entry in /etc/passwd: add one for this user id."
    return f"The embedded Postgres did not start: {reason} (log: {place.log_file})."


def log_tail(place: Place, start: int) -> str:
    """What the server printed from a position in its log on, at most the last 16 kB."""
    try:
        with place.log_file.open("rb") as log:
            log.seek(max(start, place.log_file.stat().st_size - 16_384))
            return log.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _is_postmaster(pid: int, pgdata: Path) -> bool:
    if HAS_PROC:
        return _works_in(pid, pgdata)
    shown = subprocess.run(["/bin/ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True).stdout
    return "postgres" in shown and not shown.strip().startswith("Z")


def _works_in(pid: int, folder: Path) -> bool:
    """Whether a process is a live Postgres with this working folder; a zombie has none."""
    process = Path("/proc", str(pid))
    try:
        return (process / "comm").read_text() == "postgres\n" and (process / "cwd").samefile(folder)
    except OSError:
        return False
