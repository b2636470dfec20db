"""One walk through everything: from the home page to a steered text and back by its link."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.browser import dataset
from tests.browser.test_steer import finished, steered
from tests.running import RunningSite

WRITING = 60_000


async def test_from_home_to_a_shared_steered_text(page: Page, inference: RunningSite) -> None:
    await page.goto("/")
    await page.locator(f"main a[href='/{dataset.MODEL}']").first.click()
    await expect(page).to_have_url(re.compile(f"/{dataset.MODEL}$"))
    await page.locator(f"main a[href='/{dataset.MODEL}/{dataset.SOURCE}']").first.click()
    await expect(page).to_have_url(re.compile(f"/{dataset.MODEL}/{dataset.SOURCE}$"))

    row = page.locator("[data-item]").nth(12)
    await expect(row).to_be_visible()
    await row.click()
    await expect(page).to_have_url(re.compile(rf"/{dataset.SOURCE}/\d+$"))
    await expect(page.locator(".strip-row").first).to_be_visible()

    await page.keyboard.press("t")
    await page.keyboard.type("Energy from the sun reaches the houses of the city.")
    await page.keyboard.press("Control+Enter")
    await expect(page).to_have_url(re.compile("defaulttesttext="), timeout=WRITING)

    await page.get_by_role("link", name=re.compile("^Steer")).last.click()
    await expect(page).to_have_url(re.compile("/steer\\?source="))
    await expect(page.locator(".steer-feature")).to_have_count(1)
    _, before = await finished(page)

    slider = page.locator(".steer-feature input[type=range]")
    await slider.fill(str(float(await slider.get_attribute("max") or 0) * 0.9))
    await expect(steered(page)).not_to_have_text(before, timeout=WRITING)
    _, after = await finished(page)

    await page.get_by_role("button", name="Share").click()
    await expect(page).to_have_url(re.compile("saved="))
    await page.goto(urlsplit(page.url)._replace(scheme="", netloc="").geturl())
    await expect(steered(page)).to_have_text(after)
