"""What a search answers with: features, each with the explanations that it was found by, in pages."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from memicos_app.library.explanation_search.asked import Way


@dataclass(frozen=True, slots=True)
class Candidate:
    """An explanation that a list holds; `share` is how much of the query it answers, 1 for all of it."""

    number: int
    model_id: str
    source_id: str
    index: int
    share: float = 1.0

    @property
    def feature(self) -> tuple[str, str, int]:
        return self.model_id, self.source_id, self.index

    @property
    def mark(self) -> int:
        """A number that stands for its feature in cursors."""
        return crc32(f"{self.model_id}/{self.source_id}/{self.index}".encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class FoundExplanation:
    """An explanation of a feature that was found."""

    id: str
    description: str
    type_name: str
    explainer: str | None
    score: float | None
    similarity: float | None
    """Cosine to the query, by the first embedder that has a vector of it; None where none has."""
    words: bool
    """Whether it holds words of the query."""


@dataclass(frozen=True, slots=True)
class Found:
    """A feature that was found; the explanation that fits best comes first."""

    model_id: str
    source_id: str
    index: int
    explanations: tuple[FoundExplanation, ...]
    density: float
    max_activation: float
    rank: int
    """From 1, over all pages."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the results; `cursor` leads to those that follow, None after the last."""

    results: list[Found]
    cursor: str | None
    embedders: tuple[str, ...]
    """Those whose vectors were used."""
    way_used: Way
    note: str = ""
    """What a reader should know: an embedder that did not answer, nothing embedded yet, a word corrected."""
