"""The folder of files that were fetched and not imported yet: where each lies, which version it is, what is left.

`batch-0.jsonl.gz` is there only when it is complete and checked; beside it `batch-0.jsonl.gz.is` says of which
version. What has arrived of one that is not complete is in a `.part` file that carries its version in its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from memicos_app.library.datasets.manifest import Manifest, Object, check_name
from memicos_app.library.errors import LibraryError
from memicos_app.settings import get_settings

RESERVE = 256 << 20
"""Bytes of the disk that downloads leave free."""
KEPT_DAYS = 14
"""After so long without use, what is left of a download is removed."""


class NoRoomError(LibraryError):
    """The disk is too full."""

    code = "no_room"
    status = 507


@dataclass(frozen=True, slots=True)
class Downloads:
    """Files of one source."""

    folder: Path

    @classmethod
    def of(cls, manifest: Manifest) -> Downloads:
        """The folder of a manifest's source under DATA_DIR/downloads."""
        return cls(downloads_dir() / _short(manifest.origin) / manifest.model_id / (manifest.source_id or "-"))

    def path(self, name: str) -> Path:
        """Where the complete file lies, or will. Raises `UnsafeName`."""
        return self.folder / check_name(name)

    def part(self, one: Object) -> Path:
        """What has arrived of this version."""
        path = self.path(one.name)
        return path.with_name(f"{path.name}.{_short(one.version)[-12:]}.part")

    def is_complete(self, one: Object) -> bool:
        """Whether this version is here whole."""
        path = self.path(one.name)
        try:
            found = json.loads(_note(path).read_text("utf-8"))
            return bool(found == {"version": one.version} and path.stat().st_size == one.size)
        except (OSError, ValueError):
            return False

    def put_in_place(self, one: Object) -> Path:
        """Turn a whole and checked part into the file; survives a power cut at any moment."""
        path, part = self.path(one.name), self.part(one)
        _note(path).unlink(missing_ok=True)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
        _note(path).write_text(json.dumps({"version": one.version}), "utf-8")
        return path

    def remove(self, name: str) -> None:
        """Remove a file and everything that is left of its versions."""
        path = self.path(name)
        for each in (_note(path), path, *path.parent.glob(f"{path.name}.*.part")):
            each.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove folders of the source that are empty."""
        for folder in (*self.folder.glob("*/"), self.folder):
            _remove_if_empty(folder)

    def remove_all(self) -> None:
        """Remove what is left of the source's downloads."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def check_room(self, needed: int) -> None:
        """Raises `NoRoomError` where the disk would be full after so many more bytes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.folder).free
        if free < needed + RESERVE:
            raise NoRoomError(
                f"The next files need {needed / 1e6:,.0f} MB and the disk of {downloads_dir()} has "
                f"{free / 1e6:,.0f} MB free, of which {RESERVE / 1e6:,.0f} MB stay free; "
                f"make room, or set DATA_DIR to another disk."
            )


def downloads_dir() -> Path:
    """Folder of all downloads."""
    return get_settings().data_dir / "downloads"


def clean_up(older_than_days: float = KEPT_DAYS) -> int:
    """Remove what nobody went on with for so long; the bytes that it took."""
    limit = time.time() - older_than_days * 86_400
    removed = 0
    for path in sorted(downloads_dir().rglob("*"), reverse=True):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        if found.st_mtime < limit:
            if stat.S_ISDIR(found.st_mode):
                _remove_if_empty(path)
                continue
            removed += found.st_size
            path.unlink(missing_ok=True)
    return removed


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.is")


def _short(text: str) -> str:
    """A folder's name for any text: readable, and different for different texts."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.")[:60]
    return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
