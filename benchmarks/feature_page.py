"""The feature page measured: server time, bytes, navigation to painted, and 5,000 tokens drawn.

    python -m benchmarks.feature_page [--url http://localhost:3000] [--feature smollm2-135m-it/15-res-4k/12]

Of a site that runs and has the feature and a few after it; without `--url` of one that is started for it, with the
demo's data. Writes `benchmarks/results/feature_page.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, CDPSession, Page, WebSocket, WebSocketRoute, async_playwright

from benchmarks.startup import COMMAND, running
from memicos_app.settings import ROOT

RESULT = Path(__file__).parent / "results" / "feature_page.json"
GOALS = {"transferred_bytes": 250_000, "cold_ms": 800, "warm_ms": 400, "tokens_ms": 150}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WINDOW, TOKENS_A_ROW, ROWS = {"width": 1440, "height": 900}, 128, 40
EXAMPLE = ".examples .strip-row"
PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"
UNTIL = """([press, changed]) => new Promise(done => {
  const strip = document.querySelector(".examples .strip");
  const isTitle = changed === "title";
  const read = () => (isTitle ? document.querySelector("h1")?.textContent : strip.dataset.layout);
  const before = read(), began = performance.now();
  const watch = new MutationObserver(() => {
    if (read() === undefined || read() === before) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began), 0));
  });
  if (isTitle) watch.observe(document.body, { subtree: true, childList: true, characterData: true });
  else watch.observe(strip, { attributes: true });
  document.querySelector(press).click();
})"""
"""Milliseconds from a click until what it changed is painted."""


@dataclass
class Traffic:
    """Bytes on the wire of every request of a page, and of socket frames before they are deflated."""

    requests: int = 0
    on_wire: int = 0
    socket_bytes: int = 0
    sent_at: float = 0.0
    answered_in: list[float] = field(default_factory=list)

    async def follow(self, page: Page) -> CDPSession:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        session.on("Network.loadingFinished", self._finished)
        page.on("websocket", self._socket)
        return session

    def _finished(self, event: dict[str, Any]) -> None:
        self.requests += 1
        self.on_wire += int(event["encodedDataLength"])

    def _socket(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda _: setattr(self, "sent_at", time.perf_counter()))
        socket.on("framereceived", self._frame)

    def _frame(self, payload: str | bytes) -> None:
        self.socket_bytes += len(payload)
        if "groups_rx_state_" in str(payload) and '"phase_rx_state_": "missing"' not in str(payload):
            self.answered_in.append(1000 * (time.perf_counter() - self.sent_at))


@asynccontextmanager
async def fresh_page(browser: Browser) -> AsyncIterator[Page]:
    """A page with an empty cache."""
    context = await browser.new_context(viewport=WINDOW)  # type: ignore[arg-type]
    yield await context.new_page()
    await context.close()


async def visit(browser: Browser, address: str, steps: int) -> dict[str, Any]:
    """One visitor: opens a feature with nothing cached, walks on `steps` times, reloads."""
    async with fresh_page(browser) as page:
        traffic = Traffic()
        await traffic.follow(page)
        await page.goto(address)
        await page.wait_for_selector(EXAMPLE)
        cold = float(await page.evaluate(PAINTED))
        await page.wait_for_timeout(1000)
        first = {"requests": traffic.requests, "bytes": traffic.on_wire, "socket_bytes": traffic.socket_bytes}
        traffic.answered_in.clear()
        walked = []
        for _ in range(steps):
            walked.append(float(await page.evaluate(UNTIL, ["[data-key~='j']", "title"])))
            await page.wait_for_timeout(150)
        server = list(traffic.answered_in)
        await page.reload()
        await page.wait_for_selector(EXAMPLE)
        return {
            "cold": cold,
            "first": first,
            "walked": walked,
            "server": server,
            "reload": await page.evaluate(PAINTED),
        }


async def draw(browser: Browser, address: str, *, every_token_fires: bool) -> tuple[int, float]:
    """Tokens and milliseconds of drawing whole windows, with the feature's own examples or with worse ones."""
    async with fresh_page(browser) as page:
        if every_token_fires:
            await page.route_web_socket("**/_rx/_event/**", worst_case)
        await page.goto(address)
        await page.wait_for_selector(EXAMPLE)
        took = float(await page.evaluate(UNTIL, [".example-bar .seg button:last-child", "layout"]))
        return await page.evaluate(COUNT), took


