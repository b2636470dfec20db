"""The steer page in a browser: sliders that steer live, settings that have an effect, runs that can be shared."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import Locator, Page, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways
from tests.running import RunningSite

STEER = f"/{dataset.MODEL}/steer"
WITH_FEATURE = f"{STEER}?source={dataset.SOURCE}&index=12&strength=120"
WRITING = 60_000


def default(page: Page) -> Locator:
    return page.locator("[data-pane=default]")


def steered(page: Page) -> Locator:
    return page.locator("[data-pane=steered]")


async def finished(page: Page) -> tuple[str, str]:
    """Both texts once they are complete."""
    await expect(page.locator("[data-pane=steered][aria-busy=false]")).to_be_visible(timeout=WRITING)
    await expect(page.locator("[data-pane=default][aria-busy=false]")).to_be_visible(timeout=WRITING)
    await expect(steered(page).locator("span").nth(1)).not_to_be_empty(timeout=WRITING)
    return await default(page).inner_text(), await steered(page).inner_text()


async def opened(page: Page, path: str = WITH_FEATURE, tokens: int = 12) -> Page:
    """The page with its feature in place, writing few tokens."""
    await page.goto(path)
    await expect(page.locator(".steer-feature")).to_have_count(1)
    await put(page, "new tokens", str(tokens))
    return page


async def put(page: Page, label: str, value: str) -> None:
    field = page.get_by_label(label, exact=True)
    await field.fill(value)
    await field.press("Tab")
    await expect(page.get_by_label(label, exact=True)).to_have_value(value)


async def test_the_address_brings_the_feature_and_both_texts_are_written(page: Page, inference: RunningSite) -> None:
    await opened(page)
    plain, changed = await finished(page)
    assert plain.startswith("The house at the end of the street was ")
    assert changed.startswith("The house at the end of the street was ")
    assert plain != changed
    assert await steered(page).locator(".differs").count() > 0
    await expect(page).to_have_title(re.compile("Steer smollm2-135m-it"))


async def test_a_slider_at_zero_gives_the_unsteered_text(page: Page, inference: RunningSite) -> None:
    await opened(page)
    await finished(page)
    await page.locator(".steer-feature input[type=range]").fill("0")
    await expect(steered(page).locator(".differs")).to_have_count(0, timeout=WRITING)
    plain, unchanged = await finished(page)
    assert plain == unchanged


async def test_a_moved_slider_steers_live_and_leaves_the_unsteered_text(page: Page, inference: RunningSite) -> None:
    await opened(page)
    plain, before = await finished(page)
    await page.locator(".steer-feature input[type=range]").fill("-150")
    await expect(steered(page)).not_to_have_text(before, timeout=WRITING)
    again, after = await finished(page)
    assert (again, after != before) == (plain, True)
    await expect(page.locator(".steer-feature input[type=number]")).to_have_value("-150")


async def test_a_typed_strength_moves_the_slider(page: Page, inference: RunningSite) -> None:
    await opened(page)
    number = page.locator(".steer-feature input[type=number]")
    await number.fill("33")
    await number.press("Tab")
    await expect(page.locator(".steer-feature input[type=range]")).to_have_value("33")


async def test_the_seed_changes_the_unsteered_text(page: Page, inference: RunningSite) -> None:
    await opened(page)
    await put(page, "temperature", "1.5")
    plain, _ = await finished(page)
    await put(page, "seed", "4321")
    await expect(default(page)).not_to_have_text(plain, timeout=WRITING)


async def test_stop_ends_the_run(page: Page, inference: RunningSite) -> None:
    await opened(page, tokens=256)
    await expect(steered(page).locator("span").nth(1)).not_to_be_empty(timeout=WRITING)
    await page.get_by_role("button", name="Stop").click()
    await expect(page.locator("[data-pane=steered][aria-busy=false]")).to_be_visible()
    kept = await steered(page).inner_text()
    await page.wait_for_timeout(700)
    assert await steered(page).inner_text() == kept


async def test_a_feature_is_found_by_its_explanation_or_place_and_removed(page: Page, inference: RunningSite) -> None:
    await page.goto(STEER)
    await expect(page.get_by_text("Nothing is steered yet")).to_be_visible()
    box = page.get_by_label("Add a feature")
    await box.fill("pushes")
    await expect(page.get_by_role("option").first).to_be_visible()
    await page.get_by_role("option").first.click()
    await expect(page.locator(".steer-feature")).to_have_count(1)
    await box.fill("15/20")
    await box.press("Enter")
    await expect(page.locator(".steer-feature")).to_have_count(2)
    await expect(page.locator(".steer-feature").last).to_contain_text("15 · 20")
    await page.get_by_role("button", name=re.compile("^Remove")).first.click()
    await expect(page.locator(".steer-feature")).to_have_count(1)


async def test_the_sweep_shows_five_strengths(page: Page, inference: RunningSite) -> None:
    await opened(page)
    await finished(page)
    await page.get_by_role("button", name="Run sweep").click()
    await expect(page.locator(".steer-sweep > div")).to_have_count(5)
    await expect(page.locator(".steer-sweep p:not(.streaming)")).to_have_count(5, timeout=WRITING)
    texts = await page.locator(".steer-sweep p").all_inner_texts()
    assert all(texts)
    assert len(set(texts)) > 1


async def test_a_shared_run_opens_again_with_both_texts(page: Page, inference: RunningSite) -> None:
    await opened(page)
    plain, changed = await finished(page)
    await page.get_by_role("button", name="Share").click()
    await expect(page).to_have_url(re.compile(r"\?saved=[\w-]+$"))
    await page.goto(urlsplit(page.url)._replace(scheme="", netloc="").geturl())
    await expect(steered(page)).to_have_text(changed)
    await expect(default(page)).to_have_text(plain)
    await expect(page.locator(".steer-feature input[type=range]")).to_have_value("120")
    await expect(page.get_by_label("new tokens")).to_have_value("12")


async def test_an_unknown_run_or_feature_is_a_sentence(page: Page) -> None:
    await page.goto(f"{STEER}?saved=nothing")
    await expect(page.get_by_role("alert")).to_contain_text("nothing")
    await page.goto(f"{STEER}?source={dataset.SOURCE}&index=99999")
    await expect(page.get_by_role("alert")).to_contain_text("features 0 to 4095")


async def test_a_hostile_explanation_is_text(page: Page) -> None:
    await page.goto(f"{STEER}?source={dataset.SOURCE}&index={dataset.MARKUP}")
    await expect(page.locator(".steer-feature")).to_contain_text("<img src=x")
    assert await page.evaluate("window.hacked") is None


async def test_a_phone_shows_text_before_settings(phone: Page, inference: RunningSite) -> None:
    await phone.goto(WITH_FEATURE)
    await expect(phone.locator(".steer-feature")).to_have_count(1)
    assert not await scrolls_sideways(phone)
    pane = await phone.locator("[data-pane=steered]").bounding_box()
    seed = await phone.get_by_label("seed").bounding_box()
    assert pane is not None
    assert seed is not None
    assert pane["y"] < seed["y"]
