"""A phone through a site for several: a person from the mail's link to signing out, an administrator over all pages.

Each page fits: nothing scrolls sideways, no words are cut, and what one presses first is large enough for a finger.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Browser, Page, expect

from tests.browser import dataset
from tests.browser.conftest import PHONE, opened_by, scrolls_sideways
from tests.browser.peopled import Peopled
from tests.browser.test_people_walk import AT, explained, say
from tests.browser.test_steer import finished, steered
from tests.running import RunningSite

FEATURE = f"{AT}/12"
WRITING = 60_000
UNFIT = """() => {
    const found = [], seen = (part) => part.checkVisibility({ visibilityProperty: true });
    for (const part of document.querySelectorAll("main .btn:not(.small), main .input:not(.small), dialog[open] .btn"))
        if (seen(part) && !part.matches(".small, .setting *") && part.getBoundingClientRect().height < 40)
            found.push("small: " + part.outerHTML.slice(0, 120));
    for (const part of document.querySelectorAll("main :is(h1, h2, p, .btn, .chip)")) {
        const { overflowX, textOverflow } = getComputedStyle(part);
        if (seen(part) && !part.matches(".sr") && overflowX !== "visible" && textOverflow !== "ellipsis"
            && part.scrollWidth > part.clientWidth + 2) found.push("cut: " + part.outerHTML.slice(0, 120));
    }
    return found;
}"""
ADMINISTERED = ("", "/activity", "/add", "/explain", "/jobs", "/presets", "/providers", "/reports")


async def fits(page: Page) -> None:
    """Nothing on the page is wider than it, cut, or too small to be pressed."""
    assert not await scrolls_sideways(page), page.url
    assert await page.evaluate(UNFIT) == [], page.url


async def test_a_person_from_the_mail_to_signing_out(
    browser: Browser, peopled: Peopled, inference: RunningSite
) -> None:
    async with opened_by(browser, peopled, viewport=PHONE) as page:
        await page.goto("/signin?next=/")
        await fits(page)
        await page.get_by_label("E-mail", exact=True).fill("cy@example.org")
        await page.get_by_role("button", name="Send a link").tap()
        await expect(page.get_by_role("status").filter(has_text="mailbox")).to_be_visible()
        await page.goto(peopled.mailbox.link())
        await page.get_by_role("button", name="Sign in", exact=True).tap()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Look inside")
        await fits(page)
        await browses_to_a_feature(page)
        run = await puts_a_text_in_steers_and_saves(page)
        await page.goto(FEATURE)
        await keeps_says_and_votes(page)
        await page.goto("/user/cy")
        await expect(page.get_by_role("link", name="Cy's list")).to_be_visible()
        await expect(page.locator(f"main a[href*='{run}']")).to_be_visible()
        await fits(page)
        await page.goto("/account")
        await makes_a_key_and_revokes_it(page, peopled.site.url)
        await page.get_by_label("Your account, cy").tap()
        await page.locator(".person-menu").get_by_role("button", name="Sign out").tap()
        await expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


async def browses_to_a_feature(page: Page) -> None:
    await page.get_by_label("Menu").tap()
    await page.get_by_role("navigation", name="Main, small screens").get_by_role("link", name="Browse").tap()
    await expect(page).to_have_url(re.compile(f"/{dataset.MODEL}$"))
    await page.locator(f"main a[href='{AT}']").first.tap()
    await expect(page.locator("[data-item]").first).to_be_visible()
    await fits(page)
    await page.locator("[data-item]").nth(12).tap()
    await expect(page).to_have_url(re.compile(rf"{AT}/\d+"))
    await expect(page.locator(".strip-row").first).to_be_visible()
    await fits(page)


async def puts_a_text_in_steers_and_saves(page: Page) -> str:
    """Id of the run that was saved."""
    await page.locator(".test-form textarea").fill("The sun is a star.")
    await page.locator(".test-form").get_by_role("button", name="Test").tap()
    await expect(page).to_have_url(re.compile("defaulttesttext="), timeout=WRITING)
    await expect(page.locator(".test-result").first).to_be_visible()
    await fits(page)
    await page.get_by_role("link", name=re.compile("^Steer")).last.tap()
    await expect(page.locator(".steer-feature")).to_have_count(1)
    await finished(page)
    await fits(page)
    await page.get_by_role("button", name="Share").tap()
    await expect(page).to_have_url(re.compile("saved="))
    await expect(steered(page)).not_to_be_empty()
    return urlsplit(page.url).query.partition("saved=")[2].partition("&")[0]


async def keeps_says_and_votes(page: Page) -> None:
    await page.locator("summary", has_text="Add to list").tap()
    await page.get_by_label("Name of a new list with this feature").fill("Cy's list")
    await page.keyboard.press("Enter")
    await expect(page.locator("section", has_text="In lists").get_by_role("link", name="Cy's list")).to_be_visible()
    await say(page, "cy's own words")
    votes = explained(page, "cy's own words").locator(".votes")
    await votes.get_by_role("button", name="Vote for:").tap()
    await expect(votes.locator(".num")).to_have_text("1")
    await page.get_by_label("Say something of").fill("one line\nand another")
    await page.get_by_role("button", name="Comment", exact=True).tap()
    comment = page.locator(".comments li p", has_text="one line")
    await expect(comment).to_be_visible()
    assert await comment.inner_text() == "one line\nand another"
    await fits(page)
    await page.get_by_role("link", name="Cy's list").tap()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Cy's list")
    await fits(page)


async def makes_a_key_and_revokes_it(page: Page, url: str) -> None:
    await page.get_by_label("Name of a new API key").fill("a phone")
    await page.get_by_role("button", name="Make a key").tap()
    text = await page.locator(".fresh-key code").inner_text()
    await fits(page)
    asked = {"headers": {"x-api-key": text}, "timeout": 30}
    assert httpx.post(f"{url}/api/user/refresh", **asked).json()["name"] == "cy"  # type: ignore[arg-type]
    await page.get_by_label("Revoke the key a phone").tap()
    await expect(page.get_by_label("Revoke the key a phone")).to_have_count(0)
    assert httpx.post(f"{url}/api/user/refresh", **asked).status_code == 401  # type: ignore[arg-type]


async def test_an_administrator_hides_what_was_reported_and_sees_every_page(
    browser: Browser, peopled: Peopled
) -> None:
    async with opened_by(browser, peopled, "ann", PHONE) as page:
        await page.goto(FEATURE)
        await page.get_by_label("Say something of").fill("something to be hidden")
        await page.get_by_role("button", name="Comment", exact=True).tap()
        await expect(page.locator(".comments li", has_text="something to be hidden")).to_be_visible()
    async with opened_by(browser, peopled, "bob", PHONE) as his, opened_by(browser, peopled, "eve", PHONE) as page:
        await his.goto(FEATURE)
        comment = his.locator(".comments li", has_text="something to be hidden")
        await comment.get_by_role("button", name="Report:").tap()
        await his.get_by_label("What is wrong with it?").fill("it is rude")
        await fits(his)
        await his.get_by_role("dialog", name="Report").get_by_role("button", name="Report", exact=True).tap()
        await expect(his.get_by_role("dialog", name="Report")).not_to_be_visible()
        await page.goto("/admin/reports")
        item = page.locator(".reports li", has_text="something to be hidden")
        await item.get_by_role("button", name="Hide").tap()
        await expect(item).to_have_count(0)
        await his.reload()
        await expect(his.get_by_label("Say something of")).to_be_visible()
        await expect(comment).to_have_count(0)
        for place in ADMINISTERED:
            await page.goto(f"/admin{place}")
            await expect(page.get_by_role("heading", level=1)).to_have_count(1)
            await expect(page.get_by_text("Only an administrator may do this.")).to_have_count(0)
            await expect(page.locator("main .skeleton")).to_have_count(0)
            await fits(page)
