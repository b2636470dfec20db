"""The feature dashboard in a browser: what it shows, and what its controls do."""

from __future__ import annotations

import json
import math
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import dataset
from tests.browser.conftest import DESKTOP, PHONE, scrolls_sideways, watched_page
from tests.browser.feature_page import FEATURE, SOURCE, opened, peak_edges, rows, told
from tests.running import RunningSite

CONTRAST = """() => {
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const canvas = pixel.getContext("2d", { willReadFrequently: true });
  const over = (...layers) => {
    for (const layer of layers) { canvas.fillStyle = layer; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const card = getComputedStyle(document.querySelector(".card")).backgroundColor;
  return [...document.querySelectorAll(".tok, .strip-value, .strip-share, .special, .tok .glyph")].map((one) => {
    const style = getComputedStyle(one);
    const ground = getComputedStyle(one.closest(".tok") ?? one).backgroundColor;
    const [a, b] = [light(over(card, ground)), light(over(card, ground, style.color))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.className];
  });
}"""


async def test_a_feature_shows_what_it_is_where_it_fires_and_what_it_does(page: Page) -> None:
    await opened(page)
    await expect(page).to_have_title(re.compile(r" · 15-res-4k/12 · MemicOS$"))
    await expect(page.get_by_role("heading", level=1)).to_contain_text("pushes")
    await expect(page.locator(".meta")).to_contain_text(re.compile(r"fires on [\d.]+ % of tokens"))
    assert await page.locator(".logits li").count() == 20
    for name in ("Activations where it fires", "Effect on all logits"):
        await expect(page.get_by_role("img", name=name)).to_be_visible()
    await expect(page.locator(".related a").first).to_have_attribute("href", re.compile(rf"^{SOURCE}/\d+$"))
    await expect(page.locator(".config", has_text="blocks.15.hook_resid_post").first).to_be_visible()


async def test_examples_stand_in_groups_with_exact_bounds_and_shares(page: Page) -> None:
    await opened(page)
    heads = await page.locator(".strip-head").all_inner_texts()
    assert heads[0].startswith("Top activations")
    bounds = [re.match(r"([\d.]+) – ([\d.]+)\s+([\d.]+) % of tokens", head) for head in heads[1:]]
    assert len(bounds) >= 2
    edges = [(float(found[1]), float(found[2])) for found in bounds if found]
    assert len(edges) == len(bounds)
    assert all(low < high for low, high in edges)
    assert edges == sorted(edges, reverse=True)


async def test_duplicates_are_folded_and_shown_on_demand(page: Page) -> None:
    await opened(page)
    fold = page.get_by_role("button", name=re.compile("duplicates? folded"))
    folded, before = int((await fold.inner_text()).split()[0]), await rows(page)
    await fold.click()
    unfolded = page.get_by_role("button", name=f"fold {folded} duplicate")
    await expect(unfolded).to_have_attribute("aria-pressed", "true")
    assert await rows(page) == before + folded


async def test_token_colours_follow_their_values(page: Page) -> None:
    await opened(page)
    strongest = float((await page.locator(".strip-share").first.text_content() or "").removeprefix("max "))
    await page.get_by_role("button", name="Full", exact=True).click()
    row = page.locator(".strip-row").first
    await row.hover()
    for token in await row.locator(".tok").all():
        value = float((await told(page, token))["value"])
        strength = float(await token.evaluate("token => getComputedStyle(token).getPropertyValue('--a')"))
        expected = 0.05 + 0.95 * math.log10(1 + 9 * abs(value) / strongest)
        assert strength == pytest.approx(min(1, expected), abs=0.002)


async def test_one_tooltip_says_token_value_and_position(page: Page) -> None:
    await opened(page)
    row = page.locator(".strip-row").nth(1)
    await row.hover()
    peak = row.locator(".strip-right [data-i]").first
    said = await told(page, peak)
    position = int(await peak.get_attribute("data-i") or "")
    assert said["value"] == f"{float(await row.locator('.strip-value').text_content() or ''):.4f}"
    assert said["place"].startswith(f"{position + 1} / ")
    assert said["token"].strip("·") == (await peak.inner_text()).strip()
    quiet = row.locator(".strip-right [data-i]:not(.tok)").first
    assert (await told(page, quiet))["value"] == "0.0000"
    assert await quiet.evaluate("token => getComputedStyle(token).outlineStyle") == "solid"
    await page.mouse.move(5, 5)
    await expect(page.locator(".token-tip")).to_be_hidden()
    assert await page.locator(".token-tip").count() == 1


