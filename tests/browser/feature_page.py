"""Ways around the feature page for tests that look at it."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from tests.browser import dataset

SOURCE = f"/{dataset.MODEL}/{dataset.SOURCE}"
FEATURE = f"{SOURCE}/12"


async def opened(page: Page, path: str = FEATURE) -> Page:
    await page.goto(path)
    await expect(page.locator(".strip-row").first).to_be_visible()
    return page


async def rows(page: Page) -> int:
    return await page.locator(".examples .strip-row").count()


async def told(page: Page, token: Locator) -> dict[str, str]:
    """What the tooltip says of a token."""
    await token.hover()
    tip = page.locator(".token-tip")
    await expect(tip).to_be_visible()
    parts = await tip.locator("span").all_inner_texts()
    return dict(zip(("token", "value", "place"), parts, strict=True))


async def peak_edges(page: Page) -> list[float]:
    """Where the peak of each example begins, in pixels from the left."""
    peaks = page.locator(".examples .strip-right")
    return [float(x) for x in await peaks.evaluate_all("all => all.map(one => one.getBoundingClientRect().x)")]
