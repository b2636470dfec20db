"""Contrastive search in the browser: two sides typed, compared, opened, and all of it in the address."""

from __future__ import annotations

import re
from urllib.parse import quote

from playwright.async_api import Page, expect

from tests.browser.conftest import ANSWER, scrolls_sideways, settled
from tests.running import RunningSite

FRENCH = ("Le traité fut signé à Paris.", "Il fait très beau aujourd'hui.")
ENGLISH = ("The treaty was signed in Paris.", "The weather is very fine today.")


async def test_two_sides_and_what_tells_them_apart(page: Page, inference: RunningSite) -> None:
    await page.goto("/search")
    await settled(page)
    await page.get_by_role("navigation", name="Ways of searching").get_by_role("link", name="Contrast").click()
    await expect(page).to_have_url(re.compile("/search-contrast$"))
    first, second = page.get_by_role("group", name="First side"), page.get_by_role("group", name="Second side")
    await expect(page.locator(".seg.wrap button").first).to_be_visible()
    await first.get_by_role("textbox").fill(FRENCH[0])
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Each side needs a text.")).to_be_visible()
    await second.get_by_role("textbox").fill(ENGLISH[0])
    await first.get_by_role("button", name="+ another text").click()
    await first.get_by_role("textbox").nth(1).fill(FRENCH[1])
    await expect(first.get_by_role("textbox").first).to_have_value(FRENCH[0])
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("2 against 1 texts, 1 source")).to_be_visible(timeout=ANSWER)

    of_first, of_second = page.get_by_label("More on the first side"), page.get_by_label("More on the second side")
    found = await of_first.get_by_role("listitem").count()
    assert found == 25
    best = await of_first.locator("[data-item]").first.get_attribute("href")
    await page.get_by_role("button", name="Change the sides over").click()
    await expect(first.get_by_role("textbox").first).to_have_value(ENGLISH[0])
    await expect(of_second.locator(f"[href^='{str(best).partition('?')[0]}?']")).to_be_visible(timeout=ANSWER)

    bars = of_first.get_by_role("button", name=re.compile("against")).first
    await bars.click()
    await expect(bars).to_have_attribute("aria-expanded", "true")
    await expect(page.get_by_text("First side", exact=True)).to_have_count(2)
    await expect(of_first.locator(".strip-row")).to_have_count(3)
    await page.get_by_role("button", name="How often").click()
    await expect(page).to_have_url(re.compile("measure=share"))
    await expect(page.get_by_role("button", name=re.compile("% against")).first).to_be_visible(timeout=ANSWER)


async def test_on_a_phone_by_its_address(phone: Page, inference: RunningSite) -> None:
    hostile = quote("<img src=x onerror=alert(1)>")
    await phone.goto(f"/search-contrast?first={quote(FRENCH[0])}&second={hostile}&measure=mean&dense=true")
    await expect(phone.get_by_label("More on the first side").get_by_role("listitem").first).to_be_visible(
        timeout=ANSWER
    )
    await expect(phone.get_by_label("Hide dense features")).not_to_be_checked()
    assert not await scrolls_sideways(phone)
