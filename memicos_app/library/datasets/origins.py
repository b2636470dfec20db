"""What can be imported: sources that lie in the public layout under an origin, here or elsewhere.

An origin is named by a folder, by `s3://bucket/folder?region=…&endpoint=…`, or by the address of a web server. Those
on this machine are looked through at any time; others only when somebody asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from memicos_app.library.datasets import layout
from memicos_app.library.datasets.bucket import BucketStore, bucket_of
from memicos_app.library.datasets.layout import ModelLine, ReleaseLine, SourceLine, SourceSetLine
from memicos_app.library.datasets.manifest import Manifest, Object, check_id, is_id, manifest_of
from memicos_app.library.datasets.reading import Problems, read_first, read_object
from memicos_app.library.datasets.stores import FolderStore, Store, folder_of, together
from memicos_app.library.datasets.web import WebStore
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.outbound import PATIENT, Patience
from memicos_app.settings import ROOT, get_settings

_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that holds datasets in the public layout."""

    name: str
    store: Store

    @property
    def folder(self) -> Path | None:
        """The folder that it is, where it is one of this machine."""
        return self.store.folder if isinstance(self.store, FolderStore) else None

    async def models(self) -> list[str]:
        """Ids of the models it has, sorted; folders whose names can be no id are left out.

        Raises:
            LibraryError: a remote origin cannot be asked; the sentence says why. The same for what follows.
        """
        found = await self.store.folders(layout.VERSION)
        return [name for name in found if is_id(name) and name != layout.CONFIG]

    async def sources(self, model_id: str) -> list[str]:
        """Ids of the sources it has of a model, sorted."""
        check_id(model_id, "model_id")
        return [name for name in await self.store.folders(f"{layout.VERSION}/{model_id}") if is_id(name)]

    async def manifest(self, model_id: str, source_id: str) -> Manifest:
        """What it holds of a source.

        Raises:
            NotFoundError: nothing, or no features.
            UnsafeName: a file is named so that it would lead out of the source's folder.
        """
        check_id(model_id, "model_id")
        check_id(source_id, "source_id")
        found = await self.store.objects(f"{layout.VERSION}/{model_id}/{source_id}")
        listed = manifest_of(self.name, model_id, source_id, found)
        if not listed.batches("features"):
            raise NotFoundError(f"{self.name} holds no {listed.prefix}/features/batch-N.jsonl.gz.", field="source_id")
        return listed

    async def config(self) -> Manifest:
        """The look-up tables that all its sources share; no objects where it has none."""
        found = await self.store.objects(f"{layout.VERSION}/{layout.CONFIG}")
        return manifest_of(self.name, layout.CONFIG, "", found)

    async def survey(self, model_id: str) -> dict[str, Manifest]:
        """Manifests of all sources of a model that have features; in a bucket from one listing of the model."""
        check_id(model_id, "model_id")
        if isinstance(self.store, WebStore):
            return await self._one_by_one(model_id)
        by_source: dict[str, list[Object]] = {}
        for one in await self.store.objects(f"{layout.VERSION}/{model_id}"):
            source_id, slash, name = one.name.partition("/")
            if slash and is_id(source_id):
                by_source.setdefault(source_id, []).append(replace(one, name=name))
        listed = {
            source_id: manifest_of(self.name, model_id, source_id, found) for source_id, found in by_source.items()
        }
        return {source_id: one for source_id, one in sorted(listed.items()) if one.batches("features")}

    async def _one_by_one(self, model_id: str) -> dict[str, Manifest]:
        found: dict[str, Manifest] = {}
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def ask(source_id: str) -> None:
            async with at_once:
                with suppress(NotFoundError):
                    found[source_id] = await self.manifest(model_id, source_id)

        await together(ask(source_id) for source_id in await self.sources(model_id))
        return dict(sorted(found.items()))


