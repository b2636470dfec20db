"""The operating-system account that the embedded server runs as: Postgres refuses to run as root.

Started by root, the server runs as the owner of its data, or as `nobody`, which every system has. No
permission of any folder that is not ours is changed for that.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memicos_app.db.errors import EmbeddedServerError


@dataclass(frozen=True)
class Account:
    """Whom the server runs as; `switched` if that is not who we are."""

    uid: int
    gid: int
    switched: bool

    @property
    def process_arguments(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program as this account, in a small environment of its own."""
        arguments: dict[str, Any] = {"env": _environment()}
        if self.switched:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments

    @property
    def owner(self) -> tuple[int, int] | None:
        """Owner and group for files made for the server; None where they come out right by themselves."""
        return (self.uid, self.gid) if self.switched else None

    def own(self, path: Path) -> None:
        """Give a file or folder to the account."""
        if self.switched:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Whether the account can reach a folder; another account is tried for real."""
        if not self.switched:
            return os.access(folder, os.X_OK)
        attempt = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
        return subprocess.run(attempt, capture_output=True, cwd="/", **self.process_arguments).returncode == 0


def account_for(pgdata: Path) -> Account:
    """The account for a data folder, which need not exist yet.

    Raises:
        EmbeddedServerError: the data belongs to another user than the one who runs this.
    """
    owner = pgdata.stat().st_uid if pgdata.exists() else None
    me = os.geteuid()
    if me != 0:
        if owner not in (None, me):
            raise EmbeddedServerError(
                f"The database in {pgdata} belongs to the user {_name(owner)}: start MemicOS as that user, "
                "or set DATA_DIR to another folder."
            )
        return Account(me, os.getegid(), switched=False)
    if owner:
        return Account(owner, pgdata.stat().st_gid, switched=True)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid, switched=True)


def login_names(account: Account) -> list[str]:
    """Names of the operating-system users that a server of another account lets in: us, and the owner of the data.

    Never `nobody`, as whom other programs run, too.
    """
    if not account.switched:
        return []
    names = []
    for uid in {os.geteuid(), account.uid} - {pwd.getpwnam("nobody").pw_uid}:
        try:
            names.append(pwd.getpwuid(uid).pw_name)
        except KeyError:
            continue
    return names


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid).pw_name if uid is not None else "?"
    except KeyError:
        return str(uid)


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG*, LD_* or locale variables reaches the server."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "HOME": "/"}
