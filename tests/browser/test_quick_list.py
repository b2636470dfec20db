"""A list out of the address: reordered and shortened by it, tested on one text, hostile words as text."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, quote, urlsplit

from playwright.async_api import Page, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways
from tests.running import RunningSite

ANSWER = 60_000


def address(*features: object, name: str = "") -> str:
    return f"/quick-list?name={quote(name)}&features={quote(json.dumps(features))}"


def feature(index: int) -> dict[str, object]:
    return {"modelId": dataset.MODEL, "layer": dataset.SOURCE, "index": str(index)}


async def titles(page: Page) -> list[str]:
    return await page.locator(".fc-meta .mono b").all_inner_texts()


async def listed(page: Page, *features: object) -> None:
    """Wait until the address holds these features."""
    await page.wait_for_url(lambda url: json.loads(parse_qs(urlsplit(url).query)["features"][0]) == [*features])


async def test_the_address_is_the_list(page: Page) -> None:
    await page.goto(address(feature(10), feature(12), feature(20), name="Three of them"))
    await expect(page).to_have_title("Three of them · MemicOS")
    cards = page.locator(".feature-card")
    await expect(cards).to_have_count(3)
    await expect(cards.first.locator(".fc-example").first).to_be_visible()
    await cards.nth(2).get_by_role("button", name="Move up").click()
    await expect(page.locator(".fc-meta .mono b").nth(1)).to_have_text("20")
    await listed(page, f"{dataset.MODEL}/{dataset.SOURCE}/10", 20, 12)
    await cards.first.get_by_role("button", name="Remove").click()
    await expect(cards).to_have_count(2)
    await listed(page, f"{dataset.MODEL}/{dataset.SOURCE}/20", 12)
    await page.reload()
    await expect(cards).to_have_count(2)
    assert await titles(page) == ["20", "12"]


async def test_hostile_words_are_text(page: Page) -> None:
    attack = {**feature(dataset.MARKUP), "description": dataset.PIXEL}
    nowhere = {**feature(1), "layer": "9-none", "description": dataset.PIXEL}
    await page.goto(address(attack, nowhere, name=dataset.PIXEL))
    await expect(page.get_by_role("heading", level=1)).to_have_text(dataset.PIXEL)
    await expect(page.locator(".feature-card")).to_have_count(2)
    await expect(page.locator(".feature-card").nth(1)).to_contain_text(dataset.PIXEL)
    await expect(page.locator(".feature-card").nth(1)).to_contain_text("no dashboard here")
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("main img").count() == 0


async def test_what_is_no_list_says_so(page: Page) -> None:
    await page.goto("/quick-list?features=nonsense")
    await expect(page.get_by_role("alert")).to_contain_text("features is no JSON")
    await page.goto("/quick-list")
    await expect(page.get_by_text("This list is empty")).to_be_visible()


async def test_a_text_is_tested_on_all(page: Page, inference: RunningSite) -> None:
    await page.goto(address(feature(12), feature(20)))
    await page.get_by_label("Text to test on all features").fill("The expenditures of the city grew.")
    await page.get_by_role("button", name="Test", exact=True).click()
    await expect(page).to_have_url(re.compile("defaulttesttext="))
    own = page.locator(".fc-own")
    await expect(own).to_have_count(2, timeout=ANSWER)
    assert float(await own.first.locator("b").inner_text()) > 0
    await expect(own.first).to_contain_text("expenditures")


async def test_a_phone(phone: Page) -> None:
    await phone.goto(address(feature(10), feature(dataset.LONG)))
    await expect(phone.locator(".feature-card")).to_have_count(2)
    assert not await scrolls_sideways(phone)
