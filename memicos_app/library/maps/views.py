"""Shapes of a map that the library hands to pages, API and command line: plain data, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Kind = Literal["explanations", "decoder", "imported"]
"""What decides who is near whom: what explanations mean, decoder directions, or coordinates that came along."""
MADE: tuple[Kind, ...] = ("explanations", "decoder")
"""Kinds that a job makes."""
NO_CLUSTER = -1


@dataclass(frozen=True, slots=True)
class Cluster:
    """Points that lie together, and the words that their explanations have and others have not."""

    number: int
    name: str
    size: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class MapLayer:
    """One source of a map."""

    source_id: str
    n: int


@dataclass(frozen=True, slots=True)
class MapView:
    """One map, without its points."""

    id: int
    model_id: str
    kind: Kind
    layers: list[MapLayer]
    clusters: list[Cluster]
    made: dict[str, Any]
    created_at: datetime

    @property
    def source_ids(self) -> list[str]:
        """Its sources, by layer."""
        return [one.source_id for one in self.layers]

    @property
    def n_points(self) -> int:
        """Points of all layers."""
        return sum(one.n for one in self.layers)
