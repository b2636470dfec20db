"""A visitor and two people on one site: what each makes, what the others see of it, and what they cannot do to it."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote, urlsplit

import httpx
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser import dataset
from tests.browser.conftest import PHONE, opened_by, scrolls_sideways
from tests.browser.peopled import Peopled
from tests.mailbox import Mailbox

MODEL, SOURCE = dataset.MODEL, dataset.SOURCE
AT = f"/{MODEL}/{SOURCE}"


def explained(page: Page, words: str) -> Locator:
    """The line of an explanation."""
    return page.locator(".explanations li", has_text=words)


async def say(page: Page, words: str) -> None:
    await page.get_by_label("In your own words").fill(words)
    await page.locator(".explanations > form").get_by_role("button", name="Keep", exact=True).click()
    await expect(explained(page, words)).to_be_visible()


async def mail_came(mailbox: Mailbox, to: str, number: int) -> None:
    """Wait for mails, which are sent beside what they tell of."""
    for _ in range(1200):
        if sum(one["To"] == to for one in mailbox.mails) >= number:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{len(mailbox.mails)} mails came, not {number} for {to}")


async def test_a_visitor_reads_and_is_led_to_sign_in_and_back(browser: Browser, peopled: Peopled) -> None:
    async with opened_by(browser, peopled) as page:
        await page.goto(f"{AT}/18")
        card = page.locator(".explanations")
        await expect(card.get_by_role("link", name="Sign in to vote for:").first).to_be_visible()
        for nothing in ("#own-words", ".tested-texts", ".seen-by", ".bookmark"):
            await expect(page.locator(nothing)).to_have_count(0)
        await expect(page.get_by_role("button", name=re.compile("Delete|Change|Report"))).to_have_count(0)
        await expect(page.locator(".comments").get_by_role("link", name="Sign in")).to_be_visible()
        await card.get_by_role("link", name="Sign in to vote against:").first.click()
        await expect(page).to_have_url(f"{peopled.site.url}/signin?next={quote(f'{AT}/18', safe='')}")


async def test_two_people_s_words_stand_in_the_order_of_their_votes(browser: Browser, peopled: Peopled) -> None:
    async with opened_by(browser, peopled, "ann") as hers, opened_by(browser, peopled, "bob") as his:
        await hers.goto(f"{AT}/18")
        await say(hers, "ann's words")
        await his.goto(f"{AT}/18")
        await say(his, "bob's words")
        votes = explained(his, "ann's words").locator(".votes")
        await votes.get_by_role("button", name="Vote for:").click()
        await expect(votes.locator(".num")).to_have_text("1")
        await expect(his.locator(".explanations li").first).to_contain_text("ann's words")
        await expect(
            explained(his, "ann's words").get_by_role("button", name=re.compile("Change|Delete"))
        ).to_have_count(0)
        await hers.reload()
        votes = explained(hers, "bob's words").locator(".votes")
        for _ in range(2):
            await votes.get_by_role("button", name="Vote for:").click()
        await expect(votes.get_by_role("button", name="Vote for:")).to_have_attribute("aria-pressed", "false")
        await expect(votes.locator(".num")).to_have_text("0")
        votes = explained(hers, "ann's words").locator(".votes")
        await votes.get_by_role("button", name="Vote for:").click()
        await expect(votes.locator(".num")).to_have_text("2")
        await votes.get_by_role("button", name="Vote against:").click()
        await expect(votes.locator(".num")).to_have_text("0")
        await explained(hers, "ann's words").get_by_role("button", name="Change:").click()
        await hers.get_by_label("Other words for this explanation").fill("her better words")
        await explained(hers, "").get_by_role("button", name="Keep", exact=True).click()
        await expect(explained(hers, "her better words")).to_be_visible()
    async with opened_by(browser, peopled, "eve") as page:
        await page.goto(f"{AT}/18")
        line = explained(page, "bob's words")
        await expect(line.get_by_role("button", name="Change:")).to_be_visible()
        await line.get_by_role("button", name="Delete:").click()
        await line.get_by_role("button", name="Delete for good:").click()
        await expect(line).to_have_count(0)


async def test_a_list_is_filled_in_place_and_talked_about(browser: Browser, peopled: Peopled) -> None:
    async with opened_by(browser, peopled, "ann") as hers, opened_by(browser, peopled, "bob") as his:
        await hers.goto("/user/ann")
        await hers.get_by_label("Name of a new list").fill("Ann's list")
        await hers.keyboard.press("Enter")
        await hers.wait_for_url("**/list/*")
        field = hers.get_by_label("Feature to add")
        await field.fill(f"{AT}/20")
        await field.press("Enter")
        await expect(hers.locator(".list-row")).to_have_count(1)
        await field.fill("further")
        await field.press("Enter")
        found = hers.locator(".list-found li", has_text=f"{AT.strip('/')}/{dataset.PLAIN}")
        add = found.get_by_role("button", name="In the list:")
        await add.focus()
        await hers.keyboard.press("Enter")
        await expect(hers.locator(".list-row")).to_have_count(2)
        await expect(add).to_have_attribute("aria-pressed", "true")
        await add.press("Enter")
        await expect(hers.locator(".list-row")).to_have_count(1)
        await expect(add).to_have_text("Add")
        path = urlsplit(hers.url).path
        await his.goto(path)
        await expect(his.get_by_role("button", name="Edit")).to_have_count(0)
        await expect(his.get_by_label("Feature to add")).to_have_count(0)
        for said in (dataset.PIXEL, "of bob's own"):
            await his.get_by_label("Say something of").fill(said)
            await his.get_by_role("button", name="Comment", exact=True).click()
            await expect(his.locator(".comments li", has_text=said)).to_be_visible()
        assert await his.evaluate("window.hacked") is None
        own = his.locator(".comments li", has_text="of bob's own")
        await own.get_by_role("button", name="Delete:").click()
        await own.get_by_role("button", name="Delete for good:").click()
        await expect(own).to_have_count(0)
        await hers.reload()
        item = hers.locator(".comments li")
        await expect(item).to_contain_text(dataset.PIXEL)
        await expect(item.get_by_role("button", name="Report:")).to_be_visible()
        await expect(item.get_by_role("button", name="Delete:")).to_have_count(0)
        await mail_came(peopled.mailbox, "ann@example.org", 2)
        assert path in peopled.mailbox.link()
        await hers.get_by_role("button", name="Edit").click()
        await hers.get_by_label("Who sees it").select_option("private")
        await hers.get_by_role("button", name="Keep").click()
        await expect(hers.locator(".list-head .seen-mark")).to_have_text("private")
        await his.reload()
        await expect(his.get_by_role("heading", level=1)).to_have_text("No such list here")
    embedded = httpx.get(f"{peopled.site.url}{path}?embed=true", timeout=30).headers["content-security-policy"]
    assert "frame-ancestors 'self' https://lab.example" in embedded
    assert "lab.example" not in httpx.get(f"{peopled.site.url}{path}", timeout=30).headers["content-security-policy"]


async def test_an_administrator_deletes_any_comment(browser: Browser, peopled: Peopled) -> None:
    async with opened_by(browser, peopled, "bob") as page:
        await page.goto(f"{AT}/22")
        await page.get_by_label("Say something of").fill("something rude")
        await page.get_by_role("button", name="Comment", exact=True).click()
        await expect(page.locator(".comments li")).to_contain_text("something rude")
    async with opened_by(browser, peopled, "eve") as page:
        await page.goto(f"{AT}/22")
        item = page.locator(".comments li")
        await item.get_by_role("button", name="Delete:").click()
        await item.get_by_role("button", name="Delete for good:").click()
        await expect(item).to_have_count(0)


async def test_a_person_s_pages_show_others_what_is_public(browser: Browser, peopled: Peopled) -> None:
    async with opened_by(browser, peopled, "bob", PHONE) as his:
        await his.goto("/user/ann")
        await expect(his.get_by_role("link", name="a public prompt")).to_be_visible()
        for hidden in ("a private prompt", "an unlisted prompt", "towards music"):
            await expect(his.get_by_text(hidden)).to_have_count(0)
        await expect(his.locator("main").get_by_role("button")).to_have_count(0)
        assert not await scrolls_sideways(his)
        async with opened_by(browser, peopled, "ann") as hers:
            await hers.goto("/user/ann")
            row = hers.locator("li", has_text="a private prompt")
            await row.get_by_role("button", name="Delete").click()
            await row.get_by_role("button", name="Delete for good:").click()
            await expect(row).to_have_count(0)
            await hers.get_by_role("link", name="towards music").click()
            await expect(hers.get_by_role("heading", level=1)).to_have_text("towards music")
            menu = hers.locator(".seen-by")
            await menu.locator("summary").press("Enter")
            await hers.keyboard.press("Escape")
            await expect(menu.get_by_role("button", name="Public")).to_be_hidden()
            await menu.locator("summary").press("Enter")
            await menu.get_by_role("button", name="Public").press("Enter")
            await expect(menu.locator("summary")).to_have_text("public")
            await his.goto("/user/ann/vectors")
            await his.get_by_role("link", name="towards music").click()
            await expect(his.get_by_role("heading", level=1)).to_have_text("towards music")
            await expect(his.locator(".seen-by")).to_have_count(0)
            await hers.goto("/user/ann/vectors")
            await hers.get_by_role("button", name="Delete towards music").click()
            await hers.get_by_role("button", name="Delete for good:").click()
            await expect(hers.get_by_text("No vectors yet.")).to_be_visible()


async def test_an_administrator_chooses_who_sees_a_source(browser: Browser, peopled: Peopled) -> None:
    async with opened_by(browser, peopled, "eve") as page, opened_by(browser, peopled, "bob", PHONE) as his:
        await page.goto(AT)
        menu = page.locator(".seen-by")
        for wanted in ("Unlisted", "Private", "Public"):
            await menu.locator("summary").click()
            await menu.get_by_role("button", name=wanted).click()
            await expect(menu.locator("summary")).to_have_text(wanted.lower())
            await his.goto(f"/{MODEL}")
            in_list = his.get_by_role("link", name=SOURCE, exact=True)
            await expect(in_list).to_have_count(1 if wanted == "Public" else 0)
            await his.goto(AT)
            if wanted == "Unlisted":
                await expect(his.locator(".titled .seen-mark")).to_have_text("unlisted")
                assert not await scrolls_sideways(his)
            title = "There is no such source here" if wanted == "Private" else "Residual stream after layer 15"
            await expect(his.get_by_role("heading", level=1)).to_have_text(title)
            await expect(his.locator(".seen-by")).to_have_count(0)
