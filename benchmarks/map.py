"""A map of 100,000 points moved about: frames a second of its page, and of plotly's scattergl with the same points.

    python -m benchmarks.map [--url http://localhost:3000] [--page smollm2-135m-it/15-res-4k/map] [--points 100000]

Of a site that runs and has a map there; the page gets the points of this benchmark in place of its own. Both are
dragged and zoomed by the same pointer, and each frame is timed by requestAnimationFrame, so that work between frames
counts. Chromium draws WebGL in software here, as it does for people without a graphics card.
Writes `benchmarks/results/map.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser, Page, async_playwright
from plotly.offline import get_plotlyjs

from memicos_app.library.maps import blocks
from memicos_app.library.maps.blocks import Measures, Points

RESULT = Path(__file__).parent / "results" / "map.json"
GOAL_FPS = 30
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
WINDOW, PLOT = {"width": 1440, "height": 900}, {"width": 960, "height": 610}
SECONDS, CLUSTERS = 4.0, 120
RECORD = """() => {
  window.stamps = [];
  window.recording = true;
  const turn = (now) => { window.stamps.push(now); if (window.recording) requestAnimationFrame(turn); };
  requestAnimationFrame(turn);
}"""
STOP = "() => { window.recording = false; return window.stamps; }"
READY = (
    "document.querySelector('.map')?.dataset.points === '{}' && document.querySelector('.map canvas').dataset.frames"
)
PEER = """<!doctype html><body style="margin:0"><div id="plot" style="width:{width}px;height:{height}px"></div>
<script>{script}</script><script>
window.draw = (x, y, colours) => Plotly.newPlot("plot", [{{
  type: "scattergl", mode: "markers", x, y, hoverinfo: "none",
  marker: {{ size: 3, color: colours, colorscale: "Viridis" }}
}}], {{
  dragmode: "pan", margin: {{ l: 0, r: 0, t: 0, b: 0 }}, xaxis: {{ visible: false }}, yaxis: {{ visible: false }}
}}, {{ scrollZoom: true, displayModeBar: false }});
</script>"""


def drawn(n: int) -> tuple[Points, Measures]:
    """Points in clusters of different sizes, as maps have them."""
    random = np.random.default_rng(0)
    cluster = random.choice(CLUSTERS, n, p=random.dirichlet(np.ones(CLUSTERS)))
    middles = random.uniform(-0.9, 0.9, (CLUSTERS, 2))
    places = (middles[cluster] + 0.05 * random.standard_normal((n, 2))).clip(-1, 1).astype(np.float32)
    density = (10 ** random.uniform(-5, -1, n)).astype(np.float32)
    points = Points(np.arange(n, dtype=np.uint32), places[:, 0], places[:, 1], cluster.astype(np.int16))
    return points, Measures(density, np.full(n, np.nan, np.float32))


def answer(points: Points, measures: Measures) -> bytes:
    """What the API would say of them."""
    numbers, sizes = np.unique(points.clusters, return_counts=True)
    clusters = [
        {
            "number": int(number),
            "name": f"cluster of many words {number}",
            "size": int(size),
            "x": float(points.x[points.clusters == number].mean()),
            "y": float(points.y[points.clusters == number].mean()),
        }
        for number, size in sorted(zip(numbers, sizes, strict=True), key=lambda one: -one[1])
    ]
    layers = [{"source": "15-res-4k", "n": len(points)}]
    head = {"modelId": "m", "kind": "explanations", "layers": layers, "clusters": clusters, "bounds": [-1, 1, -1, 1]}
    return blocks.wire(head, [(points, measures)])


async def moved(page: Page, selector: str, motion: str) -> dict[str, Any]:
    """Frames while a pointer pans, or turns its wheel in and out, over an element for `SECONDS`."""
    box = await page.locator(selector).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    if motion == "pan":
        await page.mouse.down()
    await page.evaluate(RECORD)
    began, step = time.monotonic(), 0
    while time.monotonic() - began < SECONDS:
        step += 1
        if motion == "pan":
            await page.mouse.move(x + 150 * np.sin(step / 9), y + 90 * np.sin(step / 7))
        else:
            await page.mouse.wheel(0, -60 if step % 60 < 30 else 60)
    stamps = await page.evaluate(STOP)
    if motion == "pan":
        await page.mouse.up()
    return frames(stamps)


def frames(stamps: list[float]) -> dict[str, Any]:
    """Frames a second and milliseconds between frames."""
    gaps = [later - before for before, later in pairwise(stamps)]
    ranked = sorted(gaps)
    return {
        "fps": round(1000 * len(gaps) / sum(gaps), 1),
        "ms_median": round(statistics.median(gaps), 1),
        "ms_p95": round(ranked[int(0.95 * (len(ranked) - 1))], 1),
        "ms_worst": round(ranked[-1], 1),
        "frames": len(gaps),
    }


async def ours(browser: Browser, address: str, content: bytes, n: int) -> dict[str, Any]:
    """The page of the map with these points."""
    page = await browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]
    await page.route("**/api/map/*/points", lambda route: route.fulfill(body=content))
    began = time.monotonic()
    await page.goto(address)
    await page.wait_for_function(READY.format(n))
    shown = time.monotonic() - began
    canvas = ".map canvas"
    before = int(await page.locator(canvas).get_attribute("data-frames") or 0)
    found = {motion: await moved(page, canvas, motion) for motion in ("pan", "zoom")}
    after = int(await page.locator(canvas).get_attribute("data-frames") or 0)
    await page.close()
    return {"seconds_to_points": round(shown, 2), "drawn_frames": after - before, **found}


async def peer(browser: Browser, points: Points) -> dict[str, Any]:
    """plotly's scattergl with the same points, in a place of the same size."""
    page = await browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]
    await page.set_content(PEER.format(script=get_plotlyjs(), **PLOT))
    columns = [points.x.tolist(), points.y.tolist(), points.clusters.tolist()]
    await page.evaluate("([x, y, colours]) => window.draw(x, y, colours)", columns)
    found = {motion: await moved(page, ".nsewdrag", motion) for motion in ("pan", "zoom")}
    await page.close()
    return found


async def measure(url: str, path: str, n: int) -> dict[str, Any]:
    points, measures = drawn(n)
    content, load_before = answer(points, measures), os.getloadavg()[0]
    executable = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        own = await ours(browser, f"{url}/{path}", content, n)
        other = await peer(browser, points)
        version = browser.version
        await browser.close()
    return {
        "points": n,
        "bytes": len(content),
        "goal_fps": GOAL_FPS,
        "ours": own,
        "plotly_scattergl": other,
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "chromium": version,
            "webgl": "SwiftShader (software)",
            "load_before": round(load_before, 1),
            "load_after": round(os.getloadavg()[0], 1),
        },
        "date": time.strftime("%Y-%m-%d"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://localhost:3000", help="of a running site")
    parser.add_argument("--page", default="smollm2-135m-it/15-res-4k/map", help="of a source that has a map")
    parser.add_argument("--points", type=int, default=100_000)
    given = parser.parse_args()
    found = asyncio.run(measure(given.url.rstrip("/"), given.page, given.points))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
