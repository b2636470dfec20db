"""What every page has: nav, jump box, keyboard, theme, search, status, not found."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import dataset
from tests.browser.conftest import DESKTOP, scrolls_sideways, settled, watched_page
from tests.running import RunningSite

PLACES = [
    "/",
    "/smollm2-135m-it",
    "/smollm2-135m-it/res-4k",
    "/smollm2-135m-it/15-res-4k",
    "/search-explanations",
    "/admin",
]


@pytest.mark.parametrize("address", PLACES)
async def test_every_page_has_its_landmarks(page: Page, address: str) -> None:
    await page.goto(address)
    for role in ("banner", "main", "contentinfo"):
        await expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)


async def test_the_skip_link_leads_past_the_nav(page: Page) -> None:
    await page.goto("/admin")
    await settled(page)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()


async def test_jump_box_understands_numbers(page: Page) -> None:
    await page.goto("/admin")
    await settled(page)
    await page.keyboard.press("/")
    await expect(page.get_by_role("combobox", name="Jump to")).to_be_focused()
    await page.keyboard.type("15/7")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/smollm2-135m-it/15-res-4k/7$"))


async def test_jump_box_suggests_explanations(page: Page) -> None:
    await page.goto("/admin")
    await settled(page)
    await page.keyboard.press("/")
    await page.keyboard.type("herself")
    options = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    await expect(options.first).to_contain_text("herself")
    await expect(options.last).to_contain_text("Search explanations for “herself”")
    await page.keyboard.press("ArrowDown")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    leads_to = str(await options.first.get_attribute("href"))
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(f"{re.escape(leads_to)}$"))


async def test_jump_box_shows_hostile_explanations_as_text(page: Page) -> None:
    await page.goto("/admin")
    await settled(page)
    await page.keyboard.press("/")
    await page.keyboard.type("attack")
    option = page.get_by_role("listbox", name="Suggestions").get_by_role("option").first
    await expect(option).to_contain_text(dataset.PIXEL)
    await expect(page.get_by_role("listbox", name="Suggestions")).to_contain_text("“attack”")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox", name="Suggestions")).to_have_count(0)
    assert await page.evaluate("window.hacked") is None


async def test_the_sheet_of_keys_lists_those_of_the_page(page: Page) -> None:
    await page.goto("/")
    await expect(page.locator(".lucky")).to_have_attribute("href", re.compile("15-res-4k"))
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    await expect(sheet).to_contain_text("another random feature")
    await expect(sheet).to_contain_text("jump to a feature")
    await page.keyboard.press("Escape")
    await expect(sheet).not_to_be_visible()


async def test_the_theme_is_kept(page: Page) -> None:
    await page.goto("/admin")
    await settled(page)
    background = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(background)
    await page.get_by_label("Switch between light and dark").click()
    await expect(page.locator("html")).to_have_class(re.compile("dark"))
    dark = await page.evaluate(background)
    assert dark != light
    await page.reload()
    await expect(page.locator("html")).to_have_class(re.compile("dark"))
    assert await page.evaluate(background) == dark


async def test_dark_is_taken_from_the_system(browser: Browser, site: RunningSite) -> None:
    async with watched_page(browser, site, viewport=DESKTOP, color_scheme="dark") as page:
        await page.goto("/admin")
        await expect(page.locator("html")).to_have_class(re.compile("dark"))


async def test_status_is_honest(page: Page, inference: RunningSite) -> None:
    await page.goto("/admin")
    await expect(page.locator(".meta")).to_contain_text("Inference is ready: smollm2-135m-it on cpu")
    await expect(page.get_by_role("main")).to_contain_text("pgvector")
    await expect(page.locator(".shelf").get_by_role("link", name="15-res-4k")).to_be_visible()
    assert inference.environment["DATABASE_URL"] not in await page.content()


async def test_an_address_that_is_none(browser: Browser, site: RunningSite) -> None:
    context = await browser.new_context(base_url=site.url)
    page = await context.new_page()
    answer = await page.goto("/a/b/c/d")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing lives at this address")
    await context.close()


@pytest.mark.parametrize("address", ["/search-explanations?q=e", "/admin", "/a/b"])
async def test_no_page_scrolls_sideways_on_a_phone(phone: Page, address: str) -> None:
    await phone.goto(address)
    await phone.wait_for_timeout(800)
    assert not await scrolls_sideways(phone)