def open_origin(name: str | Path, patience: Patience = PATIENT) -> Origin:
    """The origin of a name; nothing is asked yet.

    Raises:
        BadInputError: the name cannot be right.
    """
    name = str(name).strip()
    folder = folder_of(name)
    if folder is not None:
        return Origin(str(folder), FolderStore(folder))
    if "@" in urlsplit(name).netloc:
        raise BadInputError("An origin's name is shown to people: it must hold no password.", field="origin")
    trusted = name in get_settings().dataset_origins
    if bucket := bucket_of(name):
        return Origin(name, BucketStore(bucket, trusted=trusted and bool(bucket.endpoint), patience=patience))
    if not name.startswith(("http://", "https://")) or not urlsplit(name).hostname or {*"?#"} & {*name}:
        raise BadInputError(
            f"{name[:200]} is no origin: name a folder, s3://bucket/folder, or an http(s):// address.", field="origin"
        )
    return Origin(name, WebStore(name, trusted=trusted, patience=patience))


@dataclass(frozen=True, slots=True)
class Cards:
    """What a source's folder says of it; None where the file is missing or unusable."""

    model: ModelLine | None
    release: ReleaseLine | None
    source_set: SourceSetLine | None
    source: SourceLine | None


@dataclass(frozen=True, slots=True)
class AvailableSource:
    """A source that an origin holds."""

    model_id: str
    source_id: str
    origin: Path
    cards: Cards

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return layout.source_folder(self.origin, self.model_id, self.source_id)

    @property
    def set_name(self) -> str:
        """Name of its source set: as its own card says, else from its id."""
        card = self.cards.source
        return (card.set_name if card else None) or layout.layer_and_set(self.source_id)[1]

    @property
    def layer(self) -> int:
        """Layer, from its id."""
        return layout.layer_and_set(self.source_id)[0]

    @property
    def size(self) -> int:
        """Bytes of its batch files."""
        return sum(path.stat().st_size for path in self.folder.glob("*/batch-*"))


def configured_origins() -> list[str]:
    """Names of the places where datasets are looked for: as configured, then what was generated or converted here."""
    settings = get_settings()
    named = (str(ROOT / folder) if (folder := folder_of(name)) else name for name in settings.dataset_origins)
    return [*dict.fromkeys(named), str(settings.data_dir / "datasets")]


def local_origins() -> list[Path]:
    """Those of `configured_origins` that are folders of this machine."""
    return [folder for name in configured_origins() if (folder := folder_of(name)) is not None]


def available_sources(origins: Iterable[str | Path]) -> list[AvailableSource]:
    """Sources in folders, in order of model and layer; where two hold the same, the first counts."""
    found: dict[tuple[str, str], AvailableSource] = {}
    for origin in origins:
        for folder in sorted((Path(origin) / layout.VERSION).glob("*/*/")):
            model_id, source_id = folder.parent.name, folder.name
            if model_id == layout.CONFIG or (model_id, source_id) in found or not (folder / "features").is_dir():
                continue
            cards = _cards(folder, max(path.stat().st_mtime_ns for path in (folder, *folder.glob("*.jsonl"))))
            found[model_id, source_id] = AvailableSource(model_id, source_id, Path(origin), cards)
    return sorted(found.values(), key=lambda one: (one.model_id, one.set_name, one.layer, one.source_id))


def find_source(origins: Iterable[str | Path], model_id: str, source_id: str) -> AvailableSource | None:
    """The source of this name under the first origin that has it."""
    wanted = (model_id, source_id)
    return next((one for one in available_sources(origins) if (one.model_id, one.source_id) == wanted), None)


def read_cards(folder: Path, problems: Problems) -> Cards:
    """The four cards of a source's folder."""
    beside = read_object(folder / layout.BESIDE)
    return Cards(
        read_first(folder / "model.jsonl", ModelLine, problems, beside.get("model")),
        read_first(folder / "release.jsonl", ReleaseLine, problems, beside.get("release")),
        read_first(folder / "sourceset.jsonl", SourceSetLine, problems, beside.get("sourceset")),
        read_first(folder / "source.jsonl", SourceLine, problems, beside.get("source")),
    )


@lru_cache(maxsize=4096)
def _cards(folder: Path, changed_ns: int) -> Cards:
    return read_cards(folder, Problems())
