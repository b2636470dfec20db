"""The modules that draw a map: bytes read as they were written, the nearest point, a line around points, a camera."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memicos_app.components import feature_map
from memicos_app.library.maps import blocks
from memicos_app.library.maps.blocks import Measures, Points
from tests.components.javascript import javascript

HERE = Path(feature_map.__file__)
points_js = partial(javascript, HERE.with_name("map_points.js"))
camera_js = partial(javascript, HERE.with_name("map_camera.js"))
colours_js = partial(javascript, HERE.with_name("map_colours.js"))
raster_js = partial(javascript, HERE.with_name("map_raster.js"))
READ = "text.decode(Uint8Array.from(given[0]).buffer)"
SIZES = (7, 12)


def layer(n: int, seed: int) -> tuple[Points, Measures]:
    random = np.random.default_rng(seed)
    x, y, density = random.uniform(-3, 5, (3, n)).astype(np.float32)
    score = np.full(n, np.nan, np.float32)
    points = Points(np.arange(n, dtype=np.uint32) * 3, x, y, (np.arange(n) % 4 - 1).astype(np.int16))
    return points, Measures(density, score)


LAYERS = [layer(n, seed) for seed, n in enumerate(SIZES)]
HEAD = {
    "layers": [{"source": f"{place}-größe", "n": n} for place, n in enumerate(SIZES)],
    "clusters": [],
    "bounds": [-3, 5, -3, 5],
}
BYTES = list(blocks.wire(HEAD, LAYERS))


def test_a_browser_reads_what_the_server_wrote() -> None:
    taken = (
        "(p => [p.n, p.head.layers, ...['layer', 'index', 'x', 'y', 'density', 'cluster'].map(name => [...p[name]])])"
    )
    n, named, *columns = points_js(f"{taken}({READ})", BYTES)
    assert (n, named) == (sum(SIZES), HEAD["layers"])
    written = [
        (place, *values)
        for place, (points, measures) in enumerate(LAYERS)
        for values in zip(
            *(array.tolist() for array in (points.indices, points.x, points.y, measures.density, points.clusters)),
            strict=True,
        )
    ]
    assert sorted(zip(*columns, strict=True)) == sorted(written)


def test_the_nearest_point_is_the_nearest_of_all() -> None:
    x, y = (np.concatenate([getattr(points, axis) for points, _ in LAYERS]) for axis in "xy")
    places = np.random.default_rng(5).uniform(-4, 6, (60, 2)).tolist()
    program = f"(p => given[1].map(([x, y]) => p.x[text.nearest(p, x, y, 1.5, () => true)] ?? null))({READ})"
    for (px, py), found in zip(places, points_js(program, BYTES, places), strict=True):
        far = np.hypot(x - px, y - py)
        assert found == (float(x[far.argmin()]) if far.min() < 1.5 else None)


def test_a_line_holds_what_is_inside_it() -> None:
    ring = [[2 * math.cos(a / 8 * math.tau) + 1, 2 * math.sin(a / 8 * math.tau) + 1] for a in range(8)]
    left_out = LAYERS[0][0].x.tolist()[3]
    program = f"(p => text.inside(p, given[1], i => p.x[i] !== given[2]).map(i => p.x[i]))({READ})"
    found = points_js(program, BYTES, ring, left_out)
    x, y = (np.concatenate([getattr(points, axis) for points, _ in LAYERS]) for axis in "xy")
    apothem = 2 * math.cos(math.pi / 8)
    sure = {one for one in x[np.hypot(x - 1, y - 1) < apothem].tolist() if one != left_out}
    possible = set(x[np.hypot(x - 1, y - 1) <= 2].tolist())
    assert sure <= set(found) <= possible
    assert len(found) >= 3
    assert points_js("text.encloses([[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]], 2, 3)") is False


def test_a_camera_keeps_the_place_under_the_pointer_and_its_limits() -> None:
    program = """(() => {
      const first = text.fitted([-2, 2, -1, 1], 800, 600);
      const before = text.toMap(first, 800, 600, 100, 50);
      const closer = text.zoomed(first, 800, 600, 100, 50, 3);
      const back = text.toView(closer, 800, 600, ...before);
      const ends = [text.zoomed(first, 800, 600, 0, 0, 1e9), text.zoomed(first, 800, 600, 0, 0, 1e-9)];
      const moved = text.toView(text.panned(first, 30, -20), 800, 600, 0, 0);
      return [back, text.closeness(closer), ends.map(text.closeness), moved, text.toView(first, 800, 600, 0, 0)];
    })()"""
    back, closeness, ends, moved, middle = camera_js(program)
    assert back == pytest.approx([100, 50])
    assert closeness == pytest.approx(3)
    assert ends == pytest.approx([400, 0.6])
    assert [a - b for a, b in zip(moved, middle, strict=True)] == pytest.approx([30, -20])


@pytest.mark.parametrize(("colour", "rgb"), [([1, 0, 0], [255] * 3), ([0.628, 0.2577, 29.23], [255, 0, 0])])
def test_colours_are_those_of_oklch(colour: list[float], rgb: list[int]) -> None:
    found = colours_js("text.oklch(...given[0])", colour)
    assert max(abs(a - b) for a, b in zip(found, rgb, strict=True)) <= 1


def test_measures_are_coloured_between_their_ends_and_unknown_ones_grey() -> None:
    program = """(() => {
      const density = Float32Array.from([0.001, 0.01, 0.1]), score = Float32Array.from([NaN, NaN, NaN]);
      const points = { n: 3, density, score };
      const [a, b] = [text.coloured(points, "density", false), text.coloured(points, "score", true)];
      const grey = text.pixel(text.clusterColour(-1, true));
      return [a.ramp, new Set(a.pixels).size, b.ramp, [...b.pixels].every(one => one === grey)];
    })()"""
    ramp, colours, no_ramp, all_grey = colours_js(program)
    assert ramp == pytest.approx([-3, -1], abs=1e-5)
    assert (colours, no_ramp, all_grey) == (3, None, True)


def test_points_are_blended_where_the_camera_sees_them_and_hidden_ones_are_not() -> None:
    assert drawn([1, 1, 0]) == {"left": "colour", "middle": "colour", "right": "background"}
    assert drawn([0, 0, 1]) == {"left": "background", "middle": "background", "right": "colour"}


def drawn(states: list[int]) -> dict[str, Any]:
    """What three places of a small canvas show, with a point at each and one far outside the view."""
    program = """(() => {
      let image;
      const context = {
        createImageData: (w, h) => ({ data: new Uint8ClampedArray(4 * w * h) }),
        putImageData: (made) => { image = made; },
      };
      const raster = new text.Raster({ getContext: () => context });
      raster.resize(200, 100, 1);
      const grid = { starts: new Uint32Array(128 * 128 + 1).fill(4, 1), column: () => 0 };
      const points = { n: 4, x: [-0.5, 0, 0.5, 900], y: [0, 0, 0, -900], grid };
      const camera = { x: 0, y: 0, scale: 100, whole: 100 };
      raster.draw(points, camera, [0, 0, 0, 0].fill(0xff0000ff), [...given[0], 1], 0xffffffff, false);
      const at = (px) => {
        const i = 4 * ((50 + 16) * raster.stride + px + 16);
        const [r, g] = [image.data[i], image.data[i + 1]];
        return r === 255 && g === 255 ? "background" : r === 255 && g < 100 ? "colour" : [r, g];
      };
      return { left: at(50), middle: at(100), right: at(150) };
    })()"""
    found: dict[str, Any] = raster_js(program, states)
    return found
