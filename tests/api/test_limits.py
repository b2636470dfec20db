"""What somebody over the limit is told, and what stands in every counted answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from memicos_app.api.app import api
from memicos_app.library.accounts.person import OWNER, set_person
from memicos_app.settings import get_settings
from memicos_app.site.walls import walled
from tests.hours import clear_of_the_hour

QUESTION = {"query": "anything"}


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[httpx.AsyncClient]:
    """A client from elsewhere of a site that lets two searches an hour pass."""
    clear_of_the_hour()
    monkeypatch.setenv("ACCESS", "open")
    monkeypatch.setenv("RATE_LIMITS", "explanation-search=2")
    get_settings.cache_clear()
    site = walled(Starlette(routes=[Mount("/api", api)]), tmp_path, get_settings())
    yield httpx.AsyncClient(transport=httpx.ASGITransport(site, client=("198.51.100.4", 1)), base_url="http://s/api")
    set_person(OWNER)
    get_settings.cache_clear()


async def test_over_the_limit_one_is_told_how_long_to_wait(hosted: httpx.AsyncClient, imported: str) -> None:
    left = []
    for _ in range(2):
        answer = await hosted.post("/explanation/search-all", json=QUESTION)
        assert answer.status_code == 200, answer.text
        assert answer.headers["ratelimit-limit"] == "2"
        assert "retry-after" not in answer.headers
        left.append(int(answer.headers["ratelimit-remaining"]))
    assert left == [1, 0]
    refused = await hosted.post("/explanation/search-all", json=QUESTION)
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many")
    assert 0 < int(refused.headers["retry-after"]) <= 7200
    assert refused.headers["ratelimit-remaining"] == "0"
    assert "min" in refused.json()["message"]
    assert (await hosted.post("/model/list", json={})).status_code == 200, "what is not counted goes on"