async def test_tokens_are_reached_by_keyboard(page: Page) -> None:
    await opened(page)
    await page.locator(".seg button").last.focus()
    for _ in range(12):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.matches('[data-i]')"):
            break
    start = int(await page.evaluate("document.activeElement.dataset.i"))
    tip = page.locator(".token-tip")
    await expect(tip).to_contain_text(f"{start + 1} / ")
    await page.keyboard.press("ArrowLeft")
    await expect(tip).to_contain_text(f"{start} / ")
    assert await page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "token-tip"
    await page.keyboard.press("Enter")
    await expect(page.locator(".strip-row").first).to_have_attribute("data-open", "true")
    await page.keyboard.press("Enter")
    await expect(page.locator(".strip-row").first).not_to_have_attribute("data-open", "true")
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("document.activeElement.closest('[data-row]').dataset.row") == "1"
    assert page.url.endswith(FEATURE)


async def test_in_a_snippet_the_peaks_stand_in_one_column(page: Page) -> None:
    await opened(page)
    lefts = await peak_edges(page)
    assert len(lefts) > 20
    assert max(lefts) - min(lefts) < 0.5


async def test_layouts_and_the_choice_is_remembered(page: Page) -> None:
    await opened(page)
    first = page.locator(".examples .strip-row").first
    lengths = {}
    for name in ("Stacked", "Snippet", "Full"):
        await page.get_by_role("button", name=name, exact=True).click()
        await expect(page.locator(".examples .strip")).to_have_attribute("data-layout", name.lower())
        lengths[name] = len(await first.locator(".strip-text").text_content() or "")
    assert lengths["Stacked"] < lengths["Snippet"] <= lengths["Full"]
    await page.reload()
    await expect(page.locator(".examples .strip")).to_have_attribute("data-layout", "full")
    await expect(page.get_by_role("button", name="Full", exact=True)).to_have_attribute("aria-pressed", "true")


async def test_a_row_opens_to_its_whole_window(page: Page) -> None:
    await opened(page)
    row = page.locator(".examples .strip-row").first
    await row.hover()
    short = await row.locator(".run > span").count()
    await row.locator(".strip-value").click()
    await expect(row.locator(".whole")).to_be_visible()
    assert await row.locator(".run > span").count() >= short
    await row.locator(".strip-value").click()
    await expect(row.locator(".whole")).to_have_count(0)


async def test_line_breaks_are_glyphs_and_real_on_demand(page: Page) -> None:
    await opened(page)
    await page.get_by_role("button", name="Full", exact=True).click()
    await expect(page.locator(".whole").first).to_be_visible()
    switch = page.get_by_role("button", name=re.compile("line breaks"))
    for _ in range(2):
        pressed = await switch.get_attribute("aria-pressed") == "true"
        texts = await page.locator(".whole").all_text_contents()
        assert any("↵" in text for text in texts)
        assert any("↵\n" in text for text in texts) is pressed
        assert all("\n" not in text.replace("↵\n", "") for text in texts)
        await switch.click()
        await expect(switch).to_have_attribute("aria-pressed", "false" if pressed else "true")


async def test_keys_lead_to_neighbours_and_to_steering(page: Page) -> None:
    await opened(page)
    for key, index in (("j", 13), ("ArrowRight", 14), ("k", 13), ("ArrowLeft", 12)):
        await page.keyboard.press(key)
        await page.wait_for_url(f"**{SOURCE}/{index}")
        await expect(page).to_have_title(re.compile(f"15-res-4k/{index} "))
        await expect(page.locator(".crumb-index")).to_have_value(str(index))
    await expect(page.locator(".test-form a")).to_have_attribute("href", re.compile("index=12(&|$)"))
    strongest = float((await page.locator(".meta").inner_text()).split("max ")[1])
    href = await page.get_by_role("link", name="Steer", exact=True).first.get_attribute("href")
    link = page.locator(".test-form a")
    query = parse_qs(urlsplit(await link.get_attribute("href") or "").query)
    assert (query["source"], query["index"]) == ([dataset.SOURCE], ["12"])
    assert float(query["strength"][0]) == pytest.approx(3 * strongest, abs=0.02)
    assert href
    await page.keyboard.press("s")
    await page.wait_for_url("**/steer?source=*")


