"""The admin page walked through: a source downloaded, kept up to date, verified and deleted by its buttons."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

WORK = 90_000
"""Milliseconds that a small job may take on a crowded machine."""


@pytest.fixture
def toy(demo_origin: Path) -> Iterator[Folder]:
    """A tiny source that lies at the origin for the length of a test."""
    made = Folder(demo_origin)
    made.batch("features/batch-0", [feature("0"), feature("1")])
    made.batch("activations/batch-0", [activation("0", ["a", "b"], [1.0, 2.0])])
    made.batch("explanations/batch-0", [explanation("0", dataset.PIXEL, id="toy-1")])
    made.write()
    yield made
    shutil.rmtree(made.path.parent)


def line(page: Page) -> Locator:
    return page.locator(f"[data-source='{MODEL}/{SOURCE}']")


async def verb(page: Page, name: str) -> None:
    await line(page).get_by_role("button", name=f"{name} {MODEL}/{SOURCE}").click()


async def stands(page: Page, state: str) -> None:
    """Wait until the source is in a state and nothing works on it."""
    await expect(line(page)).to_have_attribute("data-state", state, timeout=WORK)
    await expect(line(page).locator(".shelf-job")).to_have_count(0, timeout=WORK)


async def test_a_source_from_download_to_deletion(page: Page, toy: Folder) -> None:
    await page.goto("/admin")
    await stands(page, "not here")
    await verb(page, "Download")
    await stands(page, "complete")
    await expect(line(page)).to_contain_text("2 features")
    changed = toy.path / "activations" / "batch-0.jsonl.gz"
    os.utime(changed, (1, 1))
    await page.reload()
    await stands(page, "newer upstream")
    await verb(page, "Re-sync")
    await stands(page, "complete")
    await verb(page, "Verify")
    await expect(line(page).locator(".shelf-job")).to_have_count(0, timeout=WORK)
    await line(page).get_by_role("link", name=SOURCE).click()
    await expect(page).to_have_url(re.compile(f"/{MODEL}/{SOURCE}$"))
    await expect(page.locator("[data-list]")).to_contain_text(dataset.PIXEL)
    await page.go_back()
    await verb(page, "Delete")
    dialog = page.get_by_role("dialog", name="Delete a source")
    await expect(dialog).to_contain_text(f"{MODEL}/{SOURCE}")
    await dialog.get_by_role("button", name="Keep it").click()
    await expect(dialog).to_be_hidden()
    await stands(page, "complete")
    await verb(page, "Delete")
    await dialog.get_by_role("button", name="Delete", exact=True).click()
    await stands(page, "not here")


async def test_the_list_narrows_and_says_so(page: Page) -> None:
    await page.goto("/admin")
    row = page.locator(f"[data-source='{dataset.MODEL}/{dataset.SOURCE}']")
    await expect(row).to_have_attribute("data-state", "complete")
    await page.get_by_role("button", name="Not here").click()
    await expect(row).to_have_count(0)
    await page.get_by_role("button", name="All", exact=True).click()
    await expect(row).to_have_count(1)
    await page.keyboard.press("f")
    await page.keyboard.type("llama")
    await expect(page.get_by_role("heading", name="No source fits")).to_be_visible()


async def test_on_a_phone_nothing_scrolls_sideways(phone: Page) -> None:
    await phone.goto("/admin")
    await expect(phone.locator(f"[data-source='{dataset.MODEL}/{dataset.SOURCE}']")).to_be_visible()
    await expect(phone.get_by_role("heading", name="Disk")).to_be_visible()
    await phone.get_by_text("Settings in force").click()
    await expect(phone.get_by_text("DATASET_ORIGINS")).to_be_visible()
    assert not await scrolls_sideways(phone)
