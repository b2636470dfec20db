"""The home page: what there is, three ways to a feature, and steering that works."""

from __future__ import annotations

import re
from contextlib import suppress

from playwright.async_api import Page, expect

from tests.browser.conftest import scrolls_sideways
from tests.running import RunningSite

FEATURE = re.compile(r"/smollm2-135m-it/15-res-4k/\d+$")


async def test_it_says_what_it_is_and_what_there_is(page: Page) -> None:
    await page.goto("/")
    await expect(page).to_have_title("MemicOS")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Look inside a language model")
    await expect(page.locator(".meta")).to_contain_text("1 model")
    await expect(page.locator(".meta")).to_contain_text("130 features")
    await expect(page.get_by_role("link", name="SmolLM2 135M Instruct").first).to_be_visible()


async def test_jump_goes_to_the_feature(page: Page) -> None:
    await page.goto("/")
    await expect(page.get_by_label("Source")).to_have_value("15-res-4k")
    await page.get_by_label("Index").fill("42")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/smollm2-135m-it/15-res-4k/42$"))


async def test_a_random_feature_shows_where_it_leads(page: Page) -> None:
    await page.goto("/")
    card = page.locator(".lucky")
    await expect(card).to_have_attribute("href", FEATURE)
    before = await card.get_attribute("href")
    for _ in range(4):  # one of 130: the same twice is rare, four times impossible
        await page.keyboard.press("r")
        with suppress(AssertionError):
            await expect(card).not_to_have_attribute("href", str(before))
            break
    await expect(card).not_to_have_attribute("href", str(before))
    leads_to = str(await card.get_attribute("href"))
    await page.keyboard.press("o")
    await expect(page).to_have_url(re.compile(re.escape(leads_to)))


async def test_the_search_box_leads_to_results(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("searchbox", name="Search explanations", exact=True).fill("herself")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/search-explanations\?q=herself"))
    await expect(page.get_by_role("article").first).to_contain_text("herself")


async def test_the_panel_steers_and_a_moved_slider_changes_the_text(page: Page, inference: RunningSite) -> None:
    await page.goto("/")
    steered, plain = page.locator("[data-pane=steered]"), page.locator("[data-pane=plain]")
    await page.get_by_role("button", name="Run").click()
    await expect(steered).not_to_contain_text("press Run", timeout=60_000)  # before, it is not busy either
    await expect(steered).to_have_text(re.compile(r"[\s\S]{61}"), timeout=60_000)
    await expect(steered).to_have_attribute("aria-busy", "false", timeout=60_000)
    first, unsteered = await steered.inner_text(), await plain.inner_text()
    assert len(first) > 60
    assert first != unsteered
    slider = page.get_by_role("slider")
    await slider.focus()
    await slider.fill("0")
    await expect(page.locator(".teaser-strength")).to_have_text("0")
    await expect(steered).to_have_text(unsteered, timeout=60_000)


async def test_the_panel_opens_in_steer_with_its_feature_and_strength(page: Page) -> None:
    await page.goto("/")
    link = page.get_by_role("link", name="Open in Steer")
    await expect(link).to_have_attribute(
        "href", re.compile(r"/smollm2-135m-it/steer\?source=15-res-4k&index=\d+&strength=")
    )


async def test_the_phone_has_everything_in_one_column(phone: Page) -> None:
    await phone.goto("/")
    await expect(phone.locator(".lucky")).to_have_attribute("href", FEATURE)
    assert not await scrolls_sideways(phone)
    await phone.get_by_label("Menu").tap()
    await phone.get_by_role("link", name="Admin").last.tap()
    await expect(phone).to_have_url(re.compile(r"/admin$"))
