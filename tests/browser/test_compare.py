"""Comparing features and sources by address, from the pages that lead there, and what the worker adds."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser import dataset
from tests.browser.conftest import ANSWER, scrolls_sideways
from tests.running import RunningSite

TEXT = "The expenditures of the city grew, and the climate of the region was mild."
"""On which feature 12 fires as well as feature 16."""
PLACE = f"{dataset.MODEL}/{dataset.SOURCE}"


async def test_from_a_feature_to_a_comparison_on_own_text(page: Page, inference: RunningSite) -> None:
    await page.goto(f"/{PLACE}/12")
    await page.get_by_role("link", name="Compare", exact=True).click()
    await expect(page).to_have_url(re.compile(f"/compare\\?a={PLACE}/12$"))
    await expect(page.locator("input[name=a]")).to_have_value(f"{PLACE}/12")
    await page.locator("input[name=b]").fill(f"{PLACE}/16")
    await page.get_by_role("button", name="Compare", exact=True).click()
    await expect(page).to_have_url(re.compile(f"a={PLACE}/12&b={PLACE}/16$"))
    await expect(page.locator(".feature-card")).to_have_count(2)
    figures = page.locator(".stat b")
    await expect(figures.first).to_have_text(re.compile(r"^-?\d\.\d{3}$"), timeout=ANSWER)
    await page.get_by_label("Text to test on both").fill(TEXT)
    await page.get_by_role("button", name="Test", exact=True).click()
    await expect(figures.nth(1)).to_have_text(re.compile(r"^-?\d\.\d{3}$"), timeout=ANSWER)
    await expect(page.locator(".both-rows .strip-row")).to_have_count(2)
    await page.reload()
    await expect(figures.nth(1)).to_have_text(re.compile(r"^-?\d\.\d{3}$"), timeout=ANSWER)


async def test_a_feature_is_itself(page: Page, inference: RunningSite) -> None:
    await page.goto(f"/compare?a={PLACE}/12&b={PLACE}/12")
    await expect(page.locator(".stat b").first).to_have_text("1.000", timeout=ANSWER)


async def test_a_source_against_itself_matches_everywhere(page: Page, inference: RunningSite) -> None:
    await page.goto(f"/{PLACE}")
    await page.get_by_role("link", name="Compare", exact=True).click()
    await expect(page.locator("input[name=a]")).to_have_value(PLACE)
    await page.locator("input[name=b]").fill(PLACE)
    await page.get_by_role("button", name="Compare", exact=True).click()
    await expect(page.get_by_role("img", name="How strongly")).to_be_visible()
    await expect(page.locator(".stat b").first).to_have_text("100 %", timeout=ANSWER)
    row = page.locator(".pairs tbody tr").first
    await expect(row).to_contain_text("1.000")
    await page.get_by_role("button", name="least alike").click()
    await expect(page.get_by_role("button", name="least alike")).to_have_attribute("aria-pressed", "true")
    await row.get_by_role("link").click()
    await expect(page).to_have_url(re.compile(rf"a={PLACE}/\d+&b={PLACE}/\d+$"))


async def test_what_cannot_be_compared_says_why(page: Page) -> None:
    await page.goto(f"/compare?a={PLACE}&b={PLACE}/12")
    await expect(page.get_by_role("alert")).to_contain_text("A feature is compared with a feature")
    await page.goto(f"/compare?a={PLACE}&b={dataset.MODEL}/9-none")
    await expect(page.get_by_role("alert")).to_contain_text("has no source")


async def test_features_alike_in_other_sources(page: Page, inference: RunningSite) -> None:
    await page.goto(f"/{PLACE}/12")
    await page.get_by_role("button", name="Look in other sources").click()
    card = page.locator(".elsewhere")
    await expect(card).to_contain_text("2 of 2 sources", timeout=ANSWER)
    cosines = [float(one) for one in await card.locator("li .num").all_inner_texts()]
    assert len(cosines) == 10
    assert cosines == sorted(cosines, reverse=True)
    await page.keyboard.press("j")
    await expect(page).to_have_url(re.compile(f"{PLACE}/13$"))
    await expect(page.get_by_role("button", name="Look in other sources")).to_be_visible()


async def test_a_phone(phone: Page) -> None:
    await phone.goto(f"/compare?a={PLACE}/12&b={PLACE}/16")
    await expect(phone.locator(".feature-card")).to_have_count(2)
    assert not await scrolls_sideways(phone)
