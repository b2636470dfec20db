"""From the home page to a feature: what a visitor does first."""

from __future__ import annotations

from playwright.async_api import Page, expect


async def test_home_tells_what_there_is(page: Page) -> None:
    await page.goto("/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look inside a language model")
    await expect(page.locator(".meta")).to_contain_text("130 features")