COUNT = """() => [...document.querySelectorAll(".examples .whole")]
  .reduce((sum, row) => sum + (row.querySelectorAll(".run > [data-i]").length), 0)"""


def worst_case(browser_side: WebSocketRoute) -> None:
    """Pass frames on; the examples in them become `ROWS` windows in which every token fires."""
    server_side = browser_side.connect_to_server()
    browser_side.on_message(server_side.send)
    server_side.on_message(lambda message: browser_side.send(with_rows(message)))


def with_rows(message: str | bytes) -> str | bytes:
    text = message if isinstance(message, str) else message.decode()
    if '"groups_rx_state_"' not in text or "[" not in text:
        return message
    head, _, body = text.partition("[")
    event = json.loads("[" + body)
    for values in event[1].get("delta", {}).values():
        if values.get("groups_rx_state_"):
            values["groups_rx_state_"] = [{"title": "", "note": "", "rows": [firing_row(i) for i in range(ROWS)]}]
    return head + json.dumps(event)


def firing_row(number: int) -> dict[str, Any]:
    values = [part for i in range(TOKENS_A_ROW) for part in (i, 1 + (i * 7 + number) % 50)]
    return {"t": " token" * TOKENS_A_ROW, "n": "6" * TOKENS_A_ROW, "v": values, "p": 8, "m": 50, "k": 0, "s": []}


async def json_times(url: str, feature: str, count: int = 100) -> list[float]:
    """Milliseconds of reading the same feature from the API, one after the other."""
    found = []
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(count):
            began = time.perf_counter()
            (await client.get(f"/api/feature/{feature}")).raise_for_status()
            found.append(1000 * (time.perf_counter() - began))
    return found


def spread(numbers: list[float]) -> dict[str, float]:
    """Best, median and worst, one decimal."""
    return {
        "best": round(min(numbers), 1),
        "median": round(statistics.median(numbers), 1),
        "worst": round(max(numbers), 1),
        "n": len(numbers),
    }


async def measure(url: str, feature: str, visits: int) -> dict[str, Any]:
    address, load_before = f"{url}/{feature}", os.getloadavg()[0]
    executable = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        await visit(browser, address, 1)
        walks = [await visit(browser, address, 5) for _ in range(visits)]
        own = [await draw(browser, address, every_token_fires=False) for _ in range(visits)]
        worst = [await draw(browser, address, every_token_fires=True) for _ in range(visits)]
        version = browser.version
        await browser.close()
    return {
        "feature": feature,
        "goals": GOALS,
        "transferred": walks[-1]["first"] | {"note": "socket_bytes before deflate; bytes on the wire"},
        "server_ms": spread([one for walk in walks for one in walk["server"]]),
        "api_json_ms": spread(await json_times(url, feature)),
        "cold_ms": spread([walk["cold"] for walk in walks]),
        "reload_ms": spread([walk["reload"] for walk in walks]),
        "next_feature_ms": spread([one for walk in walks for one in walk["walked"]]),
        "draw_own_windows_ms": spread([took for _, took in own]),
        "draw_worst_case": {"tokens": worst[0][0], "ms": spread([took for _, took in worst])},
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "chromium": version,
            "load_before": round(load_before, 1),
            "load_after": round(os.getloadavg()[0], 1),
        },
        "date": time.strftime("%Y-%m-%d"),
    }


@contextmanager
def site(url: str) -> Iterator[str]:
    """Address of a site: the given one, or of one that is started with the demo's data and stopped at the end."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="memicos-page-") as folder:
        settings = {"DATA_DIR": f"{folder}/data", "WEB_DIR": f"{folder}/web"}
        with running(COMMAND, ROOT, settings) as (own, _):
            wait_for_demo(own)
            yield own


def wait_for_demo(url: str) -> None:
    """Return when the demo's features are there: the page is reached before they are imported."""
    while not httpx.get(f"{url}/api/feature/smollm2-135m-it/15-res-4k/12").is_success:
        time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="", help="of a running site; empty: start one")
    parser.add_argument("--feature", default="smollm2-135m-it/15-res-4k/12")
    parser.add_argument("--visits", type=int, default=5)
    given = parser.parse_args()
    with site(given.url.rstrip("/")) as url:
        found = asyncio.run(measure(url, given.feature, given.visits))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
