"""A server far away: what a hand did stays, what it left is told, and nothing jumps when the answers come."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser import dataset
from tests.browser.slow_line import slow_line
from tests.browser.test_source import SOURCE, WATCH_SHIFTS, shifts
from tests.browser.test_steer import STEER, WITH_FEATURE, finished, opened, steered
from tests.running import RunningSite

FEATURE = f"{SOURCE}/{dataset.PLAIN}"
PLACES = {
    "/": ".lucky-tokens",
    "/smollm2-135m-it": ".layers li",
    SOURCE: "tbody tr",
    FEATURE: ".feature-title",
    STEER: ".steer-asking",
    "/search-explanations?q=music": "main h1",
    "/user/owner/lists": "main h1",
    "/admin": "main h1",
}
GOOD = 0.1
"""Web Vitals calls less of a cumulative layout shift good."""
WATCH = """(slider) => {
    window.seen = [];
    const look = () => { window.seen.push(Number(slider.value)); requestAnimationFrame(look); };
    look();
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def far(page: Page) -> AsyncIterator[Page]:
    """A desktop window at the far end of a slow line."""
    async with slow_line(page):
        yield page


async def test_a_message_stays_as_it_is_typed_and_is_what_is_said(far: Page, inference: RunningSite) -> None:
    await far.goto(f"{STEER}?preset=twelve&mode=chat")
    await expect(far.locator(".steer-feature")).to_have_count(1)
    box = far.get_by_label("Message")
    await box.press_sequentially("Tell me of the sea.", delay=25)
    assert await box.input_value() == "Tell me of the sea."
    await far.wait_for_timeout(900)
    assert await box.input_value() == "Tell me of the sea."
    await box.press("Enter")
    await expect(steered(far).locator(".said").last).to_have_text("Tell me of the sea.")
    await expect(box).to_have_value("")
    await expect(box).to_be_focused()
    await finished(far)


async def test_a_slider_follows_the_hand_and_ends_where_it_is_left(far: Page, inference: RunningSite) -> None:
    await opened(far)
    await finished(far)
    slider = far.locator(".steer-feature input[type=range]")
    await slider.fill("-100")
    await finished(far)
    await slider.evaluate(WATCH)
    place = await slider.bounding_box()
    assert place is not None
    middle = place["y"] + place["height"] / 2
    await far.mouse.move(place["x"] + 0.2 * place["width"], middle)
    await far.mouse.down()
    for part in range(20, 61):
        await far.mouse.move(place["x"] + part / 100 * place["width"], middle)
        await far.wait_for_timeout(20)
    await far.mouse.up()
    await far.wait_for_timeout(1500)  # answers to its first places come late, and must not move it
    values = [one for one in await far.evaluate("window.seen") if one > -99]
    assert len(set(values)) > 10
    assert values == sorted(values), "it went back under the hand"
    left = float(await slider.input_value())
    number = far.locator(".steer-feature input[type=number]")
    await expect(number).to_have_value(f"{left:g}")


async def test_choices_stand_at_once(far: Page, inference: RunningSite) -> None:
    await opened(far)
    method = far.get_by_label("method", exact=True)
    await method.select_option("orthogonal")
    assert await method.input_value() == "ORTHOGONAL_DECOMP"
    await far.wait_for_timeout(1200)
    assert await method.input_value() == "ORTHOGONAL_DECOMP"
    await far.get_by_text("Where and how").click()
    whole = far.get_by_label("special tokens too")
    was = await whole.is_checked()
    await whole.set_checked(not was)
    assert await whole.is_checked() is not was
    await far.wait_for_timeout(1200)
    assert await whole.is_checked() is not was


@pytest.mark.parametrize("address", PLACES)
async def test_nothing_jumps_when_answers_come_late(far: Page, address: str) -> None:
    await far.add_init_script(WATCH_SHIFTS)
    await far.goto(address)
    await expect(far.locator(PLACES[address]).first).to_be_visible()
    await far.wait_for_timeout(1500)
    assert await shifts(far) < GOOD


async def test_the_last_of_quick_moves_is_told(page: Page, inference: RunningSite) -> None:
    await opened(page, WITH_FEATURE)
    slider = page.locator(".steer-feature input[type=range]")
    for value in ("10", "20", "33.5"):
        await slider.fill(value)
    await expect(page.locator(".steer-feature input[type=number]")).to_have_value("33.5")
