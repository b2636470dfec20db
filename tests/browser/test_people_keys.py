"""The pages of accounts and lists by keyboard alone, each part with its name: for people who press no mouse."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import DESKTOP, opened_by
from tests.browser.peopled import Peopled

STEPS = 40
FOCUS = """() => {
    const part = document.activeElement;
    if (!part || part === document.body) return null;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(part), box = part.getBoundingClientRect();
    part.dataset.step ??= String(document.querySelectorAll("[data-step]").length);
    return {
        step: Number(part.dataset.step),
        what: part.outerHTML.slice(0, 100),
        drawn: (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none",
        there: box.width > 0 && box.height > 0,
    };
}"""
NAMELESS = """() => {
    const named = (part) => part.ariaLabel || part.innerText || part.title || part.labels?.length
        || part.getAttribute("aria-labelledby");
    const parts = [...document.querySelectorAll("a, button, input, select, textarea, summary")];
    return parts.filter((part) => part.checkVisibility() && part.type !== "hidden" && !named(part))
        .map((part) => part.outerHTML.slice(0, 100));
}"""


@pytest.mark.parametrize(("who", "path"), [("", "/signin"), ("ann", "/account"), ("ann", "/user/ann/lists")])
async def test_focus_goes_on_and_is_seen(browser: Browser, peopled: Peopled, who: str, path: str) -> None:
    async with opened_by(browser, peopled, who, DESKTOP) as page:
        await page.goto(path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await expect(page.get_by_role("navigation", name="Main", exact=True)).to_be_visible()
        assert await page.evaluate(NAMELESS) == []
        steps = []
        for _ in range(STEPS):
            await page.keyboard.press("Tab")
            at = await page.evaluate(FOCUS)
            if at is None or at["step"] < len(steps):
                break
            assert at["drawn"], at["what"]
            assert at["there"], at["what"]
            steps.append(at["step"])
        assert len(steps) > 8, "every field, button and link is reached once"


async def test_escape_closes_the_menu_of_a_person(browser: Browser, peopled: Peopled) -> None:
    async with opened_by(browser, peopled, "ann") as page:
        await page.goto("/account")
        summary = page.get_by_label("Your account, ann")
        await summary.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".person-menu").get_by_role("link", name="Profile")).to_be_visible()
        await page.keyboard.press("Tab")
        await expect(page.locator(".person-menu").get_by_role("link", name="Profile")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.locator(".person-menu").get_by_role("link", name="Profile")).to_be_hidden()
        await expect(summary).to_be_focused()
