"""What this installation is made of, for the admin page: room on the disk, versions, settings in force."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import shutil
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import SecretStr

from memicos_app.settings import Settings, get_settings

PACKAGES = (
    "memicos",
    "reflex",
    "torch",
    "transformer-lens",
    "sae-lens",
    "transformers",
    "sqlmodel",
    "psycopg",
    "procrastinate",
)
FOLDERS = ("postgres", "models", "saes", "datasets", "downloads", "logs")
_USER_INFO = re.compile(r"//[^/\s@]*@")
"""Of an address: who asks there, and with which password."""
_PATIENCE = 1.5
"""Seconds that counting the files of one folder may take."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes of a folder; `complete` is false where counting took too long and there are more."""

    name: str
    size: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Disk:
    """Room on the disk that holds the data folder, in bytes, and what of it is ours."""

    total: int
    free: int
    folders: list[Usage]


@dataclass(frozen=True, slots=True)
class InForce:
    """A setting as it is now; a secret's value is never told, only whether there is one."""

    name: str
    value: str
    changed: bool
    description: str


async def disk() -> Disk:
    """Room on the data folder's disk and its largest parts, counted in a thread."""
    return await asyncio.to_thread(_disk, get_settings().data_dir)


def versions() -> list[tuple[str, str]]:
    """(name, version) of Python, the machine and the packages that matter."""
    return [
        ("Python", platform.python_version()),
        ("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
        *((name, found) for name in PACKAGES if (found := _version(name))),
    ]


def settings_in_force(settings: Settings) -> list[InForce]:
    """Every setting in the order of `.env.example`."""
    return [
        InForce(
            name.upper(), _told(value), value != field.get_default(call_default_factory=True), field.description or ""
        )
        for name, field in Settings.model_fields.items()
        for value in [getattr(settings, name)]
    ]


def _told(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else ""
    if isinstance(value, list):
        return ", ".join(map(_told, value))
    return _USER_INFO.sub("//", str(value))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _disk(folder: Path) -> Disk:
    room = shutil.disk_usage(folder if folder.is_dir() else folder.anchor or ".")
    used = [_usage(folder / name) for name in FOLDERS if (folder / name).is_dir()]
    return Disk(room.total, room.free, sorted(used, key=lambda one: -one.size))


def _usage(folder: Path) -> Usage:
    """Bytes that a folder takes on the disk; links are not followed, files that vanish meanwhile count nothing."""
    until = time.monotonic() + _PATIENCE
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                found = os.lstat(os.path.join(parent, name))  # noqa: PTH118 a path object a file costs too much here
            except OSError:
                continue
            size += getattr(found, "st_blocks", 0) * 512 or found.st_size
        if time.monotonic() > until:
            return Usage(folder.name, size, complete=False)
    return Usage(folder.name, size)
