"""Searches by text in the browser: over sources, sorted by tokens, and token by token."""

from __future__ import annotations

import re
from urllib.parse import quote

from playwright.async_api import Page, expect

from tests.browser.conftest import scrolls_sideways, settled
from tests.running import RunningSite

TEXT = "The treaty was signed in Paris, and the war was over."


async def test_a_text_its_features_and_the_tokens_to_sort_by(page: Page, inference: RunningSite) -> None:
    await page.goto("/search-explanations")
    await settled(page)
    await page.get_by_role("navigation", name="Ways of searching").get_by_role("link", name="By text").click()
    await expect(page).to_have_url(re.compile("/search$"))
    await expect(page.locator(".seg.wrap button").first).to_be_visible()
    await page.get_by_label("Text to search").fill(TEXT)
    await page.keyboard.press("Control+Enter")
    rows = page.locator("tbody tr")
    await expect(rows.first).to_be_visible()
    values = [float(one) for one in await page.locator(".f-max").all_inner_texts()]
    assert values == sorted(values, reverse=True)
    everything = await rows.count()
    await page.get_by_role("group", name="Tokens of the text").get_by_role("button", name="Paris").click()
    await expect(page).to_have_url(re.compile(r"sortIndexes=%5B6%5D"))
    await expect(page.get_by_text("Strongest on “Paris”")).to_be_visible()
    await expect(page.get_by_role("button", name="Paris")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".kwic-after .tok:first-child").first).to_have_text(" Paris")
    assert await rows.count() <= everything
    await page.get_by_role("button", name="All tokens").click()
    await expect(page).not_to_have_url(re.compile("sortIndexes"))
    await page.get_by_label("Hide dense features").uncheck()
    await expect(page).to_have_url(re.compile("dense=true"))
    await page.get_by_label("Ignore BOS").uncheck()
    await expect(page.locator(".pick").first).to_have_text("<|im_start|>")
    await expect(page.locator(".pick").first).to_be_disabled()


async def test_each_tokens_strongest_features(page: Page, inference: RunningSite) -> None:
    await page.goto(f"/search-topk-by-token?text={quote(TEXT)}&densityThreshold=0")
    tokens = page.locator(".by-token > li")
    await expect(tokens.first).to_be_visible()
    assert "".join(await page.locator(".by-string").all_inner_texts()).replace("·", " ") == TEXT
    await page.get_by_role("link", name="Strength").click()
    await expect(page).to_have_url(re.compile("sortBy=strength"))
    await expect(page.get_by_role("link", name="Strength")).to_have_attribute("aria-current", "true")
    mark = page.get_by_role("button", name=re.compile("Show where feature"))
    await mark.first.click()
    await expect(page.locator(".top-chip.is-marked").first).to_be_visible()


async def test_a_models_address_with_a_text_searches(phone: Page, inference: RunningSite) -> None:
    await phone.goto(f"/smollm2-135m-it?q={quote(TEXT)}")
    await expect(phone).to_have_url(re.compile(r"/search\?modelId=smollm2-135m-it&q="))
    await expect(phone.locator("tbody tr").first).to_be_visible()
    assert not await scrolls_sideways(phone)
    await phone.goto(f"/search-topk-by-token?text={quote('<img src=x onerror=alert(1)>')}")
    await expect(phone.locator(".by-token > li").first).to_be_visible()
    assert not await scrolls_sideways(phone)
