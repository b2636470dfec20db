"""A built and served site with real data, and Chromium looking at it.

Every page that a test opens is watched: a request to another origin, an error in the console or an uncaught
exception fails the test.
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    async_playwright,
    expect,
)

from memicos_app.db import session
from memicos_app.library.accounts import sessions
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders import filling
from memicos_app.settings import get_settings
from memicos_app.site import frontend
from tests import packaged
from tests.browser import dataset
from tests.browser.peopled import UNTOUCHED as UNTOUCHED
from tests.browser.peopled import Peopled
from tests.browser.peopled import peopled as peopled
from tests.conftest import PostgresServer, fresh_database, settle
from tests.running import RunningSite, running_site

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WORKER_SECONDS = 180
ANSWER = 60_000
"""Milliseconds for an answer of the worker, which may load an SAE for it."""
HERE = Path(__file__).parent
PATIENCE = 20_000
"""Milliseconds that a page may take to show something; a loaded machine is slow, a broken page never does."""
expect.set_options(timeout=PATIENCE)
ALIVE = """() => {
    const dot = document.querySelector("header .dot");
    if (dot) return /^dot (ok|busy|off)$/.test(dot.className);
    const part = document.querySelector("main");
    return part !== null && Object.keys(part).some((key) => key.startsWith("__react"));
}"""
"""Whether React listens, and the site answered: the bar knows how the worker is. An embedded page has no bar."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests share one event loop, because they share one browser."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@dataclass
class Watched:
    """What a page did that no page may do."""

    origin: str
    faults: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"http://{parts.netloc}" != self.origin:
            self.faults.append(f"left the origin: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        left_early = "WebSocket is closed before the connection is established" in message.text
        if message.type in ("error", "warning") and not left_early:
            self.faults.append(f"console {message.type}: {message.text}")


@pytest.fixture(scope="session")
def demo_origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder with a small part of the demo."""
    origins = [Path(origin) for origin in get_settings().dataset_origins]
    whole = next((one for one in origins if (one / "v1" / dataset.MODEL / dataset.SOURCE).is_dir()), None)
    assert whole is not None, f"none of {origins} holds the demo dataset"
    return dataset.make(whole, tmp_path_factory.mktemp("origin") / "datasets")


@pytest.fixture(scope="session")
def browser_database(postgres_server: PostgresServer, demo_origin: Path) -> str:
    """A database that holds the small demo; its address."""
    with fresh_database(postgres_server) as url:
        settle(import_source(demo_origin, dataset.MODEL, dataset.SOURCE))
        settle(filling.embed_explanations())
        settle(session.dispose())
        for name in ("browser", UNTOUCHED):
            postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {urlsplit(url).path.strip('/')}")
    return postgres_server.url("browser")


@pytest.fixture(scope="session")
def site(browser_database: str, demo_origin: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """The whole site as `memicos serve` runs it, with its worker and a model that need not be converted again."""
    if not frontend.is_current():
        frontend.build()
    folder = tmp_path_factory.mktemp("site")
    (folder / "models").symlink_to(packaged.models(), target_is_directory=True)
    origins, web_dir = str(demo_origin), str(frontend.web_dir())
    settings = {"DATASET_ORIGINS": origins, "WEB_DIR": web_dir, "INFERENCE_SERVER_SECRET": secrets.token_hex()}
    with running_site(folder, DATABASE_URL=browser_database, **settings) as served:
        yield served


@pytest.fixture(scope="session")
def inference(site: RunningSite) -> RunningSite:
    """The site once its worker is ready; ask for it in tests that steer or test activations."""
    end = time.monotonic() + WORKER_SECONDS
    while time.monotonic() < end:
        if httpx.get(f"{site.url}/api/status", timeout=10).json()["worker"]["ready"]:
            return site
        time.sleep(0.5)
    raise AssertionError(f"the worker was not ready in {WORKER_SECONDS} s:\n{site.log.read_text()}")


def executable(playwright: Playwright) -> str:
    """Path of a Chromium: the system's, else Playwright's own."""
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), playwright.chromium.executable_path)
    assert Path(found).is_file(), "no Chromium: `apt-get install chromium` or `playwright install chromium`"
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=executable(playwright), args=FLAGS)
        yield opened
        await opened.close()


@asynccontextmanager
async def watched_page(browser: Browser, site: RunningSite, **options: object) -> AsyncIterator[Page]:
    """A page in a context of its own; at the end it must have behaved."""
    context: BrowserContext = await browser.new_context(base_url=site.url, **options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    watched = Watched(site.url)
    page = await context.new_page()
    watched.follow(page)
    wait_for_life(page)
    yield page
    await context.close()
    assert watched.faults == []


@asynccontextmanager
async def opened_by(
    browser: Browser, peopled: Peopled, who: str = "", viewport: dict[str, int] = DESKTOP
) -> AsyncIterator[Page]:
    """A page of somebody's; of a visitor, where nobody is named."""
    async with watched_page(browser, peopled.site, viewport=viewport, has_touch=viewport is PHONE) as page:
        if who:
            cookie = {"name": sessions.COOKIE, "value": peopled.tokens[who], "url": peopled.site.url}
            await page.context.add_cookies([cookie])  # type: ignore[list-item]
        yield page


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, site: RunningSite) -> AsyncIterator[Page]:
    """A desktop window, 1440 x 900."""
    async with watched_page(browser, site, viewport=DESKTOP) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, site: RunningSite) -> AsyncIterator[Page]:
    """A phone, 390 x 844, with touch."""
    async with watched_page(browser, site, viewport=PHONE, has_touch=True) as opened:
        yield opened


def wait_for_life(page: Page) -> None:
    """Have `goto` and `reload` return when the page is alive: what was prerendered hears no click and no key."""
    opening: dict[str, Callable[..., Awaitable[Response | None]]] = {"goto": page.goto, "reload": page.reload}

    def patient(name: str) -> Callable[..., Awaitable[Response | None]]:
        async def open_and_wait(*arguments: Any, **options: Any) -> Response | None:
            answer = await opening[name](*arguments, **options)
            if not urlsplit(page.url).path.startswith("/api/"):
                await page.wait_for_function(ALIVE)
            return answer

        return open_and_wait

    for name in opening:
        setattr(page, name, patient(name))


async def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(await page.evaluate("document.documentElement.scrollWidth > innerWidth"))


async def settled(page: Page) -> None:
    """Wait until the page is alive: what was prerendered does not listen to keys before."""
    await expect(page.locator("header .dot")).to_have_class(re.compile("dot (ok|busy|off)"))
