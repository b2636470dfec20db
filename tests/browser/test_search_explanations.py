"""Search by explanation in the browser: while one types, filters in the address, results that go on, the like."""

from __future__ import annotations

import re

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways, settled, watched_page
from tests.running import RunningSite

FOUND = ".results > li"
LOADING = 120_000
ALL_ABOVE_45 = """() => {
    const told = [...document.querySelectorAll(".results .fc-meta span")].map((one) => one.textContent);
    const largest = told.filter((text) => text.startsWith("max ")).map((text) => Number(text.slice(4)));
    return largest.length > 0 && Math.min(...largest) >= 45;
}"""
MODEL, SOURCE = dataset.MODEL, dataset.SOURCE


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def meaning(browser: Browser, site: RunningSite) -> None:
    """The site has loaded the model that compares meanings, which takes long where other work keeps it busy."""
    async with watched_page(browser, site) as page:
        await page.goto("/search-explanations?q=further")
        await expect(page.locator(FOUND).first).to_be_visible()
        await expect(page.get_by_text("By meaning (all-minilm-l6-v2) and by words")).to_be_visible(timeout=LOADING)


async def test_results_come_while_one_types(page: Page) -> None:
    await page.goto("/search-explanations")
    await settled(page)
    await expect(page.get_by_text("What should a feature mean?").last).to_be_visible()
    await page.get_by_label("Words of the explanation").press_sequentially("further", delay=40)
    await expect(page).to_have_url(re.compile(r"\?q=further$"))
    await expect(page).to_have_title("“further” · MemicOS")
    await expect(page.locator(FOUND).first.locator("mark")).to_have_text("further")
    await expect(page.locator(f"{FOUND} .tok[style]").first).to_be_visible()
    await expect(page.locator(FOUND).first.locator("h3 a")).to_have_attribute(
        "href", f"/{MODEL}/{SOURCE}/{dataset.PLAIN}"
    )
    await expect(page.get_by_text("By meaning (all-minilm-l6-v2) and by words")).to_be_visible()
    await page.get_by_role("button", name="Words", exact=True).click()
    await expect(page).to_have_url(re.compile("way=words"))
    await expect(page.locator(FOUND)).to_have_count(1)
    await expect(page.get_by_role("heading", name="1 feature", exact=True)).to_be_visible()
    await page.get_by_label("Words of the explanation").fill("zzzzzz")
    await expect(page.get_by_text("Nothing found")).to_be_visible()
    await page.get_by_label("Words of the explanation").fill("")
    await expect(page).to_have_url(re.compile(r"/search-explanations\?way=words$"))
    await expect(page.get_by_text("Results come while you type")).to_be_visible()


async def test_filters_stand_in_the_address(page: Page) -> None:
    await page.goto(f"/search-explanations?q=pushes&modelId={MODEL}")
    await expect(page.locator(FOUND)).to_have_count(20)
    await page.get_by_role("button", name="Filters").click()
    await page.get_by_label("Strongest activation from").fill("45")
    await expect(page).to_have_url(re.compile("minActivation=45"))
    chip = page.get_by_title("Leave this filter out")
    await expect(chip).to_have_text(re.compile("strongest from 45"))
    await page.wait_for_function(ALL_ABOVE_45)
    await page.reload()
    await expect(chip).to_be_visible()
    await expect(page.locator(FOUND).first).to_be_visible()
    await chip.click()
    await expect(page).not_to_have_url(re.compile("minActivation"))
    await expect(chip).to_have_count(0)
    await page.get_by_label("Source set").select_option("res-4k")
    await expect(page).to_have_url(re.compile("sources="))
    await expect(page.get_by_role("button", name=f"Source {SOURCE}")).to_have_attribute("aria-pressed", "true")
    await page.get_by_label("Where to look").select_option("all")
    await expect(page).not_to_have_url(re.compile("modelId"))


async def test_results_go_on_and_on(page: Page) -> None:
    await page.goto("/search-explanations?q=pushes&way=meaning")
    await expect(page.get_by_role("heading", name="The first 20 features")).to_be_visible()
    more = page.get_by_role("button", name="More results")
    while await more.count():
        before = await page.locator(FOUND).count()
        await page.locator(FOUND).last.scroll_into_view_if_needed()
        await expect(page.locator(FOUND).nth(before)).to_be_attached()
        await expect(page.get_by_role("button", name="Loading more")).to_have_count(0)
    await expect(page.get_by_role("heading", name=f"{dataset.FEATURES} features", exact=True)).to_be_visible()
    links = [await one.get_attribute("href") for one in await page.locator(f"{FOUND} h3 a").all()]
    assert len(links) == len(set(links)) == dataset.FEATURES


async def test_more_like_this_by_keyboard(page: Page) -> None:
    await page.goto("/search-explanations?q=further&way=words")
    like = page.locator(FOUND).first.get_by_role("link", name="More like this").first
    await like.focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(rf"\?like=browser-{dataset.PLAIN}&way=words$"))
    await expect(page.get_by_text("Like “the word further")).to_be_visible()
    await expect(page.locator(FOUND)).to_have_count(20)
    await expect(page.locator(f"{FOUND} h3 a[href$='/{SOURCE}/{dataset.PLAIN}']")).to_have_count(0)
    await page.get_by_role("button", name="search for words instead").click()
    await expect(page).to_have_url(re.compile(r"/search-explanations\?way=words$"))


async def test_boxes_of_other_pages_bring_their_place(page: Page) -> None:
    of_model, of_source = f"&modelId={MODEL}", f"&modelId={MODEL}&sources=%5B%22{SOURCE}%22%5D"
    for path, model_id, sources, place in (
        ("/", "", "", ""),
        (f"/{MODEL}", MODEL, "", of_model),
        (f"/{MODEL}/res-4k", MODEL, f'["{SOURCE}"]', of_source),
        (f"/{MODEL}/{SOURCE}", MODEL, SOURCE, of_source),
    ):
        await page.goto(path)
        await settled(page)
        box = page.get_by_role("searchbox", name="Search explanations", exact=True)
        await expect(page.locator("main form input[name=modelId]")).to_have_value(model_id)
        await expect(page.locator("main form input[name=sources]")).to_have_value(sources)
        await box.fill("further")
        await box.press("Enter")
        await expect(page).to_have_url(re.compile(re.escape(f"?q=further{place}") + "$"))
        await expect(page.locator(FOUND).first).to_be_visible()


async def test_on_a_phone_and_embedded(phone: Page) -> None:
    await phone.goto("/search-explanations?q=attack&way=words")
    await expect(phone.locator(FOUND).first).to_contain_text(dataset.PIXEL)
    assert await phone.evaluate("window.hacked") is None
    assert not await scrolls_sideways(phone)
    await phone.get_by_role("button", name="Filters").click()
    await expect(phone.get_by_label("Fires on, % from")).to_be_visible()
    assert not await scrolls_sideways(phone)
    await phone.goto("/search-explanations/?q=further&embed=true")
    await expect(phone.locator(FOUND).first).to_be_visible()
    await expect(phone.get_by_role("banner")).to_have_count(0)
