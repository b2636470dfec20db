"""Saved pages opened from disk: they ask for nothing, run nothing, and show what the site's pages show."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from memicos_app.components.static import bundle
from memicos_app.db import session
from memicos_app.settings import get_settings
from tests.browser import dataset
from tests.browser.conftest import DESKTOP, PHONE, scrolls_sideways
from tests.conftest import settle
from tests.running import RunningSite

PLACE = (dataset.MODEL, dataset.SOURCE)
FEATURE = 12


@pytest.fixture(scope="module")
def saved(browser_database: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a feature's page, hostile ones, the source's page, and an unpacked zip of some."""
    folder = tmp_path_factory.mktemp("saved")

    async def save() -> None:
        for index in (FEATURE, dataset.MARKUP, dataset.REVERSED, dataset.LONG, dataset.TOKENS):
            (folder / f"{index}.html").write_bytes(await bundle.feature_file(*PLACE, index))
        (folder / "source.html").write_bytes(await bundle.source_file(*PLACE))
        with (folder / "some.zip").open("wb") as file:
            async for piece in bundle.zipped(bundle.bundle(*PLACE, [FEATURE, dataset.MARKUP])):
                file.write(piece)
        await session.dispose()

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", browser_database)
        get_settings.cache_clear()
        settle(save())
    get_settings.cache_clear()
    with zipfile.ZipFile(folder / "some.zip") as archive:
        archive.extractall(folder / "zip")
    return folder


@asynccontextmanager
async def opened(browser: Browser, path: Path, **looks: object) -> AsyncIterator[Page]:
    """A file on a page that is offline; whatever it asks for or complains of fails the test."""
    context = await browser.new_context(offline=True, **looks)  # type: ignore[arg-type]
    page = await context.new_page()
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(path.as_uri())
    yield page
    assert faults == []
    root = path.parent.parent.as_uri()
    assert all(url.startswith(root) and not url.endswith(".js") for url in asked), asked
    assert await page.evaluate("window.hacked") is None
    await context.close()


async def test_a_feature_is_all_there(browser: Browser, saved: Path) -> None:
    async with opened(browser, saved / f"{FEATURE}.html", viewport=DESKTOP) as page:
        await expect(page.get_by_role("heading", level=1)).to_contain_text("pushes")
        await expect(page.locator(".meta")).to_contain_text("of tokens")
        assert await page.locator(".logits li").count() == 20
        for name in ("Activations where it fires", "Effect on all logits"):
            await expect(page.get_by_role("img", name=name)).to_be_visible()
        rows = page.locator(".strip-row")
        assert await rows.count() > 20
        left = "all => all.slice(0, 9).map(r => r.querySelector('.strip-right .tok').getBoundingClientRect().left)"
        peaks = await rows.evaluate_all(left)
        assert max(peaks) - min(peaks) < 1, "peaks stand in one column"
        assert " · token " in (await rows.first.locator(".strip-right .tok").first.get_attribute("title") or "")
        assert await page.locator("script").count() == 0


async def test_rows_open_without_a_script(browser: Browser, saved: Path) -> None:
    async with opened(browser, saved / f"{FEATURE}.html", viewport=DESKTOP) as page:
        row = page.locator(".strip-row").first
        before = (await row.bounding_box() or {})["height"]
        await row.get_by_role("checkbox").focus()
        await page.keyboard.press("Space")
        await expect(row.locator(".strip-text")).to_have_css("white-space", "pre-wrap")
        assert (await row.bounding_box() or {})["height"] > before
        other = page.locator(".strip-row").nth(1)
        await expect(other.locator(".strip-text")).to_have_css("white-space", "pre")
        await page.get_by_text("Full", exact=True).click()
        await expect(other.locator(".strip-text")).to_have_css("white-space", "pre-wrap")


@pytest.mark.parametrize("looks", [DESKTOP, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_and_follows_the_theme(
    browser: Browser, saved: Path, looks: dict[str, int], scheme: str
) -> None:
    async with opened(browser, saved / f"{FEATURE}.html", viewport=looks, color_scheme=scheme) as page:
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(252, 252, 251)", "dark": "rgb(15, 15, 14)"}[scheme]
        assert not await scrolls_sideways(page)
        await page.get_by_text("Full", exact=True).click()
        assert not await scrolls_sideways(page)


@pytest.mark.parametrize("index", [dataset.MARKUP, dataset.REVERSED, dataset.LONG, dataset.TOKENS])
async def test_hostile_texts_are_texts(browser: Browser, saved: Path, index: int) -> None:
    async with opened(browser, saved / f"{index}.html", viewport=PHONE) as page:
        assert await page.locator("img").count() == 0
        assert not await scrolls_sideways(page)
        if index == dataset.MARKUP:
            await expect(page.get_by_role("heading", level=1)).to_contain_text(dataset.ATTACKS[index][:60])
        if index == dataset.TOKENS:
            await expect(page.locator(".strip").get_by_text(dataset.PIXEL).first).to_be_attached()
            await expect(page.locator(".glyph", has_text="‹RLO›").first).to_be_attached()


async def test_a_source_lists_what_it_has(browser: Browser, saved: Path) -> None:
    async with opened(browser, saved / "source.html", viewport=PHONE) as page:
        await expect(page.locator(".features tbody tr")).to_have_count(dataset.FEATURES)
        assert not await scrolls_sideways(page)


async def test_a_zip_is_a_small_site(browser: Browser, saved: Path) -> None:
    async with opened(browser, saved / "zip" / "index.html", viewport=DESKTOP) as page:
        await page.get_by_role("link", name=str(FEATURE), exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("pushes")
        await expect(page.locator(".card").first).to_have_css("border-radius", "10px")


async def test_the_menus_give_these_files(page: Page, site: RunningSite) -> None:
    await page.goto(f"{site.url}/{dataset.MODEL}/{dataset.SOURCE}")
    await page.get_by_text("Download", exact=True).click()
    link = page.get_by_role("link", name="This page as HTML")
    await expect(link).to_have_attribute("href", f"/api/page/{dataset.MODEL}/{dataset.SOURCE}")
    zipped = page.get_by_role("link", name="Features shown as HTML, zip")
    address = await zipped.get_attribute("href")
    assert httpx.get(f"{site.url}{address}", timeout=60).content[:2] == b"PK"
    await page.get_by_role("button", name="Prepare the dataset").click()
    ready = page.get_by_role("link", name="Dataset, public layout")
    await expect(ready).to_be_visible(timeout=60_000)
    async with page.expect_download() as waiting:
        await ready.click()
    assert (await waiting.value).suggested_filename == f"{dataset.MODEL}_{dataset.SOURCE}.tar"
    await page.goto(f"{site.url}/{dataset.MODEL}/{dataset.SOURCE}/{FEATURE}")
    await page.get_by_text("Download", exact=True).click()
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="This page as HTML").click()
    assert (await waiting.value).suggested_filename == f"{dataset.MODEL}_{dataset.SOURCE}_{FEATURE}.html"
