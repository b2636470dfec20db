"""What is said of all features of a source at once, computed while they pass by."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from memicos_app.library.packing import Floats

BARS = 50


@dataclass(slots=True)
class Overview:
    """Densities and maxima of a source's features; 4 bytes a feature each."""

    densities: array[float] = field(default_factory=lambda: array("f"))
    maxima: array[float] = field(default_factory=lambda: array("f"))
    highest: int = -1
    """Highest index met."""
    n_sequences: int = 0

    def add(self, index: int, density: float, max_activation: float) -> None:
        """Count one feature."""
        self.densities.append(density)
        self.maxima.append(max_activation)
        self.highest = max(self.highest, index)

    def json(self) -> str:
        """`density` over log10 of live features' densities, `max_activation` over live features' maxima."""
        densities = np.asarray(self.densities, np.float64)
        maxima = np.asarray(self.maxima, np.float64)
        return json.dumps(
            {"density": _bars(np.log10(densities[densities > 0])), "max_activation": _bars(maxima[maxima > 0])}
        )


def _bars(values: Floats) -> dict[str, Any]:
    if not len(values):
        return {"values": [], "heights": []}
    heights, edges = np.histogram(values, bins=BARS)
    centres = (edges[:-1] + edges[1:]) / 2
    return {"values": [float(f"{value:.5g}") for value in centres], "heights": heights.tolist()}
