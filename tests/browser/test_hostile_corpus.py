"""A database full of hostile texts, and every page over it: they are seen as text under the policy that is served."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from memicos_app.library.logs import one_line
from memicos_app.site import frontend
from tests.browser import dataset
from tests.browser.conftest import DESKTOP, UNTOUCHED, settled, watched_page
from tests.conftest import PostgresServer
from tests.running import RunningSite, running_site

SIGN = "hk7"
CORPUS = [
    f"{SIGN}<script>window.hacked=1</script>",
    f'{SIGN}"><img src=x onerror="window.hacked=1">',
    f"{SIGN}' onmouseover='window.hacked=1' autofocus onfocus='window.hacked=1",
    f"javascript:window.hacked=1//{SIGN}",
    f"{SIGN}</title></style></textarea><svg onload=window.hacked=1>",
    f"{SIGN} \u202egnihtemos\u2066\u200b \u001b[31mred\u001b[0m\r\n\u0007 {{{{7*7}}}} ${{7*7}} `window.hacked=1`",
    f"{SIGN} " + "w" * 10_000,
    f"[{SIGN}](javascript:window.hacked=1) &lt;script&gt;",
]
MODEL, SOURCE = dataset.MODEL, dataset.SOURCE
AT = f"/{MODEL}/{SOURCE}"
WORDS = {
    "explanations": ("description", "author_name", "notes"),
    "feature_labels": ("description",),
    "models": ("display_name", "owner", "website"),
    "sources": ("description", "dataset", "notes", "hf_repo_id", "hf_folder_id"),
    "source_sets": ("description", "creator_name"),
    "steer_presets": ("name", "prompt"),
    "users": ("name", "bio"),
}
"""Columns that hold what people write."""
PAGES = [
    "/",
    f"/{MODEL}",
    AT,
    f"{AT}?q={SIGN}",
    *(f"{AT}/{index}" for index in (0, dataset.MARKUP, dataset.TOKENS)),
    f"{AT}/0?embed=true&defaulttesttext=<script>window.hacked=1</script>",
    f"/{MODEL}/steer",
    f"{AT}/map",
    f"/search-explanations?q={SIGN}",
    "/search?text=<script>window.hacked=1</script>",
    f"/compare?a={AT}/0&b={AT}/1".replace("=/", "="),
    f"/quick-list?name={SIGN}<script>window.hacked=1</script>&features=%5B%5D",
    "/list/hostile",
    "/user/owner",
    "/admin",
    "/admin/jobs",
    "/admin/presets",
    "/admin/providers",
    "/<script>window.hacked=1/a/0",
]


@pytest.fixture(scope="module")
def hostile_site(
    postgres_server: PostgresServer, browser_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSite]:
    """A site of its own, without a worker, whose every text is hostile."""
    name = f"hostile_{secrets.token_hex(4)}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE {UNTOUCHED}")
    fill(postgres_server.url(name))
    if not frontend.is_current():
        frontend.build()
    folder = tmp_path_factory.mktemp("hostile")
    settings = {"JOBS_LOCAL": "false", "INFERENCE_URLS": "http://127.0.0.1:9", "DEMO_IMPORT": "false"}
    settings |= {"WEB_DIR": str(frontend.web_dir()), "DATABASE_URL": postgres_server.url(name), "LOG_FORMAT": "json"}
    with running_site(folder, **settings) as served:
        yield served


def fill(url: str) -> None:
    """Put the corpus wherever people write, turn by turn."""
    with psycopg.connect(url) as connection:
        for table, columns in WORDS.items():
            keys = connection.execute(f'SELECT ctid::text FROM "{table}"').fetchall()
            for number, (place,) in enumerate(keys):
                for offset, column in enumerate(columns):
                    text = CORPUS[(number + offset) % len(CORPUS)]
                    unique = f"{text[:60]}{number}" if (table, column) == ("users", "name") else text
                    sql = f'UPDATE "{table}" SET "{column}" = %s WHERE ctid::text = %s RETURNING ctid::text'
                    moved = connection.execute(sql, (unique, place)).fetchone()
                    assert moved is not None
                    place = moved[0]
        owner = connection.execute("SELECT id FROM users ORDER BY created_at LIMIT 1").fetchone()
        assert owner is not None
        connection.execute(
            "INSERT INTO lists (id, name, description, test_text, visibility, creator_id) "
            "VALUES ('hostile', %s, %s, %s, 'public', %s)",
            (CORPUS[0], CORPUS[1], CORPUS[5], owner[0]),
        )
        for index, text in enumerate(CORPUS):
            connection.execute(
                'INSERT INTO list_entries (list_id, model_id, source_id, "index", position, note) '
                "VALUES ('hostile', %s, %s, %s, %s, %s)",
                (MODEL, SOURCE, index, index, text),
            )
            for list_id, place in (("hostile", (None, None, None)), (None, (MODEL, SOURCE, 0))):
                connection.execute(
                    'INSERT INTO comments (id, list_id, model_id, source_id, "index", text, author_id) '
                    "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (f"c{index}{list_id}", list_id, *place, text, owner[0]),
                )
        connection.commit()


@pytest_asyncio.fixture(loop_scope="session")
async def hostile_page(browser: Browser, hostile_site: RunningSite) -> AsyncIterator[Page]:
    """A desktop window; a script of the corpus, or a refusal of one by the policy, fails the test."""
    async with watched_page(browser, hostile_site, viewport=DESKTOP) as opened:
        yield opened


async def test_every_page_shows_it_as_text(hostile_page: Page) -> None:
    seen = 0
    for address in PAGES:
        await hostile_page.goto(address)
        await settled(hostile_page) if "embed=true" not in address else await hostile_page.wait_for_load_state()
        await expect(hostile_page.locator("body")).not_to_be_empty()
        await hostile_page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        assert await hostile_page.evaluate("window.hacked") is None, address
        links = await hostile_page.eval_on_selector_all("[href], [src]", "all => all.map(one => one.href || one.src)")
        assert [one for one in links if str(one).lower().startswith(("javascript:", "vbscript:"))] == [], address
        injected = await hostile_page.locator("[onerror], [onload], [onfocus], [onmouseover]").count()
        assert injected == 0, address
        seen += SIGN in await hostile_page.inner_text("body")
    assert seen >= 6, "the corpus is on the pages"


async def test_a_script_put_into_a_page_does_not_run(browser: Browser, hostile_site: RunningSite) -> None:
    """The policy is the last wall: even markup that reached a page would do nothing."""
    context = await browser.new_context(base_url=hostile_site.url)
    page = await context.new_page()
    await page.goto("/")
    await settled(page)
    refused = await page.evaluate(
        """async () => {
            const seen = [];
            document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
            const script = document.createElement('script');
            script.textContent = 'window.hacked = 1';
            document.body.append(script);
            const box = document.createElement('div');
            box.innerHTML = '<img src="data:," onerror="window.hacked = 1">';
            document.body.append(box);
            const far = document.createElement('script');
            far.src = 'https://evil.example/a.js';
            document.body.append(far);
            const later = () => new Promise((go) => setTimeout(go, 20));
            for (let tries = 0; tries < 100 && seen.length < 3; tries++) await later();
            return seen.sort();
        }"""
    )
    assert refused == ["script-src-attr", "script-src-elem", "script-src-elem"]
    assert await page.evaluate("window.hacked") is None
    await context.close()


async def test_exports_are_no_pages_that_act(browser: Browser, hostile_site: RunningSite, tmp_path: Path) -> None:
    for number, address in enumerate((f"/api/page{AT}/0", f"/api/page{AT}/{dataset.TOKENS}")):
        answer = httpx.get(f"{hostile_site.url}{address}", timeout=30)
        assert answer.headers["content-security-policy"] == "sandbox"
        file = tmp_path / f"{number}.html"
        file.write_bytes(answer.content)
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(file.as_uri())
        assert await page.evaluate("window.hacked") is None
        assert await page.locator("script, [onerror], [onload], [onfocus]").count() == 0
        await context.close()


async def test_the_log_holds_none_of_it(hostile_site: RunningSite) -> None:
    httpx.get(f"{hostile_site.url}/api/feature{AT}/<script>{SIGN}", timeout=30)
    httpx.post(f"{hostile_site.url}/api/steer", json={"prompt": SIGN, "modelId": SIGN}, timeout=30)
    lines = hostile_site.log.read_text()
    assert SIGN not in re.sub(r'"route": "[^"]*"', "", lines)
    assert all(one_line(line) == line for line in lines.splitlines() if line.startswith("{"))
