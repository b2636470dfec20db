"""How page addresses reach the files of a build."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.staticfiles import StaticFiles

from memicos_app.site.addresses import FOREVER, PageAddresses, prerendered


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    for name in ("index.html", "404.html", "__spa-fallback.html", "admin.html", "admin/index.html", "docs/use.html"):
        file = tmp_path / "client" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (tmp_path / "client" / "assets").mkdir()
    (tmp_path / "client" / "assets" / "a-1234.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "client"


@pytest.fixture
def client(static_dir: Path) -> httpx.AsyncClient:
    app = Starlette()
    app.mount("/", StaticFiles(directory=static_dir, html=True))
    transport = httpx.ASGITransport(PageAddresses(app, static_dir))
    return httpx.AsyncClient(transport=transport, base_url="http://site")


def test_prerendered_pages_are_those_with_a_file_of_their_own(static_dir: Path) -> None:
    assert prerendered(static_dir) == {"admin", "docs/use"}


@pytest.mark.parametrize("address", ["/admin", "/admin/", "/docs/use"])
async def test_static_pages_answer_without_a_redirect(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert answer.status_code == 200
    assert answer.text == address.strip("/") + ".html"


async def test_assets_are_kept_for_ever(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/a-1234.js")
    assert answer.headers["cache-control"] == FOREVER
    assert "cache-control" not in (await client.get("/admin")).headers


@pytest.mark.parametrize("address", ["/assets/none.js", "/assets/%2e%2e/%2e%2e/secret.txt", "/assets/"])
async def test_missing_assets_are_404_and_not_a_page(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert answer.status_code == 404
    assert "secret" not in answer.text
    assert "cache-control" not in answer.headers
