"""Exports that were asked for on a page: kept in the data folder until the next one, taken away as one tar.

Writing them is `exporting.py`, as a job.
"""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from memicos_app.library.datasets import layout, manifest
from memicos_app.library.datasets.manifest import check_id
from memicos_app.library.errors import NotFoundError
from memicos_app.library.query import row
from memicos_app.settings import get_settings

KIND = "export"
"""The kind of job that makes one."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """An export that lies ready."""

    size: int
    made_at: datetime
    is_current: bool
    """Whether it is of the data that is here now, as far as imports go."""


def folder() -> Path:
    """Where exports lie: an origin like any other."""
    return get_settings().exports_dir / "public"


async def kept(model_id: str, source_id: str) -> Kept | None:
    """The export of a source that lies ready, if there is one."""
    place = _place(model_id, source_id)
    listed = await asyncio.to_thread(_listed, place)
    if listed is None:
        return None
    made_at = datetime.fromtimestamp((place / manifest.FILE).stat().st_mtime, UTC)
    found = await row(
        """
        SELECT g.finished_at FROM sources AS s JOIN source_generations AS g ON g.id = s.current_generation
        WHERE s.model_id = :model AND s.id = :source
        """,
        model=model_id,
        source=source_id,
    )
    since = found["finished_at"] if found else None
    return Kept(sum(size for _, size in listed), made_at, since is not None and since <= made_at)


async def tar(model_id: str, source_id: str) -> AsyncIterator[bytes]:
    """A source's export as one tar, in pieces: unpacked, it is an origin. The same export gives the same bytes.

    Raises:
        NotFoundError: none lies ready.
    """
    place = _place(model_id, source_id)
    if await asyncio.to_thread(_listed, place) is None:
        raise NotFoundError(
            f"No export of {model_id}/{source_id} lies ready; ask for one on the source's page.", field="source_id"
        )
    root = folder()
    config = root / layout.VERSION / layout.CONFIG
    for path in [*sorted(config.glob("*.jsonl")), *sorted(place.rglob("*"))]:
        if path.is_file() and not path.name.startswith("."):
            async for piece in _member(path, path.relative_to(root).as_posix()):
                yield piece
    yield bytes(2 * tarfile.BLOCKSIZE)


async def _member(path: Path, name: str) -> AsyncIterator[bytes]:
    """A file of the tar, without times and owners; one that is replaced meanwhile is read as it was opened."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        entry = tarfile.TarInfo(name)
        entry.size = size
        yield entry.tobuf(tarfile.PAX_FORMAT)
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    yield bytes(-size % tarfile.BLOCKSIZE)


def _place(model_id: str, source_id: str) -> Path:
    names = (check_id(model_id, "model_id"), check_id(source_id, "source_id"))
    return layout.source_folder(folder(), *names)


def _listed(place: Path) -> list[tuple[str, int]] | None:
    """Names and sizes of a complete export."""
    try:
        said = json.loads((place / manifest.FILE).read_bytes())
        return [(one["name"], one["size"]) for one in said["objects"]] if said["complete"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
