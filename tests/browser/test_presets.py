"""The owner's page of presets in a browser: written, found on the steer page, changed and taken away."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways

PRESETS = "/admin/presets"


async def opened(page: Page) -> None:
    await page.goto(PRESETS)
    await expect(page.get_by_role("row", name=re.compile("twelve"))).to_be_visible()


async def test_a_preset_is_written_changed_and_removed(page: Page) -> None:
    await opened(page)
    assert await page.evaluate("window.hacked") is None, "names are text"
    await page.get_by_label("Name").fill("Twelve, sometimes <b>")
    await page.get_by_label("Features").fill("energy")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("alert")).to_contain_text("15-res-4k/53 120")
    await expect(page.get_by_label("Name")).to_have_value("Twelve, sometimes <b>")
    await page.get_by_label("Features").fill(f"{dataset.SOURCE}/12 80")
    await page.get_by_label("Only where").fill(f"{dataset.SOURCE}/20 > 1.5")
    await page.get_by_label("Stop at").fill("\\n")
    await page.get_by_role("button", name="Keep").click()
    row = page.get_by_role("row", name=re.compile("Twelve, sometimes"))
    await expect(row).to_contain_text(f"{dataset.SOURCE}/12 × 80")
    await expect(row).to_contain_text(f"only where {dataset.SOURCE}/20 > 1.5")
    await expect(page.get_by_label("Name")).to_have_value("")
    await row.get_by_role("button", name="Edit").click()
    await expect(page.get_by_label("Stop at")).to_have_value("\\n")
    await expect(page.get_by_label("Only where")).to_have_value(f"{dataset.SOURCE}/20 > 1.5")
    await page.get_by_label("Address").fill("twelve")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("alert")).to_contain_text("Another preset")
    await page.get_by_label("Address").fill("sometimes")
    await page.get_by_role("button", name="Keep").click()
    await row.get_by_role("link", name="sometimes", exact=True).click()
    await expect(page).to_have_url(re.compile(r"/steer\?preset=sometimes$"))
    await expect(page.locator(".steer-feature input[type=range]")).to_have_value("80")
    await page.goto(PRESETS)
    await row.get_by_role("button", name="Remove").click()
    await expect(row).to_have_count(0)


async def test_on_a_phone_the_page_fits(phone: Page) -> None:
    await opened(phone)
    assert not await scrolls_sideways(phone)
    await expect(phone.get_by_label("Only where")).to_be_visible()
