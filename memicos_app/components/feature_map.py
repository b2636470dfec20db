"""The features of a map as points that pan, zoom and are chosen; drawn in the browser by modules of our own."""

from __future__ import annotations

import reflex as rx

from memicos_app.components.browser_files import browser_file

for module in (
    *("map_camera.js", "map_colours.js", "map_gestures.js", "map_points.js", "map_raster.js", "map_words.js"),
    "map_tools.jsx",
):
    browser_file(__name__, module)
Drawn = list[tuple[str, list[int]]]
"""Features within a line that was drawn: of each source, their indices."""


def picked_event(source: rx.Var[str], index: rx.Var[int]) -> tuple[rx.Var[str], rx.Var[int]]:
    return (source, index)


def selected_event(features: rx.Var[Drawn], total: rx.Var[int]) -> tuple[rx.Var[Drawn], rx.Var[int]]:
    return (features, total)


class FeatureMap(rx.Component):
    """Draws the map at an address of the API, such as `/api/map/12`.

    `on_pick` gets the source and the index of a feature; `on_select` gets `[[source, indices], …]`, at most 2,000
    features, and how many were chosen.
    """

    library = browser_file(__name__, "feature_map.jsx")
    tag = "FeatureMap"

    address: rx.Var[str]
    picked: rx.Var[str]
    """The feature that has a ring: `source/index`."""
    on_pick: rx.EventHandler[picked_event]  # type: ignore[type-arg, valid-type]
    on_select: rx.EventHandler[selected_event]  # type: ignore[type-arg, valid-type]


feature_map = FeatureMap.create
