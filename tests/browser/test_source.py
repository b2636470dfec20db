"""The pages of a model, a source set and a source: what they show, and the list that one browses."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways

SOURCE = "/smollm2-135m-it/15-res-4k"


async def shifts(page: Page) -> float:
    """How much of the page jumped while it was built (cumulative layout shift)."""
    return float(await page.evaluate("window.shifted"))


WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


async def test_the_model_lists_its_sources_by_layer(page: Page) -> None:
    await page.goto("/smollm2-135m-it")
    await expect(page).to_have_title("SmolLM2 135M Instruct · MemicOS")
    layers = page.get_by_role("list", name="Layers").get_by_role("listitem")
    await expect(layers).to_have_count(30)
    await layers.nth(15).get_by_role("link").click()
    await expect(page).to_have_url(re.compile(f"{SOURCE}$"))


async def test_the_set_lists_its_sources(page: Page) -> None:
    await page.goto("/smollm2-135m-it/res-4k")
    await expect(page.get_by_role("heading", level=1)).to_have_text("res-4k")
    await page.get_by_role("table").get_by_role("link", name="15-res-4k").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Residual stream after layer 15")


async def test_the_source_shows_what_it_is(page: Page) -> None:
    await page.goto(SOURCE)
    await expect(page).to_have_title("15-res-4k · smollm2-135m-it · MemicOS")
    side = page.locator(".side")
    await expect(side).to_contain_text("blocks.15.hook_resid_post")
    await expect(side).to_contain_text("SAE.load_from_disk")
    plot = page.get_by_role("group", name="How strongly")
    await expect(plot.locator("path").first).to_have_attribute("d", re.compile("^M"))
    await plot.locator(".range-field").hover(position={"x": 20, "y": 30})
    await expect(plot.locator(".range-told")).to_have_text(re.compile(r"^[\d.]+ – [\d.]+: \d+"))


async def test_sorting_and_paging_are_in_the_address(page: Page) -> None:
    await page.goto(SOURCE)
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(50)
    await page.get_by_role("link", name="max", exact=True).click()
    await expect(page).to_have_url(re.compile(r"\?sort=max_activation$"))
    await expect(page.locator("th[aria-sort=descending]")).to_have_text("max")
    strongest = await page.locator(".f-max").all_inner_texts()
    assert [float(one) for one in strongest] == sorted(map(float, strongest), reverse=True)
    await page.keyboard.press("n")
    await expect(page).to_have_url(re.compile(r"sort=max_activation&page=2$"))
    await expect(page.get_by_text("51–100 of 130")).to_be_visible()
    first = await rows.first.inner_text()
    await page.reload()
    await expect(page.get_by_text("51–100 of 130")).to_be_visible()
    assert await rows.first.inner_text() == first
    await page.go_back()
    await expect(page.get_by_text("1–50 of 130")).to_be_visible()


async def test_the_filter_keeps_the_caret_and_the_address(page: Page) -> None:
    await page.goto(SOURCE)
    await expect(page.locator("tbody tr")).to_have_count(50)
    await page.keyboard.press("f")
    await page.keyboard.type("herself", delay=30)
    await expect(page).to_have_url(re.compile(r"\?q=herself$"))
    await expect(page.locator("tbody tr").first).to_contain_text("herself")
    assert await page.evaluate("document.activeElement.value") == "herself"
    await page.reload()
    await expect(page.get_by_label("Filter features by explanation")).to_have_value("herself")
    await page.get_by_label("Filter features by explanation").fill("zzzzzz")
    await page.get_by_role("link", name="Show all features").click()
    await expect(page.locator("tbody tr")).to_have_count(50)


async def test_the_keyboard_walks_the_list_and_opens_a_feature(page: Page) -> None:
    await page.goto(SOURCE)
    await expect(page.locator("tbody tr")).to_have_count(50)
    for _ in range(3):
        await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(f"{SOURCE}/1$"))


async def test_hostile_texts_are_text(page: Page) -> None:
    await page.goto(SOURCE)
    rows = page.locator("tbody tr")
    await expect(rows.nth(dataset.MARKUP)).to_contain_text(dataset.PIXEL)
    await expect(rows.nth(dataset.REVERSED)).to_contain_text("pay ‹RLO›gnihton‹PDF› to the bearer")
    await expect(rows.nth(dataset.TOKENS)).to_contain_text(dataset.PIXEL)
    assert (await rows.nth(dataset.LONG).bounding_box() or {})["height"] < 50
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("tbody img, tbody script").count() == 0


async def test_nothing_jumps_while_the_page_is_built(page: Page) -> None:
    await page.add_init_script(WATCH_SHIFTS)
    for address, ready in ((SOURCE, "tbody tr"), ("/", ".lucky-tokens"), ("/smollm2-135m-it", ".layers li")):
        await page.goto(address)
        await expect(page.locator(ready).first).to_be_visible()
        await page.wait_for_timeout(300)
        assert await shifts(page) < 0.01, address


async def test_unknown_places_help(page: Page) -> None:
    await page.goto("/smollm2-135m-it/no-such-source")
    await expect(page.get_by_role("heading", level=1)).to_have_text("There is no such source here")
    await expect(page).to_have_title("Not found · MemicOS")
    await page.get_by_role("main").get_by_role("link", name="15-res-4k").click()
    await expect(page.locator("tbody tr")).to_have_count(50)
    await page.goto("/no-such-model")
    await expect(page.get_by_role("main").get_by_role("link", name="SmolLM2 135M Instruct")).to_be_visible()


async def test_the_phone_shows_explanation_and_example(phone: Page) -> None:
    await phone.goto(SOURCE)
    await expect(phone.locator("tbody tr")).to_have_count(50)
    assert not await scrolls_sideways(phone)
    await phone.goto("/smollm2-135m-it")
    await expect(phone.locator(".layers li")).to_have_count(30)
    assert not await scrolls_sideways(phone)
