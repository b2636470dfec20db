"""Explanations in the browser: one's own words on a feature's page, and the page of a way of explaining."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways, settled

FEATURE = f"/{dataset.MODEL}/{dataset.SOURCE}/{dataset.PLAIN}"
WORDS = "a <b>word</b> of my own"


async def write(page: Page, words: str) -> None:
    await page.get_by_label("In your own words").fill(words)
    await page.locator(".own-words").get_by_role("button", name="Keep").click()


async def test_own_words_are_written_changed_found_by_type_and_deleted(page: Page) -> None:
    await page.goto(FEATURE)
    await settled(page)
    title = page.get_by_role("heading", level=1)
    before = await title.inner_text()
    await write(page, WORDS)
    await expect(title).to_have_text(WORDS)
    await expect(page.get_by_label("In your own words")).to_have_value("")
    await write(page, WORDS)
    await expect(page.get_by_role("alert")).to_have_text(
        "This feature has these very words already, written by hand."
    )
    await page.get_by_role("button", name=f"Change: {WORDS}").click()
    await page.get_by_label("Other words for this explanation").fill("other words")
    await page.locator("li .own-words").get_by_role("button", name="Keep").click()
    await expect(title).to_have_text("other words")

    await page.locator(".feature-title").get_by_role("link", name="Written by hand").click()
    await expect(title).to_have_text("Written by hand")
    newest = page.get_by_role("list", name="Newest explanations").get_by_role("listitem").first
    await expect(newest).to_contain_text("other words")
    await newest.get_by_role("link").click()
    await expect(title).to_have_text("other words")

    await page.get_by_role("button", name="Delete: other words").click()
    await page.get_by_role("button", name="Delete for good").click()
    await expect(title).to_have_text(before)


async def test_a_way_of_explaining_that_is_none_leads_to_those_there_are(page: Page) -> None:
    await page.goto("/explanation-type/none")
    await expect(page.get_by_role("heading", level=1)).to_have_text("No such way of explaining")
    await page.get_by_role("link", name="Written by hand").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Written by hand")


async def test_nothing_scrolls_sideways_on_a_phone(phone: Page) -> None:
    for address in (FEATURE, "/explanation-type/top-tokens"):
        await phone.goto(address)
        await settled(phone)
        await expect(phone.get_by_role("heading", level=1)).to_be_visible()
        assert not await scrolls_sideways(phone)