async def test_another_index_is_a_word_away(page: Page) -> None:
    await opened(page)
    await page.keyboard.press("g")
    await expect(page.locator(".crumb-index")).to_be_focused()
    await page.keyboard.type("20")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{SOURCE}/20")
    await expect(page.locator(".crumb-index")).to_have_value("20")


async def test_downloads_hold_the_feature_and_its_direction(inference: RunningSite, page: Page) -> None:
    await opened(page)
    await page.get_by_text("Download", exact=True).click()
    async with page.expect_download() as found:
        await page.get_by_role("link", name="Feature as JSON").click()
    whole = json.loads((await (await found.value).path()).read_text(encoding="utf-8"))
    assert (whole["modelId"], whole["layer"], str(whole["index"])) == (dataset.MODEL, dataset.SOURCE, "12")
    async with page.expect_download() as found:
        await page.get_by_role("button", name="Decoder direction as JSON").click()
    direction = json.loads((await (await found.value).path()).read_text(encoding="utf-8"))
    assert (len(direction["vector"]), direction["hookName"]) == (576, "blocks.15.hook_resid_post")


async def test_an_unknown_feature_leads_on(page: Page) -> None:
    await page.goto(f"{SOURCE}/4000")
    await expect(page.get_by_role("heading", level=1)).to_have_text("No such feature here")
    await expect(page).to_have_title("Not found · MemicOS")
    nearest = page.locator(".suggestions a").first
    await nearest.click()
    await expect(page.locator(".strip-row").first).to_be_visible()
    await page.goto(f"{SOURCE}/ten")
    await expect(page.get_by_role("alert")).to_contain_text("“ten” is none")


async def test_a_feature_never_begins_with_the_one_before(page: Page) -> None:
    await opened(page)
    before = await page.get_by_role("heading", level=1).inner_text()
    await page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
             window.titles = new Set();
             new MutationObserver(() => titles.add(document.querySelector("h1")?.textContent))
               .observe(document.body, { subtree: true, childList: true, characterData: true });
           })"""
    )
    await opened(page, f"{SOURCE}/13")
    assert before not in await page.evaluate("[...titles]")


async def test_on_a_phone_everything_stands_in_one_column(phone: Page) -> None:
    await opened(phone)
    assert not await scrolls_sideways(phone)
    order = [".test", ".examples", ".logits", ".related", ".config"]
    tops = [(await phone.locator(selector).first.bounding_box() or {"y": 0})["y"] for selector in order]
    assert tops == sorted(tops)
    assert await phone.locator(".logits li:visible").count() == 10
    lefts = await peak_edges(phone)
    assert max(lefts) - min(lefts) < 0.5
    for name in ("Stacked", "Full"):
        await phone.get_by_role("button", name=name, exact=True).tap()
        assert not await scrolls_sideways(phone)
    await phone.locator(".strip-row .tok").first.tap()
    await expect(phone.locator(".token-tip")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_token_is_readable_in_both_themes(browser: Browser, site: RunningSite, scheme: str) -> None:
    async with watched_page(browser, site, viewport=DESKTOP, color_scheme=scheme) as page:
        await opened(page)
        found: list[list[Any]] = await page.evaluate(CONTRAST)
        assert len(found) > 60
        assert min(found)[0] >= 4.5, min(found)
        ground = await page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground)[:3])) > 600) is (scheme == "light")


async def test_nothing_moves_while_a_feature_loads(browser: Browser, site: RunningSite) -> None:
    for viewport in (DESKTOP, PHONE):
        async with watched_page(browser, site, viewport=viewport) as page:
            await page.add_init_script(
                "window.moved = 0; new PerformanceObserver(list => { for (const one of list.getEntries())"
                " window.moved += one.value; }).observe({ type: 'layout-shift', buffered: true })"
            )
            await opened(page)
            await page.wait_for_timeout(500)
            assert await page.evaluate("window.moved") < 0.01


async def test_the_page_and_its_json_say_the_same(page: Page, site: RunningSite) -> None:
    await opened(page)
    answer = httpx.get(f"{site.url}/api/feature{FEATURE}", timeout=30).json()
    shown = await page.locator(".logits .num").all_inner_texts()
    assert shown == [f"{value:+.2f}" for value in [*answer["neg_values"], *answer["pos_values"]]]
    assert (await page.locator(".meta").inner_text()).endswith(f"max {answer['maxActApprox']:.2f}")
