"""Texts on the feature page: tests of own text, and texts of a dataset that attack the page."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import dataset
from tests.browser.conftest import DESKTOP, scrolls_sideways, watched_page
from tests.browser.feature_page import SOURCE, opened, told
from tests.running import RunningSite

TEXT = "The total expenditure of the state was $3,000 that year."


async def test_own_text_is_tested_shared_and_carried_along(
    inference: RunningSite, page: Page, browser: Browser
) -> None:
    await opened(page)
    await page.keyboard.press("t")
    await expect(page.locator("#test-text")).to_be_focused()
    await page.keyboard.type(TEXT)
    await page.keyboard.press("Control+Enter")
    result = page.locator(".test-result")
    await expect(result).to_contain_text(TEXT, timeout=60_000)
    await expect(result.locator(".chip")).to_have_text(re.compile(r"^[\d.]+ m?s$"))
    strongest = await result.locator(".strip-value").text_content()
    assert float(strongest or "") > 0
    own = page.locator(".tested-texts")
    await own.locator("summary").click()
    await expect(own.locator("li")).to_have_count(1)
    await expect(own.locator("li")).to_contain_text(TEXT)
    await expect(own.locator("li b")).to_have_text(strongest or "")
    await expect(page).to_have_url(re.compile("defaulttesttext="))
    assert parse_qs(urlsplit(page.url).query)["defaulttesttext"] == [TEXT]
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Share").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    shared = await page.evaluate("navigator.clipboard.readText()")
    assert shared == page.url
    async with watched_page(browser, inference, viewport=DESKTOP) as other:
        await other.goto(shared)
        await expect(other.locator("#test-text")).to_have_value(TEXT)
        await expect(other.locator(".test-result .strip-value")).to_have_text(strongest, timeout=60_000)
    await page.get_by_role("link", name="Next").click()
    await page.wait_for_url(re.compile(rf"{SOURCE}/13\?defaulttesttext="))
    await expect(page.locator("#test-text")).to_have_value(TEXT)
    await expect(result).to_contain_text(TEXT, timeout=60_000)
    await expect(own).to_have_count(0)  # what an address brought was not typed here
    await page.get_by_role("button", name="Reset").click()
    await expect(result).to_have_count(0)
    await expect(page.locator("#test-text")).to_have_value("")
    await expect(page).to_have_url(re.compile(rf"{SOURCE}/13$"))
    await page.get_by_role("link", name="Prev").click()
    await own.locator("summary").click()
    await own.get_by_title("Test it again").click()
    await expect(result).to_contain_text(TEXT, timeout=60_000)
    await own.get_by_role("button", name="Forget all").click()
    await expect(own).to_have_count(0)


async def test_an_example_is_tested_and_gives_its_own_value_again(inference: RunningSite, page: Page) -> None:
    await opened(page)
    row = page.locator(".examples .strip-row").first
    await row.hover()
    await expect(row.locator(".strip-value")).to_have_text(re.compile(r"\d"))
    stored = float(await row.locator(".strip-value").text_content() or "")
    await row.get_by_role("button", name="Test this text").click()
    result = page.locator(".test-result")
    await expect(result).to_be_visible(timeout=60_000)
    await expect(result.locator(".strip-value")).to_have_text(re.compile(r"\d"))
    assert float(await result.locator(".strip-value").text_content() or "") == pytest.approx(stored, rel=0.02)


async def test_a_text_that_cannot_be_tested_gets_a_sentence(inference: RunningSite, page: Page) -> None:
    await opened(page)
    await page.locator("#test-text").fill("word " * 3900)
    await page.get_by_role("button", name="Test", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("token", timeout=60_000)


@pytest.mark.parametrize("index", [dataset.MARKUP, dataset.REVERSED, dataset.LONG, dataset.TOKENS])
async def test_hostile_texts_are_shown_as_text(page: Page, index: int) -> None:
    await opened(page, f"{SOURCE}/{index}")
    await page.get_by_role("button", name="Full", exact=True).click()
    await expect(page.locator(".examples .strip")).to_have_attribute("data-layout", "full")
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("main img, main script").count() == 0
    assert not await scrolls_sideways(page)
    shown = await page.locator("main").inner_text()
    if index == dataset.MARKUP:
        assert dataset.ATTACKS[index] in await page.get_by_role("heading", level=1).inner_text()
    if index == dataset.TOKENS:
        assert dataset.PIXEL in shown
        assert "‹RLO›" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\u0000]", shown)


async def test_a_hostile_token_is_text_in_the_tooltip_too(page: Page) -> None:
    await opened(page, f"{SOURCE}/{dataset.TOKENS}")
    await page.get_by_role("button", name="Full", exact=True).click()
    await expect(page.locator(".examples .strip")).to_have_attribute("data-layout", "full")
    row = page.locator(".examples .strip-row").first
    await row.hover()
    assert (await told(page, row.locator("[data-i='0']")))["token"] == dataset.PIXEL.replace("  ", " ")
    assert await page.evaluate("window.hacked") is None
