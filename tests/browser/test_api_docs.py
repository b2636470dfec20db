"""The interactive pages of both APIs: drawn, tried out, and without a request to anywhere else."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PATIENCE, Watched
from tests.inference_worker import serving


async def test_the_sites_page_tries_a_route(page: Page) -> None:
    await page.goto("/api/docs")
    await expect(page).to_have_title("MemicOS API")
    await tried(page, "status_health", '"status": "ok"')


async def test_the_api_has_a_page_of_the_site(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("contentinfo").get_by_role("link", name="API").click()
    await expect(page).to_have_title("API · MemicOS")
    await page.locator(".opblock-tag", has_text="status").click()
    await tried(page, "status_health", '"status": "ok"')
    await page.get_by_role("button", name="Authorize").first.click()
    box = page.locator(".auth-container input")
    await expect(box).to_have_value("")
    await box.fill("sk-mem-none")
    await page.locator(".auth-container").get_by_role("button", name="Apply credentials").click()
    await page.locator(".auth-container").get_by_role("button", name="Close").click()
    block = page.locator("[id$='status_health']")
    async with page.expect_request("**/api/health") as sent:
        await page.route("**/api/health", lambda route: route.fulfill(json={"status": "asked with a key"}))
        await block.get_by_role("button", name="Execute").click()
    assert (await sent.value).headers["x-api-key"] == "sk-mem-none"
    await expect(block.locator(".live-responses-table .response")).to_contain_text("asked with a key")
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    assert "sk-mem-none" not in await page.evaluate(kept)


async def test_the_workers_page_tries_a_route(browser: Browser) -> None:
    with serving.worker() as url:
        context = await browser.new_context(base_url=url, viewport=DESKTOP)
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        watched = Watched(url)
        watched.follow(page)
        await page.goto("/docs/")
        await expect(page.locator(".opblock")).to_have_count(await operations(page))
        await tried(page, "state-health", '"status": "ok"')
        await page.get_by_role("button", name="Authorize").first.click()
        await page.locator(".auth-container input").fill(serving.SECRET)
        await page.locator(".auth-container").get_by_role("button", name="Apply credentials").click()
        await page.locator(".auth-container").get_by_role("button", name="Close").click()
        await tried(page, "state-ready", '"state"')
        await context.close()
    assert watched.faults == []


async def operations(page: Page) -> int:
    count = (
        "fetch('/openapi.json').then(a => a.json()).then(d => Object.values(d.paths).flatMap(Object.values).length)"
    )
    return int(await page.evaluate(count))


async def tried(page: Page, operation: str, answer: str) -> None:
    block = page.locator(f"[id$='{operation}']")
    await block.locator(".opblock-summary").click()
    await block.get_by_role("button", name="Execute").click()
    await expect(block.locator(".live-responses-table .response")).to_contain_text(answer)
