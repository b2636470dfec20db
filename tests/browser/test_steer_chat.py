"""Conversations on the steer page, what a model writes drawn safely, and a worker that dies while it writes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import Page, expect

from inference_worker.wire.base import SECRET_HEADER
from inference_worker.wire.turns import CLIENT_HEADER
from memicos_app.db import session
from memicos_app.library import saved_runs
from memicos_app.library.saved_runs import Kept
from memicos_app.library.steering import ChatTurn, SteeredFeature, SteerRequest, SteerResult, SteerText
from memicos_app.settings import get_settings
from tests.browser import dataset
from tests.browser.conftest import scrolls_sideways
from tests.browser.test_steer import STEER, WITH_FEATURE, WRITING, default, finished, opened, put, steered, written
from tests.conftest import settle
from tests.running import RunningSite

RECOVERY = 180_000
NASTY = f"""<think>plan {dataset.PIXEL}</think># A **title**
[bad](javascript:window.hacked=1) [good](https://example.org/a) {dataset.PIXEL}

- one
- `two`
<script>window.hacked=1</script>"""


@pytest.fixture(scope="module")
def hostile_run(browser_database: str) -> str:
    """Id of a kept conversation whose answers are an attack."""
    feature = SteeredFeature(dataset.MODEL, dataset.SOURCE, 12, 9.0)
    said = (ChatTurn("user", dataset.PIXEL),)
    text = SteerText(NASTY, 20, "stop")
    kept = Kept(SteerRequest(dataset.MODEL, "", [feature], chat=said), SteerResult(text, text, False, None), said)
    ids: list[str] = []

    async def save() -> None:
        ids.append(await saved_runs.save(kept))
        await session.dispose()

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", browser_database)
        get_settings.cache_clear()
        settle(save())
    get_settings.cache_clear()
    return ids[0]


async def say(page: Page, words: str) -> None:
    await page.get_by_label("Message").fill(words)
    await page.get_by_label("Message").press("Enter")
    await expect(steered(page).locator(".said").last).to_have_text(words)
    await expect(page.get_by_label("Message")).to_have_value("")


async def test_both_sides_of_a_conversation_go_on_and_are_shared(page: Page, inference: RunningSite) -> None:
    await page.goto(f"{STEER}?preset=twelve&mode=chat")
    await expect(page.get_by_role("button", name="Chat")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".steer-feature")).to_have_count(1)
    await say(page, "Hello!")
    await finished(page)
    await say(page, "And now?")
    _, changed = await finished(page)
    assert await default(page).locator(".said").all_inner_texts() == ["Hello!", "And now?"]
    assert await steered(page).locator(".exchange").count() == 2
    await page.get_by_role("button", name="Share").click()
    await expect(page).to_have_url(re.compile(r"\?saved=[\w-]+$"))
    await page.reload()
    await expect(steered(page).locator(".exchange")).to_have_count(2)
    assert (await finished(page))[1] == changed
    await page.get_by_role("button", name="Reset").click()
    await expect(steered(page).locator(".exchange")).to_have_count(0)
    await expect(page.get_by_label("Message")).to_have_value("Hello!")


async def test_a_moved_slider_answers_the_last_message_again(page: Page, inference: RunningSite) -> None:
    await page.goto(f"{STEER}?preset=twelve&mode=chat")
    await expect(page.locator(".steer-feature")).to_have_count(1)
    await say(page, "Tell me something.")
    plain, before = await finished(page)
    await page.locator(".steer-feature input[type=range]").fill("-140")
    await expect(steered(page)).not_to_have_text(before, timeout=60_000)
    again, _ = await finished(page)
    assert again == plain
    assert await steered(page).locator(".said").count() == 1


async def test_what_a_model_writes_is_never_html(page: Page, hostile_run: str) -> None:
    await page.goto(f"/steer/{hostile_run}")
    text = default(page)
    await expect(text.locator(".md-heading")).to_have_text("A title")
    await expect(text.locator(".md-item")).to_have_count(2)
    await expect(text.locator("code")).to_have_text("two")
    assert await page.locator("[data-pane] img, [data-pane] script").count() == 0
    (link,) = await text.locator("a").all()
    assert await link.get_attribute("href") == "https://example.org/a"
    assert "noopener" in str(await link.get_attribute("rel"))
    await expect(text).to_contain_text("[bad](javascript:window.hacked=1)")
    thought = text.locator("details.thought")
    await expect(thought.locator("summary")).to_have_text("Thought, 4 words")
    assert await thought.get_attribute("open") is None
    assert await page.evaluate("window.hacked") is None


async def test_a_frame_may_leave_parts_out(phone: Page) -> None:
    await phone.goto(f"{STEER}?embed=true&hideAdvancedSettings=true&hideModelSelector=true")
    await expect(phone.get_by_role("textbox", name="Prompt")).to_be_visible()
    await expect(phone.locator("header")).to_have_count(0)
    await expect(phone.get_by_label("temperature")).to_have_count(0)
    assert not await scrolls_sideways(phone)


async def test_a_worker_that_dies_is_said_and_the_run_is_made_again(page: Page, inference: RunningSite) -> None:
    await opened(page, WITH_FEATURE, tokens=200)
    await expect(written(page)).not_to_be_empty(timeout=60_000)
    inference.part("inference_worker").kill()
    await expect(page.locator(".notice")).to_contain_text("tries again by itself")
    await put(page, "new tokens", "6")
    await expect(page.locator(".notice")).to_have_count(0, timeout=RECOVERY)
    plain, changed = await finished(page)
    assert plain.startswith("The house at the end of the street was ")
    assert len(changed) > len("The house at the end of the street was ")


async def test_who_waits_sees_the_place_in_the_line(page: Page, inference: RunningSite) -> None:
    """All places for texts are taken by two others; when they leave, the run that waited is made."""
    await opened(page, WITH_FEATURE, tokens=6)
    await finished(page)
    async with worker_of(inference) as worker:
        async with crowd(worker, "one", "another"):
            await put(page, "seed", "99")
            await expect(page.get_by_text("number 1 in the line")).to_be_visible(timeout=WRITING)
        await expect(page.get_by_text("in the line")).to_have_count(0, timeout=WRITING)
    plain, changed = await finished(page)
    assert plain != changed


@asynccontextmanager
async def crowd(worker: httpx.AsyncClient, *names: str) -> AsyncIterator[None]:
    """Clients who fill all places for texts, each reading what is written for it: who does not read is cut off."""
    begun = [asyncio.Event() for _ in names]
    reading = [asyncio.create_task(fill(worker, name, first)) for name, first in zip(names, begun, strict=True)]
    try:
        await asyncio.wait_for(asyncio.gather(*(first.wait() for first in begun)), WRITING / 1000)
        yield
        assert not any(one.done() for one in reading), "the line stood until now"
    finally:
        for one in reading:
            one.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


async def fill(worker: httpx.AsyncClient, name: str, first: asyncio.Event) -> None:
    """Have as many and as long texts written as one client may; `first` is set at the first token."""
    body = {
        "model": dataset.MODEL,
        "prompt": "Once upon a time",
        "types": ["STEERED"],
        "sweep": [1] * 16,
        "nCompletionTokens": 256,
        "stream": True,
    }
    headers = {CLIENT_HEADER: name}
    async with worker.stream("POST", "/v1/steer/completion", json=body, headers=headers) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                first.set()


def worker_of(site: RunningSite) -> httpx.AsyncClient:
    """A client of the site's worker, past the site: its address and secret are those that the site gave it."""
    given = site.part("inference_worker").environ()
    base_url = f"http://127.0.0.1:{given['INFERENCE_PORT']}"
    headers = {SECRET_HEADER: given["INFERENCE_SERVER_SECRET"]}
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=60, trust_env=False)
