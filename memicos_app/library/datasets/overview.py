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


def _histogram(expression: str, column: str) -> str:
    """Bars over a column's positive values as `_bars` makes them."""
    return f"""(
        WITH shown AS (
            SELECT {expression} AS x FROM features WHERE generation_id = :generation AND {column} > 0
        ), ends AS (
            SELECT CASE WHEN max(x) > min(x) THEN min(x) ELSE min(x) - 0.5 END AS low,
                   CASE WHEN max(x) > min(x) THEN max(x) ELSE max(x) + 0.5 END AS high FROM shown
        ), bars AS (
            SELECT least(width_bucket(x, low, high, {BARS}), {BARS}) AS bar, count(*) AS height
            FROM shown, ends WHERE low < high GROUP BY 1
        )
        SELECT jsonb_build_object(
            'values', coalesce(jsonb_agg(round((low + (n - 0.5) * (high - low) / {BARS})::numeric, 6)
                                           ORDER BY n), '[]'),
            'heights', coalesce(jsonb_agg(coalesce(height, 0) ORDER BY n), '[]')
        )
        FROM ends CROSS JOIN generate_series(1, {BARS}) AS n LEFT JOIN bars ON bars.bar = n WHERE low < high
    )"""


OF_GENERATION = f"""jsonb_build_object(
    'density', {_histogram("log(density::float8)", "density")},
    'max_activation', {_histogram("max_activation::float8", "max_activation")}
)"""
"""`Overview.json` of the features that a generation (`:generation`) holds now, made by the database."""
