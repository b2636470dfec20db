"""Two web processes behind a balancer, what pages hold in a real Redis: one may end, and nobody loses anything."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from memicos_app.site import frontend
from tests.browser import dataset
from tests.browser.balancer import balancing
from tests.browser.conftest import DESKTOP, settled
from tests.running import RunningSite, free_port, running_site
from tests.site.redis_server import running_redis

SITES = tuple[RunningSite, RunningSite]


@pytest.fixture
def sites(browser_database: str, tmp_path: Path) -> Iterator[SITES]:
    """Two web processes alone: the worker would be elsewhere, jobs are done elsewhere."""
    if not frontend.is_current():
        frontend.build()
    with running_redis(tmp_path) as redis_url:
        shared = {
            "DATABASE_URL": browser_database,
            "WEB_DIR": str(frontend.web_dir()),
            "REDIS_URL": redis_url,
            "INFERENCE_URLS": f"http://127.0.0.1:{free_port()}",
            "JOBS_LOCAL": "false",
        }
        with (
            running_site(tmp_path / "one", **shared) as one,
            running_site(tmp_path / "two", **shared) as two,
        ):
            yield one, two


async def test_a_page_goes_on_where_another_process_was(sites: SITES, browser: Browser) -> None:
    one, two = sites
    async with balancing(int(one.environment["PORT"])) as balancer:
        context = await browser.new_context(base_url=balancer.address, viewport=DESKTOP)  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(f"/{dataset.MODEL}/steer")
        await settled(page)
        await add(page, "15/20")
        balancer.port = int(two.environment["PORT"])
        assert one.stop(signal.SIGTERM) == 0
        await settled(page)
        await add(page, "15/10", before=1)
        await context.close()
    assert "Traceback" not in two.log.read_text()


async def add(page: Page, place: str, before: int = 0) -> None:
    """Add a feature to those that are steered, beside `before` others."""
    features = page.locator(".steer-feature")
    await expect(features).to_have_count(before)
    await page.get_by_label("Add a feature").fill(place)
    await page.locator(".steer-add [role=option]").first.click()
    await expect(features).to_have_count(before + 1)
    await expect(features.last).to_contain_text(re.compile(place.rpartition("/")[2]))
