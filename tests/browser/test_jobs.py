"""Jobs in the browser: live progress, the verbs, the log that follows; also with the keyboard and on a phone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from memicos_app.db import session
from memicos_app.library import jobs
from memicos_app.settings import ROOT
from memicos_app.site import frontend
from tests.browser.conftest import DESKTOP, PHONE, scrolls_sideways, settled, watched_page
from tests.conftest import PostgresServer, fresh_database
from tests.running import RunningSite, running_site

LONG = 100_000


@pytest.fixture(scope="module")
def jobs_site(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """A site without inference, on an empty database of its own, and beside it a job process that can count."""
    if not frontend.is_current():
        frontend.build()
    settings = {"WEB_DIR": str(frontend.web_dir()), "JOBS_LOCAL": "false", "INFERENCE_URLS": "http://127.0.0.1:9"}
    with fresh_database(postgres_server) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE counted (name text, number integer, PRIMARY KEY (name, number))")
        folder = tmp_path_factory.mktemp("jobs")
        with running_site(folder, DATABASE_URL=url, **settings) as site, counting(site):
            yield site


@contextmanager
def counting(site: RunningSite) -> Iterator[None]:
    with site.log.open("ab") as log:
        command = [sys.executable, "-m", "tests.jobs.working"]
        process = subprocess.Popen(command, cwd=ROOT, env=dict(site.environment), stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, jobs_site: RunningSite) -> AsyncIterator[Page]:
    async with watched_page(browser, jobs_site, viewport=DESKTOP) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, jobs_site: RunningSite) -> AsyncIterator[Page]:
    async with watched_page(browser, jobs_site, viewport=PHONE, has_touch=True) as opened:
        yield opened


async def ask(title: str, to: int = LONG, **more: Any) -> int:
    arguments = {"to": to, "name": title, "pause": 0.02, **more}
    number = (await jobs.ask("counting", arguments, title=title, subject=title)).id
    await session.dispose()
    return number


async def give_up(number: int) -> None:
    await jobs.cancel(number)
    await session.dispose()


def line(page: Page, title: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=title)


async def test_nothing_teaches_the_next_step(page: Page) -> None:
    await page.goto("/admin")
    await page.get_by_role("link", name="Jobs", exact=True).first.click()
    await expect(page).to_have_url(re.compile("/admin/jobs$"))
    await expect(page.get_by_role("heading", name="Nothing is being done")).to_be_visible()
    await expect(page.locator("code")).to_have_text("memicos import MODEL SOURCE")
    await expect(page.get_by_text("None yet.")).to_be_visible()


async def test_progress_is_live_and_the_verbs_work(page: Page) -> None:
    await page.goto("/admin/jobs")
    number = await ask("Count <b>slowly</b>")
    one = line(page, "Count <b>slowly</b>")
    await expect(one).to_contain_text("running")
    await expect(one.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"^[\d.]+$"))
    await expect(one).to_contain_text(re.compile(r"[1-9]\d* of 100,000 numbers"))
    await expect(one).to_contain_text(re.compile(r"\d/s, \d+ (min|h)\b.* left"))
    await one.get_by_role("button", name="Pause: Count <b>slowly</b>").click()
    await expect(one.locator(".chip")).to_have_text("paused")
    await one.get_by_role("button", name="Resume").click()
    await expect(one.locator(".chip")).to_have_text("running")
    await one.get_by_role("button", name="Cancel").click()
    ended = page.get_by_role("list", name="Jobs that ended")
    await expect(ended.get_by_role("listitem")).to_contain_text("cancelled")
    await expect(page.get_by_role("heading", name="Nothing is being done")).to_be_visible()
    await page.get_by_role("button", name="Failed").click()
    await expect(page.get_by_text("None yet.")).to_be_visible()
    await page.get_by_role("button", name="All", exact=True).click()
    await ended.get_by_role("button", name="Try again").click()
    await expect(one.locator(".chip")).to_have_text("running")
    await give_up(number)


async def test_the_admin_page_shows_what_runs(page: Page) -> None:
    numbers = [
        await ask(f"Count {word}") for word in ("one", "two", "three", "four", "five", "six", "seven", "eight")
    ]
    await page.goto("/admin")
    listed = page.get_by_role("list", name="Jobs that wait or run").get_by_role("listitem")
    await expect(listed).to_have_count(6)
    await expect(listed.first).to_contain_text("running")
    await expect(page.get_by_text("and 2 more that wait")).to_be_visible()
    for number in reversed(numbers):
        await jobs.cancel(number)
    await session.dispose()
    await expect(page.get_by_text("Nothing is being done.")).to_have_count(0)
    await expect(listed).to_have_count(0)


async def test_a_job_tells_what_it_does_and_what_came_of_it(page: Page) -> None:
    number = await ask("Count to sixty", to=60)
    await page.goto("/admin/jobs")
    await settled(page)
    await expect(page.get_by_role("listitem").filter(has_text="Count to sixty").locator(".chip")).to_have_text("done")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(f"/admin/jobs/{number}$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Count to sixty")
    log = page.get_by_role("log")
    await expect(log.get_by_role("listitem").last).to_have_text(re.compile(r"\d\d:\d\d:\d\d\s*done"))
    await expect(log).to_contain_text("asked for")
    await expect(page.locator(".meta .chip")).to_have_text("done")
    await expect(page.locator(".side")).to_contain_text("counted")


async def test_a_failure_says_why_and_is_tried_again(page: Page) -> None:
    number = await ask("Count nothing", failing="refusal")
    await page.goto(f"/admin/jobs/{number}")
    await expect(page.get_by_role("alert")).to_have_text("Nothing here can be counted.")
    await page.get_by_role("button", name="Try again: Count nothing").click()
    await expect(page.get_by_role("log")).to_contain_text("asked for again")


async def test_no_such_job_leads_to_all(page: Page) -> None:
    await page.goto("/admin/jobs/999999")
    await expect(page.get_by_role("heading", name="There is no such job")).to_be_visible()
    await page.get_by_role("link", name="All jobs").click()
    await expect(page).to_have_url(re.compile("/admin/jobs$"))


async def test_on_a_phone(phone: Page) -> None:
    number = await ask("Count on a phone where the title is a long one that needs more than one line")
    await phone.goto("/admin/jobs")
    one = line(phone, "Count on a phone")
    await expect(one).to_contain_text(re.compile(r"[1-9]\d* of 100,000 numbers"))
    assert not await scrolls_sideways(phone)
    await one.get_by_role("link").tap()
    await expect(phone.get_by_role("log")).to_contain_text("from 0")
    assert not await scrolls_sideways(phone)
    await phone.get_by_role("button", name="Cancel").tap()
    await expect(phone.locator(".meta .chip")).to_have_text("cancelled")
    assert (await jobs.job(number)).state == "cancelled"
    await session.dispose()
