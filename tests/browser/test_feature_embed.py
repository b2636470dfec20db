"""The feature page inside another one: its switches, and the dialog that makes the iframe."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.feature_page import FEATURE, opened
from tests.running import RunningSite

PARTS = {
    "embedexplanation": "h1",
    "embedplots": ".logits",
    "embedactivations": ".examples",
    "embedtest": ".test",
    "embedtestfield": "#test-text",
    "embedsteer": "text=Steer",
    "embedlink": "text=Open ↗",
}


@pytest.mark.parametrize("part", PARTS)
async def test_each_part_of_an_embedded_feature_is_switched_off(page: Page, part: str) -> None:
    await page.goto(f"{FEATURE}?embed=true")
    for selector in PARTS.values():
        if selector != "text=Steer":
            await expect(page.locator(selector).first).to_be_visible()
    await expect(page.locator(".nav, .foot, .actions")).to_have_count(0)
    await page.goto(f"{FEATURE}?embed=true&{part}=false")
    await expect(page.locator(".shell.embed h1, .shell.embed .card").first).to_be_visible()
    await expect(page.locator(PARTS[part])).to_have_count(0)
    others = {other: selector for other, selector in PARTS.items() if other != part}
    if part == "embedtest":
        del others["embedtestfield"]
    for selector in others.values():
        await expect(page.locator(selector).first).to_be_visible()


async def test_an_embedded_feature_tests_a_text_without_a_field(inference: RunningSite, page: Page) -> None:
    await page.goto(f"{FEATURE}?embed=true&embedtestfield=false&embedplots=false&defaulttesttext=the+expenditure")
    await expect(page.locator(".test-result")).to_contain_text("expenditure", timeout=60_000)
    await expect(page.locator("#test-text")).to_have_count(0)


async def test_the_embed_dialog_makes_an_iframe_that_works(page: Page, site: RunningSite) -> None:
    await opened(page)
    await page.get_by_role("button", name="Embed").click()
    await page.get_by_label("plots").click()
    await expect(page.get_by_label("plots")).not_to_be_checked()
    address = f"{site.url}{FEATURE}?embed=true&embedplots=false"
    await expect(page.locator("#embed-html")).to_contain_text(f'src="{address.replace("&", "&amp;")}"')
    html = await page.locator("#embed-html").inner_text()
    await page.keyboard.press("Escape")
    await page.evaluate("html => { document.querySelector('main').innerHTML = html }", html)
    frame = page.frame_locator("main iframe")
    await expect(frame.locator(".examples .strip-row").first).to_be_visible()
    await expect(frame.locator(".logits")).to_have_count(0)
