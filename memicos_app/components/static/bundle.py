"""Static pages of many features in one zip, made a page at a time, however many there are.

`index.html` is the source with its list, `features/N.html` a page each, `style.css` beside them.
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from memicos_app.components.static.feature_page import feature_page
from memicos_app.components.static.pieces import STYLE_NAME, style
from memicos_app.components.static.source_page import PAGES, source_page
from memicos_app.library import catalog, features
from memicos_app.library.errors import NotFoundError
from memicos_app.library.feature_lists import MOST_ROWS, feature_list, feature_rows
from memicos_app.library.views import FeatureRow
from memicos_app.library.watch import UNWATCHED, Watch

MOST_LISTED = 10_000
"""Features in the list of a source's page: more would be slow to open."""
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class File:
    """One file of a bundle."""

    name: str
    content: bytes


async def source_file(model_id: str, source_id: str) -> bytes:
    """The page of a source with the list of its features, as one file.

    Raises:
        NotFoundError: no such source, or it has no dashboards here.
    """
    detail = await catalog.source(model_id, source_id)
    rows = await _rows(model_id, source_id)
    if not rows:
        raise NotFoundError(f"Source {model_id}/{source_id} has no dashboards here yet.", field="source_id")
    return await asyncio.to_thread(source_page, detail, rows, total=detail.source.n_dashboards)


async def feature_file(model_id: str, source_id: str, index: int) -> bytes:
    """The page of a feature as one file.

    Raises:
        NotFoundError: no such feature.
    """
    return await asyncio.to_thread(feature_page, await features.feature(model_id, source_id, index))


async def bundle(
    model_id: str, source_id: str, indices: Sequence[int] | None = None, watch: Watch = UNWATCHED
) -> AsyncIterator[File]:
    """Files of a bundle: of these features, or of all.

    Raises:
        NotFoundError: no such source, or a feature of `indices` has no dashboard.
        Stopped: at a checkpoint of `watch`.
    """
    detail = await catalog.source(model_id, source_id)
    if indices is None:
        rows = await _rows(model_id, source_id, most=None)
    else:
        rows = await _chosen(model_id, source_id, sorted(set(indices)))
    yield File(STYLE_NAME, style().encode())
    total = detail.source.n_dashboards
    page = await asyncio.to_thread(source_page, detail, rows, total=total, linked=STYLE_NAME, with_pages=True)
    yield File("index.html", page)
    beside = {one.index for one in rows}
    for done, one in enumerate(rows):
        await watch.checkpoint()
        view = await features.feature(model_id, source_id, one.index)
        page = await asyncio.to_thread(feature_page, view, linked=f"../{STYLE_NAME}", beside=beside)
        yield File(f"{PAGES}/{one.index}.html", page)
        watch.tell("pages", done + 1, len(rows), "pages")


async def zipped(files: AsyncIterator[File]) -> AsyncIterator[bytes]:
    """A zip of the files, in pieces; the same files give the same bytes."""
    written = _Pieces()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        async for one in files:
            entry = zipfile.ZipInfo(one.name, _FIRST_DAY)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            await asyncio.to_thread(archive.writestr, entry, one.content, compresslevel=6)
            yield written.take()
    yield written.take()


async def _rows(model_id: str, source_id: str, most: int | None = MOST_LISTED) -> list[FeatureRow]:
    rows: list[FeatureRow] = []
    while most is None or len(rows) < most:
        found = await feature_list(model_id, source_id, offset=len(rows), limit=MOST_ROWS)
        rows += found.rows
        if not found.rows:
            break
    return rows


async def _chosen(model_id: str, source_id: str, indices: Sequence[int]) -> list[FeatureRow]:
    rows = await feature_rows(model_id, source_id, indices)
    missing = set(indices) - {one.index for one in rows}
    if missing:
        await features.feature(model_id, source_id, min(missing))  # Says what is wrong with it.
    return rows


class _Pieces(io.RawIOBase):
    """What a zip is written to: a file without a way back, emptied as it fills."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """As `io.IOBase`."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """As `io.RawIOBase`."""
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken
