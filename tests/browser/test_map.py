"""The map in the browser: it moves, points are named, picked and drawn around; by pointer, key and touch."""

from __future__ import annotations

import re

import numpy as np
from playwright.async_api import Locator, Page, Route, expect

from memicos_app.library.maps import blocks
from memicos_app.library.maps.blocks import Measures, Points
from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways, settled

PAGE = f"/{dataset.MODEL}/{dataset.SOURCE}/map"
MIDDLE = 5 * dataset.MAP_COLUMNS + 6
"""The feature in the middle of the map."""


async def opened(page: Page) -> Locator:
    """The canvas of the map, once its points are drawn and the page is alive."""
    await page.goto(PAGE)
    await expect(page.locator(".map")).to_have_attribute("data-points", str(dataset.FEATURES))
    await settled(page)
    canvas = page.locator(".map canvas")
    await expect(canvas).to_have_attribute("data-scale", "1.000")
    return canvas


async def middle(canvas: Locator) -> tuple[float, float]:
    box = await canvas.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def draw_around(page: Page, canvas: Locator, reach: float = 0) -> None:
    """A square around the middle, drawn with the pointer; without a reach nearly the whole canvas."""
    x, y = await middle(canvas)
    box = await canvas.bounding_box()
    assert box is not None
    right, down = (reach, reach) if reach else (box["width"] / 2 - 6, box["height"] / 2 - 6)
    await page.mouse.move(x - right, y - down)
    await page.mouse.down()
    for dx, dy in ((1, -1), (1, 1), (-1, 1), (-1, -1)):
        await page.mouse.move(x + dx * right, y + dy * down, steps=4)
    await page.mouse.up()


async def test_it_pans_and_zooms_and_names_what_is_pointed_at(page: Page) -> None:
    canvas = await opened(page)
    await expect(page.locator(".meta")).to_contain_text("130 features")
    x, y = await middle(canvas)
    await page.mouse.move(x + 1, y + 1)
    await expect(page.locator(".map-tip")).to_contain_text(f"{MIDDLE} pushes")
    before = await canvas.get_attribute("data-middle")
    await page.mouse.down()
    await page.mouse.move(x + 120, y + 60, steps=5)
    await page.mouse.up()
    await expect(canvas).not_to_have_attribute("data-middle", str(before))
    await page.mouse.wheel(0, -400)
    await expect(canvas).to_have_attribute("data-scale", re.compile(r"2\.\d+"))
    await page.get_by_role("button", name="Whole map").click()
    await expect(canvas).to_have_attribute("data-scale", "1.000")
    await expect(canvas).to_have_attribute("data-middle", str(before))


async def test_a_click_shows_a_small_dashboard(page: Page) -> None:
    canvas = await opened(page)
    await page.mouse.click(*await middle(canvas))
    card = page.get_by_label("The feature picked")
    await expect(card.get_by_role("link")).to_have_attribute("href", f"/{dataset.MODEL}/{dataset.SOURCE}/{MIDDLE}")
    await expect(card.locator(".fc-example").first).to_be_visible()
    await card.get_by_role("button", name="Close").click()
    await expect(card).to_have_count(0)


async def test_what_is_drawn_around_becomes_a_list(page: Page) -> None:
    canvas = await opened(page)
    await page.get_by_role("button", name="Lasso").click()
    await draw_around(page, canvas)
    listed = page.locator(".map-selection")
    await expect(listed.get_by_role("heading")).to_have_text("130 features")
    rows = listed.get_by_role("listitem")
    await expect(rows).to_have_count(100)
    await expect(rows.nth(dataset.MARKUP)).to_contain_text(dataset.PIXEL)
    await listed.get_by_role("button", name="Show more").click()
    await expect(rows).to_have_count(130)
    assert await page.evaluate("window.hacked") is None
    href = await listed.get_by_role("link", name="Open as a list").get_attribute("href")
    assert href is not None
    assert href.startswith("/quick-list?name=130+features")
    await page.get_by_role("button", name="Clear selection").click()
    await expect(listed).to_have_count(0)
    await page.keyboard.down("Shift")
    await draw_around(page, canvas, 20)
    await page.keyboard.up("Shift")
    await expect(listed.get_by_role("heading")).to_have_text("1 feature")


