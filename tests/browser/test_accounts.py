"""People in a browser: in by link and by password, keys, a session ended elsewhere, a closed site, a phone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
import pytest
from playwright.async_api import Browser, Page, expect

from memicos_app.settings import ROOT
from memicos_app.site import frontend
from tests.browser.conftest import ALIVE, DESKTOP, PHONE, scrolls_sideways, watched_page
from tests.mailbox import Mailbox, mail_server
from tests.running import RunningSite, running_site

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@contextmanager
def hosting(folder: str, database: str, site: RunningSite, **settings: str) -> Iterator[RunningSite]:
    """A site for several, over the database of the other tests and without a worker."""
    with running_site(
        site.log.parent / folder,
        DATABASE_URL=database,
        WEB_DIR=str(frontend.web_dir()),
        INFERENCE_URLS="http://127.0.0.1:9",
        JOBS_LOCAL="false",
        DEMO_IMPORT="false",
        **settings,
    ) as served:
        yield served


@pytest.fixture(scope="module")
def hosted(browser_database: str, site: RunningSite, mailbox: Mailbox) -> Iterator[RunningSite]:
    """A site that people sign in to, with `grace`, who has a password."""
    with hosting("hosted", browser_database, site, ACCESS="open", SMTP_URL=mailbox.url) as served:
        for words, said in ((["add", "grace"], ""), (["password", "grace"], PASSWORD)):
            command = [sys.executable, "-m", "memicos_app.cli", "users", *words]
            subprocess.run(command, cwd=ROOT, env=served.environment, input=said.encode(), check=True)
        yield served


async def by_password(page: Page) -> None:
    """Sign in as grace, from wherever the page is."""
    await page.get_by_label("Name or e-mail").fill("grace")
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def test_by_the_link_of_a_mail_which_is_opened_twice(
    browser: Browser, hosted: RunningSite, mailbox: Mailbox
) -> None:
    async with watched_page(browser, hosted, viewport=DESKTOP) as page:
        await page.goto("/compare")
        await page.get_by_role("link", name="Sign in").click()
        await page.get_by_label("E-mail", exact=True).fill("ada@example.org")
        await page.get_by_role("button", name="Send a link").click()
        await expect(page.get_by_role("status").filter(has_text="mailbox")).to_be_visible()
        assert httpx.get(mailbox.link(), timeout=30).status_code == 200
        await page.goto(mailbox.link())
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await expect(page).to_have_url(re.compile("/compare$"))
        await page.get_by_label("Your account, ada").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("link", name="Sign in")).to_be_visible()


async def test_mails_end_by_one_press_on_the_page_of_their_link(
    browser: Browser, hosted: RunningSite, browser_database: str
) -> None:
    with psycopg.connect(browser_database, autocommit=True) as database:
        database.execute("UPDATE users SET mail_code = 'of-grace', notify_jobs = TRUE WHERE name = 'grace'")
        async with watched_page(browser, hosted, viewport=PHONE) as page:
            await page.goto("/unsubscribe")
            await expect(page.get_by_text("This link is not complete.")).to_be_visible()
            await page.goto("/unsubscribe?code=of-grace&kind=jobs")
            await expect(page.get_by_text("when a job of yours has ended")).to_be_visible()
            wanted = "SELECT notify_comments, notify_jobs FROM users WHERE name = 'grace'"
            assert database.execute(wanted).fetchone() == (True, True)
            await page.get_by_role("button", name="End them").click()
            await expect(page.get_by_role("status").filter(has_text="Ended.")).to_be_visible()
            await expect(page.get_by_role("button", name="End them")).to_have_count(0)
            assert database.execute(wanted).fetchone() == (True, False)
            await page.get_by_role("link", name="your account's page").click()
            await expect(page).to_have_url(re.compile("/signin"))


async def test_a_key_is_shown_once_and_a_session_ends_from_elsewhere(browser: Browser, hosted: RunningSite) -> None:
    async with (
        watched_page(browser, hosted, viewport=DESKTOP) as page,
        watched_page(browser, hosted, viewport=DESKTOP) as other,
    ):
        for one in (page, other):
            await one.goto("/signin?next=/account")
            await by_password(one)
            await expect(one.get_by_role("heading", name="Account")).to_be_visible()
            await expect(one.get_by_label("Name", exact=True)).to_have_value("grace")
        await page.get_by_label("Name of a new API key").fill("<b>notebook</b>")
        await page.get_by_role("button", name="Make a key").click()
        text = await page.locator(".fresh-key code").inner_text()
        asked: dict[str, Any] = {"headers": {"x-api-key": text}, "timeout": 30}
        assert httpx.post(f"{hosted.url}/api/user/refresh", **asked).json()["name"] == "grace"
        await page.reload()
        await expect(page.get_by_text("<b>notebook</b>")).to_be_visible()
        await expect(page.locator(".fresh-key")).to_have_count(0)
        await page.get_by_label("Revoke the key <b>notebook</b>").click()
        await expect(page.get_by_text("<b>notebook</b>")).to_have_count(0)
        assert httpx.post(f"{hosted.url}/api/user/refresh", **asked).status_code == 401
        await page.get_by_role("button", name="Sign out everywhere else").click()
        await expect(page.get_by_text("this one")).to_be_visible()
        await expect(page.get_by_role("button", name="Sign out everywhere else")).to_have_count(0)
        await other.get_by_label("Somebody comments on what is mine").click()
        await expect(other).to_have_url(re.compile("/signin"))


async def test_a_closed_site_shows_visitors_the_way_in_alone(
    browser: Browser, hosted: RunningSite, browser_database: str, site: RunningSite
) -> None:
    with hosting("closed", browser_database, site, ACCESS="closed") as closed:
        led = httpx.get(f"{closed.url}/compare?a=m/s/1", timeout=30)
        assert (led.status_code, led.headers["location"]) == (307, "/signin?next=/compare%3Fa%3Dm/s/1")
        async with watched_page(browser, closed, viewport=PHONE) as page:
            await page.goto("/compare")
            await expect(page).to_have_url(re.compile(r"/signin\?next=/compare"))
            await expect(page.get_by_text("for people with an account")).to_be_visible()
            await expect(page.get_by_label("Menu")).to_have_count(0)
            assert not await scrolls_sideways(page)
            await by_password(page)
            await expect(page).to_have_url(f"{closed.url}/compare")
            await page.wait_for_function(ALIVE)
            await page.goto("/account")
            await expect(page.get_by_label("Name", exact=True)).to_have_value("grace")
            assert not await scrolls_sideways(page)
            await page.get_by_label("Menu").click()
            await expect(page.get_by_role("link", name="Lists")).to_be_visible()
            await expect(page.get_by_role("link", name="Admin")).to_have_count(0)
            cookies = {one["name"]: one["value"] for one in await page.context.cookies()}
            assert httpx.get(f"{closed.url}/admin/jobs", cookies=cookies, timeout=30).status_code == 403
            await page.evaluate(
                "history.pushState(null, '', '/admin/jobs'); dispatchEvent(new PopStateEvent('popstate'))"
            )
            await expect(page.get_by_role("heading", name="For administrators")).to_be_visible()


async def test_a_site_for_one_shows_none_of_it(page: Page) -> None:
    await page.goto("/")
    await expect(page.get_by_role("link", name="Sign in")).to_have_count(0)
    await expect(page.locator(".person-menu")).to_have_count(0)
    await page.goto("/signin")
    await expect(page.get_by_text("who need not sign in")).to_be_visible()
