"""A source taken out again, in the public layout: the same data gives the same bytes, whoever made it.

What is written is one moment's state, however long it takes. A run that was stopped or killed goes on after the last
finished file. Reading is `datasets/snapshot.py`, lines are `datasets/lines.py` and `card_lines.py`.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from memicos_app.db.text import original_json
from memicos_app.library.datasets import card_lines, layout, manifest
from memicos_app.library.datasets.card_lines import CardLine
from memicos_app.library.datasets.lines import Line, encoded
from memicos_app.library.datasets.manifest import KINDS, Manifest, Object
from memicos_app.library.datasets.snapshot import Batch, Snapshot, snapshot
from memicos_app.library.datasets.targets import Target, open_target
from memicos_app.library.datasets.written import Journal, PackedLines, Written, journal
from memicos_app.library.errors import BadInputError, UnavailableError
from memicos_app.library.watch import UNWATCHED, Watch
from memicos_app.settings import get_settings

FORMAT = 1


@dataclass(slots=True)
class Exported:
    """What an export holds; `manifest.json` says the same."""

    model_id: str
    source_id: str
    complete: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    """Features, those with activations, with explanations; activations; explanations."""
    files: list[Written] = field(default_factory=list)
    """Every file but the manifest itself, by name."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(one.bytes for one in self.files)

    def manifest(self) -> bytes:
        """Content of `manifest.json`: no dates, so that it too is the same for the same data."""
        objects = tuple(Object(one.name, one.bytes, sha256=one.sha256) for one in self.files)
        listed = Manifest("", self.model_id, self.source_id, objects)
        return manifest.dumps(listed, format=FORMAT, complete=self.complete, counts=self.counts).encode()


async def export_source(
    model_id: str,
    source_id: str,
    target: str | Path | Target,
    watch: Watch = UNWATCHED,
    *,
    overwrite: bool = False,
) -> Exported:
    """Write a source below `v1/{model}/{source}/` of a folder or bucket, which then is an origin to import from.

    Args:
        overwrite: take the place of files there that are no earlier export.

    Raises:
        NotFoundError: there is no such source here, or nothing of it is imported.
        BadInputError: the target is none, or holds files of another kind.
        UnavailableError: another process writes the same export, the target refuses, or the database went away.
        Stopped: at a checkpoint of `watch`; a later call goes on.
    """
    place = open_target(target) if isinstance(target, str | Path) else target
    folder = f"{layout.VERSION}/{model_id}/{source_id}"
    name = hashlib.sha256(f"{place.name}/{folder}".encode()).hexdigest()[:24]
    async with snapshot(model_id, source_id) as seen:
        with journal(get_settings().exports_dir / f"{name}.journal") as done, _room():
            work = _Export(seen, place, folder, done, watch)
            return await work.run(overwrite)


