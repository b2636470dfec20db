"""A demo keeps nothing of what people do, though the model works for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from memicos_app.api.app import ROUTERS
from memicos_app.api.rights import needed
from memicos_app.library.accounts import passwords, sessions, users
from memicos_app.library.accounts.rights import Right
from memicos_app.settings import get_settings
from tests.api.dataset import MODEL, SOURCE
from tests.test_rights_matrix import rows

pytestmark = pytest.mark.slow
TEXT = "The weather today is"
FEATURE = {"modelId": MODEL, "layer": SOURCE, "index": 10}
STEER = {"modelId": MODEL, "features": [{**FEATURE, "strength": 40}], "n_tokens": 3, "temperature": 0}
SAID = {"role": "user", "content": "Hello"}
WORKED: dict[str, dict[str, Any]] = {
    "/activation/new": {"feature": {"modelId": MODEL, "source": SOURCE, "index": 10}, "customText": TEXT},
    "/activation/source": {"modelId": MODEL, "source": SOURCE, "customText": TEXT},
    "/cossim": {"modelId": MODEL, "source": SOURCE, "index": 10},
    "/explanation/search": {"modelId": MODEL, "layers": [SOURCE], "query": "weather"},
    "/explanation/search-all": {"query": "weather"},
    "/explanation/search-model": {"modelId": MODEL, "query": "weather"},
    "/explanation/search-release": {"releaseName": "none", "query": "weather"},
    "/search": {"modelId": MODEL, "text": TEXT},
    "/search-explanations": {"q": "weather"},
    "/search-all": {"modelId": MODEL, "sourceSet": SOURCE.split("-", 1)[1], "text": TEXT, "selectedLayers": [SOURCE]},
    "/search-contrast": {"modelId": MODEL, "source": SOURCE, "texts": [TEXT], "against": ["Le temps"]},
    "/search-topk-by-token": {"modelId": MODEL, "source": SOURCE, "text": TEXT},
    "/similar-features": {"modelId": MODEL, "source": SOURCE, "index": 10},
    "/similarity-matrix-pred": {"modelId": MODEL, "source": SOURCE, "text": TEXT},
    "/steer": {**STEER, "prompt": TEXT},
    "/steer-chat": {**STEER, "steeredChatMessages": [SAID], "defaultChatMessages": [SAID]},
    "/tokenize": {"modelId": MODEL, "prompt": TEXT},
}
"""Every route that has the model work."""
OF_PAGES = {"/search", "/search-explanations"}
"""Of these the page's own address asks."""
ANSWERED = {"/activation/new", "/explanation/search-all", "/search-all", "/steer", "/steer-chat", "/tokenize"}
"""Of these it is known that the test's bodies are right."""


@pytest.fixture
async def cookie(imported: str, worker: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A session of somebody who signed in before the site became a demo."""
    ada = await users.add("ada", admin=True)
    await passwords.put(ada.id, "correct horse battery")
    token = await sessions.begin(ada.id, "Firefox")
    monkeypatch.setenv("ACCESS", "demo")
    get_settings.cache_clear()
    yield f"{sessions.COOKIE}={token}"
    monkeypatch.undo()
    get_settings.cache_clear()


def test_each_route_that_has_the_model_work_is_asked() -> None:
    found = {one.path for each in ROUTERS for one in each.routes if needed(one) is Right.RUN}  # type: ignore[arg-type]
    assert found == set(WORKED)


async def test_nothing_is_kept(client: httpx.AsyncClient, imported: str, cookie: str) -> None:
    before = rows(imported)
    for headers in ({}, {"cookie": cookie}):
        for path, body in WORKED.items():
            method = "GET" if path in OF_PAGES else "POST"
            sent: dict[str, Any] = {"params": body} if path in OF_PAGES else {"json": body}
            answer = await client.request(method, path, headers=headers, **sent)
            assert answer.status_code < 500, f"{path}: {answer.text}"
            if path in ANSWERED:
                assert answer.status_code == 200, f"{path}: {answer.text}"
            if path.startswith("/steer"):
                assert (answer.json()["id"], answer.json()["shareUrl"]) == (None, None)
    streamed = await client.post("/steer", json={**WORKED["/steer"], "stream": True})
    assert "event: done" in streamed.text
    assert rows(imported) == before