async def test_words_find_points_and_clusters_stand_alone(page: Page) -> None:
    await opened(page)
    await page.get_by_role("searchbox", name="Find features on the map").fill("FURTHER thought")
    await expect(page.get_by_text("1 found")).to_be_visible()
    await expect(page.locator(".map")).to_have_attribute("data-marked", "1")
    await page.get_by_role("button", name="List them").click()
    await expect(page.locator(".map-selection").get_by_role("link").last).to_contain_text("the word further")
    await page.get_by_role("button", name="Density").click()
    await expect(page.locator(".map-legend")).to_contain_text("of tokens")
    await page.get_by_role("button", name="Score").click()
    await expect(page.locator(".map-legend")).to_contain_text("No feature here has a score yet")
    await page.get_by_role("button", name="Cluster", exact=True).click()
    cluster = page.get_by_role("group", name="Clusters").get_by_role("button").first
    await cluster.click()
    await expect(cluster).to_have_attribute("aria-pressed", "true")


async def test_keys_do_what_pointers_do(page: Page) -> None:
    canvas = await opened(page)
    await canvas.focus()
    before = await canvas.get_attribute("data-middle")
    await page.keyboard.press("ArrowRight")
    await expect(canvas).not_to_have_attribute("data-middle", str(before))
    await page.keyboard.press("+")
    await expect(canvas).to_have_attribute("data-scale", "1.500")
    await page.keyboard.press("0")
    await expect(canvas).to_have_attribute("data-scale", "1.000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("The feature picked")).to_be_visible()
    await page.keyboard.press("l")
    await expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
    await canvas.focus()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "false")


async def test_layers_of_one_map_lie_over_each_other(page: Page) -> None:
    async def two_layers(route: Route) -> None:
        await route.fulfill(body=content)

    places = np.linspace(-1, 1, 30, dtype=np.float32)
    points = Points(np.arange(30, dtype=np.uint32), places, places, np.zeros(30, np.int16))
    layers = [{"source": name, "n": 30} for name in (dataset.SOURCE, "7-res-4k")]
    cluster = {"number": 0, "name": "all", "size": 60, "x": 0, "y": 0}
    head = {"layers": layers, "clusters": [cluster], "bounds": [-1, 1, -1, 1]}
    content = blocks.wire(head, [(points, Measures(abs(places), places)), (points, Measures(abs(places), places))])
    await page.route("**/api/map/*/points", two_layers)
    await page.goto(PAGE)
    await expect(page.locator(".map")).to_have_attribute("data-points", "60")
    await settled(page)
    await expect(page.locator(".map")).to_have_attribute("data-by", "layer")
    canvas = page.locator(".map canvas")
    other = page.get_by_role("group", name="Layers shown").get_by_label("7-res-4k")
    await other.uncheck()
    await page.get_by_role("button", name="Lasso").click()
    await draw_around(page, canvas)
    await expect(page.locator(".map-selection").get_by_role("heading")).to_have_text("30 features")
    await page.get_by_role("button", name="Clear selection").click()
    await other.check()
    await page.get_by_role("button", name="Lasso").click()
    await draw_around(page, canvas)
    await expect(page.locator(".map-selection").get_by_role("heading")).to_have_text("60 features")


async def test_without_a_map_the_page_offers_to_make_one(page: Page) -> None:
    await page.goto(f"/{dataset.MODEL}/7-res-4k/map")
    await expect(page.get_by_role("heading", name="There is no map of this source yet")).to_be_visible()
    await settled(page)
    await page.get_by_role("button", name="Make the map").click()
    await expect(page.get_by_role("alert")).to_contain_text("7-res-4k is not imported")
    await page.goto("/smollm2-135m-it/no-such-source/map")
    await expect(page.get_by_role("heading", level=1)).to_have_text("There is no such source here")


async def test_a_finger_picks_and_nothing_scrolls_sideways(phone: Page) -> None:
    canvas = await opened(phone)
    assert not await scrolls_sideways(phone)
    await phone.touchscreen.tap(*await middle(canvas))
    await expect(phone.get_by_label("The feature picked")).to_be_visible()
    assert not await scrolls_sideways(phone)


async def test_the_page_of_a_source_leads_to_its_map(page: Page) -> None:
    await page.goto(f"/{dataset.MODEL}/{dataset.SOURCE}")
    await settled(page)
    await page.get_by_role("main").get_by_role("link", name="Map", exact=False).first.click()
    await expect(page).to_have_url(re.compile(f"{PAGE}$"))
    await expect(page.locator(".map")).to_have_attribute("data-points", str(dataset.FEATURES))
