"""Narrowing a source's features by what its overview shows: ranges, choices, the address, the keyboard, a phone."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser.conftest import scrolls_sideways, settled

SOURCE = "/smollm2-135m-it/15-res-4k"


async def total(page: Page) -> int:
    words = await page.locator(".browser .card-head h2 .num").inner_text()
    return int(words.replace(",", ""))


async def test_a_range_is_dragged_and_kept_in_the_address(page: Page) -> None:
    await page.goto(SOURCE)
    plot = page.get_by_role("group", name="How strongly")
    await expect(plot.locator("path.bar-pos")).to_have_attribute("d", re.compile("^M"))
    box = await plot.locator(".range-field").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + box["width"] * 0.1, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.4, middle, steps=4)
    await page.mouse.up()
    await expect(page).to_have_url(re.compile(r"\?activation=[\d.]+\.\.[\d.]+$"))
    await expect(page.locator(".active-filters")).to_contain_text("max")
    low, high = re.findall(r"activation=([\d.]+?)\.\.([\d.]+)$", page.url)[0]
    kept = await total(page)
    assert 0 < kept < 130
    shown = [float(one) for one in await page.locator(".f-max").all_inner_texts()]
    assert all(float(low) - 0.01 <= one <= float(high) + 0.01 for one in shown)
    await page.reload()
    await expect(page.locator(".active-filters")).to_contain_text("max")
    await page.get_by_role("link", name="Clear all").click()
    await expect(page).to_have_url(re.compile(f"{SOURCE}$"))
    await expect(page.get_by_text("1–50 of 130")).to_be_visible()


async def test_a_range_is_moved_by_keyboard(page: Page) -> None:
    await page.goto(SOURCE)
    await settled(page)
    end = page.get_by_role("slider", name="How often features fire, from")
    await expect(end).to_have_attribute("aria-valuetext", re.compile("%"))
    await end.focus()
    for _ in range(30):
        await page.keyboard.press("ArrowRight")
    await expect(page).to_have_url(re.compile(r"\?density=[\d.e-]+\.\.$"))
    await expect(page.locator(".active-filters")).to_contain_text("fires on at least")
    await expect(page.get_by_text("1–50 of 130")).to_be_hidden()
    assert await total(page) < 130
    await end.focus()
    await page.keyboard.press("Escape")
    await expect(page).to_have_url(re.compile(f"{SOURCE}$"))


async def test_filters_of_an_address_hold_together_and_with_words(page: Page) -> None:
    await page.goto(f"{SOURCE}?q=pushes&density=..0.004&explained=yes&sort=density")
    chips = page.locator(".active-filters .chip")
    await expect(chips).to_have_count(2)
    await expect(chips.first).to_contain_text("fires on at most 0.400 %")
    densities = [float(one.split()[0]) for one in await page.locator(".f-density").all_inner_texts()]
    assert densities == sorted(densities, reverse=True)
    assert max(densities) <= 0.4
    await chips.first.click()
    await expect(page).to_have_url(re.compile(r"\?sort=density&q=pushes&explained=yes$"))
    await expect(page.get_by_label("Filter features by explanation")).to_have_value("pushes")


async def test_nothing_left_leads_back(page: Page) -> None:
    await page.goto(f"{SOURCE}?activation=900000..")
    await page.get_by_role("link", name="Show all features").click()
    await expect(page.locator("tbody tr")).to_have_count(50)


async def test_a_phone_has_the_filters_behind_a_button(phone: Page) -> None:
    await phone.goto(f"{SOURCE}?density=0.001..")
    await expect(phone.locator(".active-filters .chip")).to_be_visible()
    plot = phone.get_by_role("group", name="How strongly")
    await expect(plot).to_be_hidden()
    await phone.get_by_role("button", name="Filter and overview").click()
    await expect(plot).to_be_visible()
    assert not await scrolls_sideways(phone)
