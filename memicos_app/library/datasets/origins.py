"""What can be imported: sources that lie in the public layout under the configured origins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from memicos_app.library.datasets import layout
from memicos_app.library.datasets.layout import ModelLine, ReleaseLine, SourceLine, SourceSetLine
from memicos_app.library.datasets.reading import Problems, read_first
from memicos_app.settings import get_settings


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


def configured_origins() -> list[Path]:
    """Where datasets are looked for: the configured origins, then what was generated or converted here."""
    settings = get_settings()
    return [*map(Path, settings.dataset_origins), settings.data_dir / "datasets"]


def available_sources(origins: Iterable[str | Path]) -> list[AvailableSource]:
    """Sources under the origins, in order of model and layer; where two hold the same, the first counts."""
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
    return Cards(
        read_first(folder / "model.jsonl", ModelLine, problems),
        read_first(folder / "release.jsonl", ReleaseLine, problems),
        read_first(folder / "sourceset.jsonl", SourceSetLine, problems),
        read_first(folder / "source.jsonl", SourceLine, problems),
    )


@lru_cache(maxsize=512)
def _cards(folder: Path, changed_ns: int) -> Cards:
    return read_cards(folder, Problems())
