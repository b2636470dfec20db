"""The form for an SAE of one's own in a browser: it reads the folder as one types, and fits a phone."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import scrolls_sideways
from tests.library.test_sae_folders import write


async def test_what_is_typed_is_checked(page: Page, tmp_path: Path) -> None:
    sae = write(tmp_path / "sae")
    await page.goto("/admin/add")
    await expect(page.get_by_label("Model")).not_to_have_value("")
    await page.get_by_label("Folder").fill("/no/where")
    await expect(page.get_by_text("/no/where is not there.")).to_be_visible()
    await page.get_by_label("Folder").fill(str(sae))
    await expect(page.get_by_text("blocks.3.hook_resid_post", exact=True)).to_be_visible()
    await expect(page.get_by_text("/no/where is not there.")).to_have_count(0)
    await page.get_by_role("button", name="Make dashboards").click()
    await expect(page.get_by_label("Folder")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_text("it was trained on another model")).to_be_visible()


async def test_on_a_phone_the_form_fits(phone: Page) -> None:
    await phone.goto("/admin/add")
    await expect(phone.get_by_label("Folder")).to_be_visible()
    assert not await scrolls_sideways(phone)