class _Export:
    """One export from its first file to its last."""

    def __init__(self, seen: Snapshot, target: Target, folder: str, done: Journal, watch: Watch) -> None:
        self.seen, self.target, self.folder, self.watch = seen, target, folder, watch
        self.journal = done
        self.exported = Exported(seen.names.model_id, seen.names.source_id)
        self._present: dict[str, int] = {}
        self._done = self._total = 0

    async def run(self, overwrite: bool) -> Exported:
        self._present = await self.target.sizes(self.folder)
        if self._present and not overwrite:
            await self._refuse_foreign()
        await self.target.write(f"{self.folder}/{manifest.FILE}", self.exported.manifest())
        batches = await self.seen.batches()
        self._total = sum(one.n_lines for one in batches)
        for one in batches:
            await self._batch(one)
        await self._cards()
        self._count(batches)
        await self._tell_what_is_left_out()
        await self._remove_others()
        self.exported.files.sort(key=lambda one: one.name)
        self.exported.complete = True
        await self.target.write(f"{self.folder}/{manifest.FILE}", self.exported.manifest())
        self.journal.close()
        return self.exported

    async def _refuse_foreign(self) -> None:
        """Files that no export wrote are not replaced: they may be the only ones of their kind."""
        if f"{self.folder}/{manifest.FILE}" not in self._present:
            raise BadInputError(
                f"{self.target.name}/{self.folder} holds files that are not of an export: choose another place, "
                "or say that they may be replaced.",
                field="target",
            )

    async def _batch(self, batch: Batch) -> None:
        await self.watch.checkpoint()
        name = f"{self.folder}/{batch.name}"
        state = f"{FORMAT} {self.seen.names} {self.seen.generation} {batch.state}"
        before = self.journal.found(batch.name, state)
        if before is not None and self._present.get(name) == before.bytes:
            self._advance(batch, batch.n_lines)
            self.exported.files.append(before)
            return
        lines = PackedLines(batch.name, self.target.scratch(name))
        try:
            async for content, count in self.seen.pieces(batch):
                await lines.add(content, count)
                self._advance(batch, count)
                await self.watch.checkpoint()
            written = await lines.finish()
        except BaseException:
            await lines.abandon()
            raise
        await self.target.put(name, lines.path)
        self.journal.add(written, state)
        self.exported.files.append(written)

    async def _cards(self) -> None:
        """The small files: one line about each, what they leave out, and the words for kinds of explanations."""
        rows = await self.seen.cards()
        cards: dict[str, CardLine] = {
            "model": card_lines.model_card(rows.model),
            "sourceset": card_lines.set_card(rows.source_set),
            "source": card_lines.source_card(rows.source),
        }
        if rows.release is not None:
            cards["release"] = card_lines.release_card(rows.release)
        for name, card in cards.items():
            await self._small(f"{name}.jsonl", encoded(card.line))
        beside: Line = {name: card.beside for name, card in cards.items() if card.beside}
        await self._small(layout.BESIDE, encoded(beside))
        if rows.source["made_from"]:
            await self._small(layout.MADE, encoded(original_json(rows.source["made_from"])))
        config = f"{layout.VERSION}/{layout.CONFIG}"
        types = b"".join(encoded(card_lines.type_line(one)) for one in rows.types)
        explainers = b"".join(encoded(card_lines.explainer_line(one)) for one in rows.explainers)
        for name, content in (("explanation_type", types), ("explanation_model_type", explainers)):
            if content:  # Other importers cannot read an empty file.
                await self.target.write(f"{config}/{name}.jsonl", content)

    async def _small(self, name: str, content: bytes) -> None:
        await self.target.write(f"{self.folder}/{name}", content)
        self.exported.files.append(
            Written(name, len(content), hashlib.sha256(content).hexdigest(), content.count(b"\n"))
        )

    def _count(self, batches: list[Batch]) -> None:
        features, activations, explanations = ([one for one in batches if one.kind == kind] for kind in KINDS)
        self.exported.counts = {
            "features": sum(one.n_lines for one in features),
            "featuresWithActivations": sum(one.n_features for one in activations),
            "featuresWithExplanations": sum(one.n_features for one in explanations),
            "activations": sum(one.n_lines for one in activations),
            "explanations": sum(one.n_lines for one in explanations),
        }

    async def _tell_what_is_left_out(self) -> None:
        left = await self.seen.untold()
        if left:
            self.watch.log(
                f"{left} explanations are left out: their feature has no dashboard, or another has their id.",
                "warning",
            )

    async def _remove_others(self) -> None:
        """Batch files of an earlier export that this one does not have: an importer would read them."""
        ours = {f"{self.folder}/{one.name}" for one in self.exported.files}
        folders = tuple(f"{self.folder}/{kind}/" for kind in KINDS)
        for name in sorted(self._present.keys() - ours):
            if name.startswith(folders):
                await self.target.remove(name)

    def _advance(self, batch: Batch, lines: int) -> None:
        self._done += lines
        self.watch.tell(batch.kind, self._done, self._total, "lines")


@contextmanager
def _room() -> Iterator[None]:
    """A full disk in a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.ENOTDIR):
            raise
        said = f"{error.strerror}: {error.filename or 'the target'}"
        raise UnavailableError(f"The export cannot be written ({said}); what is finished is kept.") from error
