"""What browsers are told: policies by page, who may embed, and names of requests in answers and errors."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Mount, Route

from memicos_app.api.app import api
from memicos_app.settings import Settings, get_settings
from memicos_app.site.walls import walled
from memicos_app.site.walls.policies import Policies, policy
from memicos_app.site.walls.sizes import LONGEST_QUERY, MOST_HEADERS

SCRIPT = "window.began = true"
HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()


async def page(_request: Request) -> HTMLResponse:
    return HTMLResponse(f"<script>{SCRIPT}</script>")


async def wrong(_request: Request) -> PlainTextResponse:
    raise RuntimeError("canary-7731 broke")


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    (tmp_path / "__spa-fallback.html").write_text(f"<script>{SCRIPT}</script><script src='/a.js'></script>")
    (tmp_path / "index.html").write_text("<script>other()</script>")
    return tmp_path


def client(static_dir: Path, peer: str = "127.0.0.1", scheme: str = "http", **changes: Any) -> httpx.AsyncClient:
    settings = Settings(**changes)
    site = walled(Starlette(routes=[Mount("/api", api), Route("/{any:path}", page)]), static_dir, settings)
    transport = httpx.ASGITransport(site, client=(peer, 1), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"{scheme}://localhost:3000")


async def test_pages_run_only_what_they_bring_along(static_dir: Path) -> None:
    answer = await client(static_dir).get("/model/source")
    rules = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert rules["script-src"] == f"'self' 'unsafe-eval' 'sha256-{HASH}'"
    assert rules["default-src"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert rules["frame-ancestors"] == "'self'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "referrer-policy" in answer.headers
    assert "permissions-policy" in answer.headers
    assert "strict-transport-security" not in answer.headers
    home = await client(static_dir).get("/")
    assert HASH not in home.headers["content-security-policy"]


def test_scripts_of_a_file_need_no_hash() -> None:
    assert "sha256" not in policy("<script src='/a.js'></script><script type='module' src=\"/b.js\"></script>")


def test_the_built_site_has_a_policy_for_each_page(built_site: Path) -> None:
    known = Policies(built_site)
    for address in ("", "admin", "search", "a/b/0"):
        found = known.of(address)
        scripts = found.partition("script-src")[2]
        assert "sha256-" in scripts
        assert "'unsafe-inline'" not in scripts
        assert len(found) < 4096, "a header that proxies pass on"
    assert known.of("") != known.of("search") != known.of("a/b/0")


def test_a_page_that_is_built_anew_gets_another_policy(static_dir: Path) -> None:
    known = Policies(static_dir)
    before = known.of("any/page")
    (static_dir / "__spa-fallback.html").write_text("<script>later()</script>")
    os.utime(static_dir / "__spa-fallback.html", ns=(1, 1))
    assert known.of("any/page") != before


@pytest.mark.parametrize(
    ("query", "origins", "expected"),
    [
        ("", ["https://lab.example"], "'self'"),
        ("?embed=true", [], "'self'"),
        ("?embed=true", ["https://lab.example"], "'self' https://lab.example"),
        ("?embed=false", ["*"], "'self'"),
        ("?embed=true", ["*"], "'self' *"),
    ],
)
async def test_who_may_embed(static_dir: Path, query: str, origins: list[str], expected: str) -> None:
    answer = await client(static_dir, embed_origins=origins).get(f"/a/b/0{query}")
    assert answer.headers["content-security-policy"].rpartition("frame-ancestors ")[2] == expected


@pytest.mark.parametrize(
    "wrong_origin", ["lab.example", "https://a;script-src *", "javascript:alert(1)", "https://a b"]
)
def test_an_origin_that_is_none_is_told_at_the_start(wrong_origin: str) -> None:
    with pytest.raises(ValueError, match="not a site's address"):
        Settings(embed_origins=[wrong_origin])


async def test_the_api_is_never_a_page(static_dir: Path) -> None:
    answer = await client(static_dir).get("/api/health")
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    docs = await client(static_dir).get("/api/docs")
    assert "script-src" in docs.headers["content-security-policy"], "what brings its own keeps it"


async def test_no_shared_cache_keeps_what_one_person_sees(static_dir: Path) -> None:
    for path in ("/api/health", "/api/no-such-address"):
        assert (await client(static_dir).get(path)).headers["cache-control"] == "private, no-cache"
    assert "cache-control" not in (await client(static_dir).get("/model/source")).headers


async def test_under_tls_browsers_stay_there(static_dir: Path) -> None:
    assert "strict-transport-security" in (await client(static_dir, scheme="https").get("/")).headers


async def test_errors_name_their_request(static_dir: Path) -> None:
    answer = await client(static_dir).get("/api/no-such-address")
    assert answer.status_code == 404
    assert answer.json()["requestId"] == answer.headers["x-request-id"]
    other = await client(static_dir).get("/api/no-such-address", headers={"x-request-id": "mine"})
    assert other.headers["x-request-id"] not in ("mine", answer.headers["x-request-id"])


async def test_what_is_too_large_is_refused(static_dir: Path) -> None:
    asking = client(static_dir)
    assert (await asking.get("/?q=" + "a" * LONGEST_QUERY)).status_code == 414
    many = {f"x-{number}": "1" for number in range(MOST_HEADERS)}
    assert (await asking.get("/", headers=many)).status_code == 431
    assert (await asking.get("/", headers={"x-long": "a" * 40_000})).status_code == 431


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "[", "127.0.0.1.evil.example:3000"])
async def test_a_site_for_one_answers_by_its_own_names_only(
    static_dir: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of another site whose name leads here would act as its owner."""
    assert (await client(static_dir).get("/api/health", headers={"host": host})).status_code == 421
    for own in ("localhost:3000", "127.0.0.1:3360", "[::1]:3000"):
        assert (await client(static_dir).get("/api/health", headers={"host": own})).status_code == 200
    public = client(static_dir, public_url="https://lab.example/")
    assert (await public.get("/api/health", headers={"host": "lab.example"})).status_code == 200
    monkeypatch.setenv("ACCESS", "open")
    get_settings.cache_clear()
    assert (await client(static_dir).get("/api/health", headers={"host": "lab.example"})).status_code == 200
    get_settings.cache_clear()


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-forwarded-proto", "forwarded", "x-real-ip"])
async def test_a_site_for_one_is_not_passed_on_by_proxies(
    static_dir: Path, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All who come through one that sits on the same machine would be its owner."""
    passed_on = {header: "203.0.113.9"}
    answer = await client(static_dir).get("/api/health", headers=passed_on)
    assert answer.status_code == 421
    assert "PUBLIC_URL" in answer.json()["message"]
    wanted = client(static_dir, access="single")
    assert (await wanted.get("/api/health", headers=passed_on)).status_code == 200
    figures = await client(static_dir, access="single", metrics=True).get("/metrics", headers=passed_on)
    assert figures.status_code == 404
    monkeypatch.setenv("PUBLIC_URL", "https://lab.example")
    get_settings.cache_clear()
    hosted = client(static_dir, public_url="https://lab.example")
    assert (await hosted.get("/api/health", headers={**passed_on, "host": "lab.example"})).status_code == 200
    get_settings.cache_clear()


async def test_figures_are_for_who_may(static_dir: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    assert "memicos_requests" not in (await client(static_dir).get("/metrics")).text, "off unless METRICS says so"
    here = client(static_dir, metrics=True)
    await here.get("/api/health")
    told = (await here.get("/metrics")).text
    assert 'memicos_requests_total{method="GET",route="/api/health",status="200"}' in told
    assert "memicos_jobs 0.0" in told
    assert "memicos_worker_ready" in told
    assert (await client(static_dir, peer="203.0.113.9", metrics=True).get("/metrics")).status_code == 404
    monkeypatch.setenv("METRICS_TOKEN", "t0k")
    get_settings.cache_clear()
    assert (await here.get("/metrics")).status_code == 404
    assert (await here.get("/metrics", headers={"authorization": "Bearer t0k"})).status_code == 200
    get_settings.cache_clear()
