"""A model and its SAEs added, and batch files dropped on a page, as the guide's example goes."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import Page, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways, settled

BATCH = Path(__file__).parents[1] / "data" / "saedashboard-batch-0.json"
DROP = """([name, content, ...more]) => {
    const transfer = new DataTransfer();
    for (const [file, text] of [[name, content], ...more]) {
        const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
        transfer.items.add(new File([bytes], file, { type: "application/json" }));
    }
    return transfer;
}"""


@pytest.fixture
def clean(browser_database: str) -> Iterator[None]:
    """What the test adds is gone after it."""
    yield
    with psycopg.connect(browser_database) as connection:
        connection.execute("DELETE FROM models WHERE id = 'gpt2-small'")


async def drop(page: Page, *files: tuple[str, bytes]) -> None:
    encoded = [[name, base64.b64encode(content).decode()] for name, content in files]
    first, *more = encoded
    await page.dispatch_event(
        ".drop-zone", "drop", {"dataTransfer": await page.evaluate_handle(DROP, [*first, *more])}
    )


@pytest.mark.usefixtures("clean")
async def test_from_an_empty_form_to_a_feature(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("link", name="+ Add new model").click()
    await settled(page)
    model = page.get_by_label("Model ID")
    await expect(model).to_be_focused()
    await model.fill(dataset.MODEL)
    await expect(page.get_by_text("There is a model of this id already.")).to_be_visible()
    await expect(model).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("link", name="Open the one that is here")).to_have_attribute(
        "href", f"/{dataset.MODEL}"
    )
    await model.fill("gpt2-small")
    await expect(model).to_have_attribute("aria-invalid", "false")
    await page.get_by_label("Model display name").fill("GPT2 Small")
    await page.get_by_label("Owner or creator").fill("OpenAI")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Layers")).to_be_focused()
    await expect(page.get_by_text("From 1 to 1000 layers.")).to_be_visible()
    await page.keyboard.type("12")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="GPT2 Small")).to_be_visible()
    assert page.url.endswith("/gpt2-small")
    await page.goto("/sae/new?model=gpt2-small")
    await expect(page.get_by_label("Model", exact=True)).to_have_value("gpt2-small")
    await page.get_by_label("SAE set ID").fill("res-jb")
    await page.get_by_label("Display name for hook / grouping").fill("Residuals")
    await page.get_by_role("button", name="Add the SAEs").click()
    await expect(page.get_by_role("heading", name="res-jb")).to_be_visible()
    await page.get_by_role("link", name="0-res-jb").first.click()
    await page.get_by_role("link", name="Upload features").click()
    await expect(page.get_by_text("They must be of")).to_be_visible()
    content = json.loads(BATCH.read_text())
    content["features"] = [{**content["features"][0], "feature_index": 12}]
    files = [("batch-0.json", BATCH.read_bytes()), ("batch-1.json", json.dumps(content).encode()), ("notes.txt", b"")]
    await drop(page, *files)
    await expect(page.get_by_text("3 of 3 files done")).to_be_visible()
    rows = page.get_by_role("list", name="Files").get_by_role("listitem")
    await expect(rows.filter(has_text="batch-0.json")).to_contain_text("1 dead, left out")
    await expect(rows.filter(has_text="batch-1.json")).to_contain_text("1 new")
    await expect(rows.filter(has_text="notes.txt")).to_contain_text("not a batch-N.json; left out")
    await page.set_input_files(
        "input[type=file]", files=[{"name": "batch-0.json", "mimeType": "", "buffer": files[0][1]}]
    )
    await expect(rows.last).to_contain_text("here already")
    await rows.filter(has_text="batch-1.json").get_by_role("link").click()
    await expect(page.locator(".features tbody tr")).to_have_count(2)
    await page.goto("/gpt2-small/0-res-jb/12")
    await expect(page.get_by_text(re.compile("brigade", re.IGNORECASE)).first).to_be_visible()


async def test_on_a_phone(phone: Page) -> None:
    for address, words in (
        ("/model/new", "Add the model"),
        ("/source-set/new", "Add the SAEs"),
        ("/upload", "choose them"),
    ):
        await phone.goto(address)
        await settled(phone)
        await expect(phone.get_by_text(words)).to_be_visible()
        assert not await scrolls_sideways(phone), address
