"""Lists in a browser: made from a feature, put in order, noted on, tested, talked about, given away and deleted.

On loopback everybody is the owner: nothing here signs in.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser import dataset
from tests.browser.conftest import ANSWER, DESKTOP, scrolls_sideways, watched_page
from tests.running import RunningSite

FEATURE = f"/{dataset.MODEL}/{dataset.SOURCE}"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def made(browser: Browser, site: RunningSite) -> AsyncIterator[str]:
    """A list of three features, made on the page of the first; its path."""
    async with watched_page(browser, site, viewport=DESKTOP) as page:
        await page.goto(f"{FEATURE}/10")
        await page.keyboard.press("l")
        await page.get_by_label("Name of a new list with this feature").fill(f"Things {dataset.PIXEL}")
        await page.keyboard.press("Enter")
        link = page.locator("section", has_text="In lists").get_by_role("link", name="Things")
        await expect(link).to_be_visible()
        await link.click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(f"Things {dataset.PIXEL}")
        for wanted, there in ((f"{FEATURE}/12", 2), ("20", 3)):
            await page.get_by_label("Feature to add").fill(wanted)
            await page.keyboard.press("Enter")
            await expect(page.locator(".list-row")).to_have_count(there)
        path = re.sub("^https?://[^/]+", "", page.url)
    yield path


async def numbers(page: Page) -> list[str]:
    return await page.locator(".list-row .fc-meta b:first-child").all_inner_texts()


async def test_rows_move_by_keys_and_by_hand(page: Page, made: str) -> None:
    await page.goto(made)
    rows = page.locator(".list-row .mono b")
    await expect(rows).to_have_text(["10", "12", "20"])
    await page.locator("[data-handle]").nth(2).focus()
    await page.keyboard.press("ArrowUp")
    await expect(rows).to_have_text(["10", "20", "12"])
    await page.locator("[data-handle]").first.hover()
    await page.mouse.down()
    last = await page.locator(".list-row").nth(2).bounding_box()
    assert last is not None
    await page.mouse.move(last["x"] + 20, last["y"] + last["height"] - 4, steps=6)
    await page.mouse.up()
    await expect(rows).to_have_text(["20", "12", "10"])
    await page.reload()
    await expect(rows).to_have_text(["20", "12", "10"])


async def test_notes_and_words_stay(page: Page, made: str) -> None:
    await page.goto(made)
    note = page.locator(".list-note").first
    await note.fill(f"see {dataset.PIXEL}")
    await page.get_by_role("button", name="Edit").click()
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await expect(note).to_have_value(f"see {dataset.PIXEL}")
    await page.get_by_label("What it is for").fill("first line\nsecond line")
    await page.get_by_label("Who sees it").select_option("unlisted")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.locator(".list-head")).to_contain_text("second line")
    await expect(page.locator(".list-head .chip")).to_have_text("unlisted")
    await page.reload()
    await expect(page.locator(".list-note").first).to_have_value(f"see {dataset.PIXEL}")
    assert await page.evaluate("window.hacked") is None


async def test_a_text_runs_over_all_and_stays(page: Page, made: str, inference: RunningSite) -> None:
    await page.goto(made)
    await page.get_by_label("Text to test on all features").fill("The band played music all night.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".list-row .fc-own")).to_have_count(3, timeout=ANSWER)
    await expect(page.locator(".list-test .progress")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".list-row .fc-own")).to_have_count(3)
    await expect(page.get_by_label("Text to test on all features")).to_have_value("The band played music all night.")


async def test_one_at_a_time_and_without_its_frame(page: Page, made: str) -> None:
    await page.goto(made)
    await page.keyboard.press("v")
    inside = page.frame_locator("iframe.list-dashboard")
    first = await page.locator(".list-names li").first.locator(".mono").inner_text()
    await expect(page.locator("iframe.list-dashboard")).to_have_attribute("src", f"/{first}?embed=true")
    await expect(inside.locator("h1")).to_be_visible()
    await page.keyboard.press("j")
    second = await page.locator(".list-names li").nth(1).locator(".mono").inner_text()
    await expect(page.locator("iframe.list-dashboard")).to_have_attribute("src", f"/{second}?embed=true")
    await page.goto(f"{made}?embed=true")
    await expect(page.locator(".list-row")).to_have_count(3)
    await expect(page.locator("header.nav")).to_have_count(0)


async def test_the_list_as_a_file(page: Page, made: str) -> None:
    await page.goto(made)
    await page.get_by_text("Download", exact=True).click()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="JSON, with everything").click()
    whole = json.loads((await (await download.value).path()).read_text(encoding="utf-8"))
    assert (whole["format"], len(whole["features"])) == ("memicos-list/1", 3)


async def test_comments_are_said_reported_and_deleted(page: Page, made: str) -> None:
    for path in (made, f"{FEATURE}/14"):
        await page.goto(path)
        await page.get_by_label("Say something of").fill(f"about {dataset.PIXEL}")
        await page.get_by_role("button", name="Comment", exact=True).click()
        item = page.locator(".comments li")
        await expect(item).to_contain_text(f"about {dataset.PIXEL}")
        await expect(item).to_contain_text("owner")
        await item.get_by_role("button", name="Delete:").click()
        await item.get_by_role("button", name="Delete for good:").click()
        await expect(item).to_have_count(0)


async def test_a_bookmark_is_found_again(page: Page) -> None:
    await page.goto(f"{FEATURE}/16")
    star = page.get_by_role("button", name="Bookmark")
    await expect(star).to_have_attribute("aria-pressed", "false")
    await page.keyboard.press("b")
    await expect(star).to_have_attribute("aria-pressed", "true")
    await page.goto("/user/owner")
    kept = page.locator(".bookmarked")
    await expect(kept).to_have_count(1)
    await kept.get_by_role("button", name="Let go of").click()
    await expect(kept).to_have_count(0)


async def test_votes_are_taken_back_by_a_second_press(page: Page) -> None:
    await page.goto(f"{FEATURE}/18")
    votes = page.locator(".explanations .votes").first
    await votes.get_by_role("button", name="Vote for:").click()
    await expect(votes.locator(".num")).to_have_text("1")
    await votes.get_by_role("button", name="Vote against:").click()
    await expect(votes.locator(".num")).to_have_text("-1")
    await expect(votes.get_by_role("button", name="Vote against:")).to_have_attribute("aria-pressed", "true")
    await votes.get_by_role("button", name="Vote against:").click()
    await expect(votes.locator(".num")).to_have_text("0")


async def test_what_is_reported_is_decided(page: Page) -> None:
    await page.goto(f"{FEATURE}/22")
    words = await page.locator(".explanations li p").first.inner_text()
    await page.locator(".explanations").get_by_role("button", name="Report:").first.click()
    await page.get_by_label("What is wrong with it?").fill(f"wrong {dataset.PIXEL}")
    await page.locator("#report-dialog").get_by_role("button", name="Report", exact=True).click()
    await expect(page.locator("#report-dialog")).to_be_hidden()
    await page.goto("/admin/reports")
    item = page.locator(".reports li", has_text=words)
    await expect(item).to_contain_text(f"wrong {dataset.PIXEL}")
    await item.get_by_role("button", name="Hide").click()
    await expect(item).to_have_count(0)
    await page.get_by_role("button", name="Hidden").click()
    await expect(item).to_contain_text("hidden by owner")
    await item.get_by_role("button", name="Restore").click()
    await expect(item).to_have_count(0)
    await page.goto("/admin/activity")
    await page.get_by_label("Action").select_option("report.hide")
    await page.get_by_role("button", name="Narrow").click()
    await expect(page.locator(".activity tbody tr")).to_have_count(1)
    await expect(page.locator(".activity tbody tr")).to_contain_text(f"{FEATURE}/22")


async def test_a_quick_list_is_kept_and_deleted(page: Page) -> None:
    await page.goto(f'/quick-list?name=Kept&features=["{FEATURE.strip("/")}/10",12,999999]')
    await page.get_by_role("button", name="Keep as a list").click()
    await page.wait_for_url("**/list/*")
    await expect(page.locator(".list-row")).to_have_count(2)
    await page.get_by_role("button", name="Delete", exact=True).click()
    await page.get_by_role("button", name="Delete for good").click()
    await page.wait_for_url("**/user/owner/lists")
    await expect(page.get_by_role("link", name="Kept")).to_have_count(0)
    await page.goto("/list/0123456789abcdef")
    await expect(page.get_by_role("heading", level=1)).to_have_text("No such list here")


@pytest.mark.parametrize("path", ["", "/lists", "/vectors"])
async def test_a_person_on_a_phone(phone: Page, made: str, path: str) -> None:
    await phone.goto(f"/user/owner{path}")
    await expect(phone.get_by_role("heading", level=1)).to_have_text("owner")
    assert not await scrolls_sideways(phone)


async def test_a_list_on_a_phone(phone: Page, made: str) -> None:
    await phone.goto(made)
    await expect(phone.locator(".list-row")).to_have_count(3)
    assert not await scrolls_sideways(phone)
    for path in (f"{FEATURE}/10", "/admin/reports", "/admin/activity"):
        await phone.goto(path)
        await expect(phone.get_by_role("heading", level=1)).to_be_attached()
        assert not await scrolls_sideways(phone), path
