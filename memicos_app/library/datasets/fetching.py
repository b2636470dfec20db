"""Files of an origin brought here: whole, checked, in order, the next ones while the last is read.

A download that breaks off goes on where it was, also in another process; a file whose content changes meanwhile
is fetched anew. Files lie under DATA_DIR/downloads until their reader asks for the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from itertools import islice
from pathlib import Path

from memicos_app.library.datasets.downloads import Downloads, clean_up
from memicos_app.library.datasets.manifest import Manifest, Object
from memicos_app.library.datasets.origins import Origin
from memicos_app.library.datasets.receiving import Receiver
from memicos_app.library.datasets.stores import FolderStore, RemoteStore
from memicos_app.library.errors import NotFoundError
from memicos_app.library.watch import UNWATCHED, Watch

AT_ONCE = 4
"""Downloads that run at the same time; as many files at most wait to be read."""
_LOOK_UP = 0.5


async def fetched(
    origin: Origin, manifest: Manifest, names: Iterable[str], watch: Watch = UNWATCHED, *, keep: bool = False
) -> AsyncGenerator[tuple[Object, Path]]:
    """Complete, checked files of this machine in the order of `names`, each with what it is now.

    For a folder these are the files themselves. Otherwise the next files are fetched while one is read, and a file
    is removed when the next one is asked for (`keep`: it stays); one whose reading failed stays, for the next time.
    What nobody went on with for two weeks is removed.
    The object differs from the manifest's where the content changed since.

    Raises:
        Stopped: the watch wants the work to stop; what was fetched stays.
        NotFoundError: the manifest has no such name, or the file is gone.
        UnavailableError: the origin cannot be reached, or breaks off again and again.
        UpstreamError: what arrives is not what was listed.
        NoRoomError: the disk is too full for the next files.
    """
    objects = [manifest.object(name) for name in names]
    store = origin.store
    if isinstance(store, FolderStore):
        for one in objects:
            await watch.checkpoint()
            yield await _in_folder(store, manifest, one)
        return
    assert isinstance(store, RemoteStore)
    downloads = Downloads.of(manifest)
    await asyncio.to_thread(clean_up)
    downloads.check_room(_most_at_once(downloads, objects))
    async with store.connected() as http:
        ahead = _Ahead(Receiver(store, manifest, downloads, http, watch), objects, watch)
        async for one, path in ahead.run():
            yield one, path
            if not keep:
                downloads.remove(one.name)
    downloads.tidy()


async def cards_at_hand(origin: Origin, manifest: Manifest, watch: Watch = UNWATCHED) -> Path:
    """A folder that holds the cards of a source: its own, or one that they were fetched into. Raises as `fetched`."""
    if origin.folder is not None:
        return origin.folder / manifest.prefix
    async for _ in fetched(origin, manifest, [one.name for one in manifest.cards], watch, keep=True):
        pass
    return Downloads.of(manifest).folder


class _Ahead:
    """Downloads that run ahead of their reader, so many at once and no more."""

    def __init__(self, receiver: Receiver, objects: Sequence[Object], watch: Watch) -> None:
        self._receiver, self._watch = receiver, watch
        self._coming = iter(objects)
        self._running: deque[asyncio.Task[tuple[Object, Path]]] = deque()

    async def run(self) -> AsyncGenerator[tuple[Object, Path]]:
        """The files in order."""
        try:
            self._start(AT_ONCE)
            while self._running:
                await self._done(self._running[0])
                found = self._running.popleft().result()
                self._start(1)
                yield found
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, count: int) -> None:
        for one in islice(self._coming, count):
            self._running.append(asyncio.create_task(self._receiver.receive(one), name=f"fetch {one.name}"))

    async def _done(self, task: asyncio.Task[tuple[Object, Path]]) -> None:
        await self._watch.checkpoint()
        while not (await asyncio.wait({task}, timeout=_LOOK_UP))[0]:
            self._watch.tell("downloading", *self._receiver.progress(), "bytes")
            await self._watch.checkpoint()


async def _in_folder(store: FolderStore, manifest: Manifest, one: Object) -> tuple[Object, Path]:
    name = f"{manifest.prefix}/{one.name}"
    now = await store.head(name)
    path = store.path(name)
    if not path.is_file():
        raise NotFoundError(f"{path} is gone.", field="origin")
    return Object(one.name, now.size, now.etag, now.modified), path


def _most_at_once(downloads: Downloads, objects: Sequence[Object]) -> int:
    """Bytes of the largest run of files that lie here at the same time."""
    sizes = [one.size for one in objects if not downloads.is_complete(one)]
    return max((sum(sizes[start : start + AT_ONCE + 1]) for start in range(len(sizes))), default=0)
