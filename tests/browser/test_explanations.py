"""Explanations in the browser: one's own words on a feature's page, and the page of a way of explaining."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways, settled

FEATURE = f"/{dataset.MODEL}/{dataset.SOURCE}/{dataset.PLAIN}"
WORDS = "a <b>word</b> of my own"


async def write(page: Page, words: str) -> None:
    await page.get_by_label("In your own words").fill(words)
    await page.locator(".own-words").get_by_role("button", name="Keep").click()


async def test_own_words_are_written_changed_found_by_type_and_deleted(page: Page) -> None:
    await page.goto(FEATURE)
    await settled(page)
    title = page.get_by_role("heading", level=1)
    before = await title.inner_text()
    await write(page, WORDS)
    await expect(title).to_have_text(WORDS)
    await expect(page.get_by_label("In your own words")).to_have_value("")
    await write(page, WORDS)
    await expect(page.get_by_role("alert")).to_have_text(
        "This feature has these very words already, written by hand."
    )
    await page.get_by_role("button", name=f"Change: {WORDS}").click()
    await page.get_by_label("Other words for this explanation").fill("other words")
    await page.locator("li .own-words").get_by_role("button", name="Keep").click()
    await expect(title).to_have_text("other words")

    await page.locator(".feature-title").get_by_role("link", name="Written by hand").click()
    await expect(title).to_have_text("Written by hand")
    newest = page.get_by_role("list", name="Newest explanations").get_by_role("listitem").first
    await expect(newest).to_contain_text("other words")
    await newest.get_by_role("link").click()
    await expect(title).to_have_text("other words")

    await page.get_by_role("button", name="Delete: other words").click()
    await page.get_by_role("button", name="Delete for good").click()
    await expect(title).to_have_text(before)


async def test_a_way_of_explaining_that_is_none_leads_to_those_there_are(page: Page) -> None:
    await page.goto("/explanation-type/none")
    await expect(page.get_by_role("heading", level=1)).to_have_text("No such way of explaining")
    await page.get_by_role("link", name="Written by hand").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Written by hand")


async def test_nothing_scrolls_sideways_on_a_phone(phone: Page) -> None:
    for address in (FEATURE, "/explanation-type/top-tokens"):
        await phone.goto(address)
        await settled(phone)
        await expect(phone.get_by_role("heading", level=1)).to_be_visible()
        assert not await scrolls_sideways(phone)


async def test_an_explanation_is_judged_and_every_text_can_be_looked_at(page: Page) -> None:
    await page.goto(FEATURE)
    await settled(page)
    await page.get_by_role("button", name="Judge: ").first.click()
    await page.get_by_label("Way of judging").select_option("eleuther_embedding")
    await expect(page.locator("#ask-model")).to_have_count(0)
    await page.get_by_label("Texts of each kind").fill("5")
    await page.locator(".ask-form").get_by_role("button", name="Judge").click()
    score = page.locator("#explanations").get_by_role("button", name="eleuther_embedding").first
    await expect(score).to_be_visible(timeout=60_000)
    await score.click()
    dialog = page.get_by_role("dialog", name="A score and what was judged")
    await expect(dialog).to_contain_text("texts judged10")
    await expect(dialog.get_by_role("listitem")).to_have_count(10)
    await dialog.get_by_role("link", name="eleuther_embedding").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Embedding")
    newest = page.get_by_role("list", name="Newest scores").get_by_role("listitem").first
    await expect(newest).to_contain_text("n=10")
    await newest.get_by_role("link").click()
    await page.locator(".feature-title").get_by_role("button", name="eleuther_embedding").click()
    await dialog.get_by_role("button", name="Delete this score").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator(".feature-title")).not_to_contain_text("eleuther_embedding")


async def test_without_a_language_model_the_form_says_where_to_get_one(page: Page) -> None:
    await page.goto(FEATURE)
    await settled(page)
    await page.get_by_role("button", name="Explain", exact=True).click()
    await page.get_by_role("link", name="Give a key, or name a server of your own").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Language models")
    key = page.get_by_label("Key of Anthropic", exact=True)
    await key.fill("sk-ant-0000000000000000wxyz")
    await page.locator(".card", has=key).get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("status")).to_contain_text("The key is kept")
    await expect(key).to_have_value("")
    await expect(page.get_by_text("A key of your own ending in …wxyz")).to_be_visible()
    assert "0000wxyz" not in await page.content()
    await page.get_by_role("button", name="Remove the key of Anthropic").click()
    await expect(page.get_by_role("status")).to_contain_text("The key is removed")


@pytest.mark.parametrize(
    ("address", "label", "filling"),
    [("/admin/explain", "Features", 'loaded_rx_state_":true'), ("/admin/add", "Folder", "")],
    ids=["explain", "add"],
)
async def test_nothing_can_be_typed_that_the_filling_of_a_form_would_take_away(
    page: Page, address: str, label: str, filling: str
) -> None:
    may_fill = asyncio.Event()
    passing: list[asyncio.Task[None]] = []

    async def late(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        messages: asyncio.Queue[str | bytes] = asyncio.Queue()
        server.on_message(messages.put_nowait)
        passing.append(asyncio.create_task(pass_on(socket, messages)))

    async def pass_on(socket: WebSocketRoute, messages: asyncio.Queue[str | bytes]) -> None:
        while True:
            message = await messages.get()
            if filling in str(message):
                await may_fill.wait()
            socket.send(message)

    await page.route_web_socket(re.compile("/_event"), late)
    await Page.goto(page, address)
    field = page.get_by_label(label, exact=True)
    await expect(field).to_be_disabled()
    may_fill.set()
    await expect(field).to_be_enabled()
    await field.fill("1-5")
    await settled(page)
    await expect(field).to_have_value("1-5")
    for task in passing:
        task.cancel()


async def test_the_form_for_many_says_what_it_would_take(page: Page, phone: Page) -> None:
    await page.goto(f"/admin/explain?source={dataset.MODEL}/{dataset.SOURCE}")
    await page.get_by_label("Language model").fill("openai:gpt-4o-mini")
    facts = page.locator(".card", has_text="What it would take")
    await expect(facts).to_contain_text(f"features{dataset.FEATURES}")
    await expect(facts).to_contain_text("about $")
    await page.get_by_label("At most").fill("none")
    await expect(page.locator("#volume-max_features-said")).to_contain_text("valid integer")
    await page.get_by_label("At most").fill("5")
    await page.get_by_label("Budget, US$").fill("0.5")  # within the pause for the field before
    await expect(facts).to_contain_text("features5")
    await page.get_by_role("button", name="Judge explanations").click()
    await page.get_by_label("Way of judging").select_option("eleuther_embedding")
    await expect(facts).to_contain_text("explanations5")
    await expect(page.get_by_label("Language model")).to_have_count(0)
    for address in ("/admin/explain", "/admin/providers", "/score-type/recall_alt", "/explanation-type/np_max-act"):
        await phone.goto(address)
        await settled(phone)
        assert not await scrolls_sideways(phone)
