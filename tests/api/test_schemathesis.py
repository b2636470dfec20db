"""Requests that schemathesis makes up from the site's description: none is a fault, and answers are as described."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.transport import Response

from memicos_app.api.app import api
from memicos_app.library.accounts import keys, sessions, users
from memicos_app.settings import get_settings
from tests.api import dataset
from tests.made_up import CHECKS, cases, requests_a_route

SETTINGS = requests_a_route(6)
TEXT = "According to the treaty of 1648"
FEATURE = {"modelId": dataset.MODEL, "layer": dataset.SOURCE, "index": 10}
STEERED = {**FEATURE, "strength": 40}
SHORT = {"modelId": dataset.MODEL, "n_tokens": 3, "features": [STEERED], "vectors": [], "condition": None}
CHAT = [{"role": "user", "content": "Name a colour."}]
REAL: dict[str, dict[str, Any]] = {
    "/activation/new": {"feature": FEATURE},
    "/activation/source": {"modelId": dataset.MODEL, "source": dataset.SOURCE},
    "/activation/get": FEATURE,
    "/search-all": {"modelId": dataset.MODEL, "sourceSet": "res-4k", "selectedLayers": [dataset.SOURCE]},
    "/search-contrast": {"modelId": dataset.MODEL, "sourceSet": "res-4k", "selectedLayers": [dataset.SOURCE]},
    "/search-topk-by-token": {"modelId": dataset.MODEL, "source": dataset.SOURCE},
    "/cossim": {
        "modelId": dataset.MODEL,
        "targetModelId": dataset.MODEL,
        "source": dataset.SOURCE,
        "targetSourceId": dataset.SOURCE,
        "index": 10,
    },
    "/similar-features": {"modelId": dataset.MODEL, "source": dataset.SOURCE, "index": 10},
    "/similarity-matrix-pred": {"modelId": dataset.MODEL, "sourceId": dataset.SOURCE},
    "/tokenize": {"modelId": dataset.MODEL},
    "/steer": SHORT,
    "/steer-chat": SHORT | {"steeredChatMessages": CHAT, "defaultChatMessages": CHAT, "isAssistantAxis": False},
    "/steer-load": {},
    "/steer/presets": {"modelId": dataset.MODEL},
    "/vector/new": {"modelId": dataset.MODEL, "layerNumber": 3, "hookType": "hook_resid_pre", "vector": [0.5] * 576},
    "/vector/get": FEATURE,
    "/vector/list-owned": {"modelId": dataset.MODEL},
    "/vector/delete": {},
}
"""What makes a made-up body reach further than the first check: addresses that exist, and little to write."""
GOOD: dict[str, dict[str, Any]] = {
    "/activation/new": {"customText": TEXT},
    "/activation/source": {"customText": [TEXT]},
    "/search-all": {"text": TEXT},
    "/search-contrast": {"first": TEXT, "second": ["of"]},
    "/search-topk-by-token": {"text": [TEXT]},
    "/similarity-matrix-pred": {"text": TEXT},
    "/tokenize": {"prompt": TEXT},
    "/steer": {"prompt": TEXT},
    "/steer-chat": {"steer_special_tokens": True},
    "/vector/new": {"vectorLabel": "calm"},
}
schema = schemathesis.openapi.from_dict(api.openapi())


def drawn(path: str) -> st.SearchStrategy[schemathesis.Case]:
    return schema[path]["POST"].as_strategy()


async def asked(client: httpx.AsyncClient, case: schemathesis.Case, key: str = "") -> httpx.Response:
    """The answer to a case, asked with a person's key or with none, which has to be as described."""
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://site.example")).prepare()
    headers = {name: value for name, value in prepared.headers.items() if name.lower() != "x-api-key"}
    headers |= {"x-api-key": key} if key else {}
    answer = await client.request(str(prepared.method), str(prepared.url), headers=headers, content=prepared.body)
    case.validate_response(Response.from_httpx(answer, verify=False), checks=CHECKS)
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("path", REAL)
@pytest.mark.usefixtures("imported", "worker")
async def test_made_up_requests(client: httpx.AsyncClient, path: str) -> None:
    for case in cases(drawn(path), SETTINGS):
        await asked(client, case)
        if isinstance(case.body, dict):
            case.body = case.body | REAL[path]
            await asked(client, case)


@pytest.mark.slow
@pytest.mark.usefixtures("imported", "worker")
async def test_made_up_requests_to_every_route_by_each_role(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A visitor's, a person's and an administrator's, on an open site; who may not is told so, as described."""
    known = {name: (await keys.make((await users.add(name)).id, "made up"))[1] for name in ("ann", "eve")}
    await users.set_admin((await users.user("eve")).id, True)
    monkeypatch.setenv("ACCESS", "open")
    get_settings.cache_clear()
    sessions.forget_known()
    seen: dict[str, set[int]] = {"": set(), **{name: set() for name in known}}
    for path, methods in api.openapi()["paths"].items():
        for method in methods:
            strategy = schema[path][method.upper()].as_strategy()
            for case in cases(strategy, requests_a_route(1)):
                for name in seen:
                    answer = await asked(client, case, known.get(name, ""))
                    assert answer.status_code < 500, f"{method} {path} by {name or 'a visitor'}: {answer.text}"
                    if not path.startswith("/auth/"):
                        seen[name].add(answer.status_code)
    assert {200, 401} <= seen[""]
    assert {200, 403} <= seen["ann"]
    assert 401 not in seen["eve"]
    get_settings.cache_clear()


@pytest.mark.parametrize("path", GOOD)
async def test_good_answers_are_as_described(
    client: httpx.AsyncClient, imported: str, worker: str, path: str
) -> None:
    case = schema[path]["POST"].Case(body=REAL[path] | GOOD[path], media_type="application/json")
    answer = await asked(client, case)
    if path == "/similarity-matrix-pred":
        assert answer.status_code == 400, "the demo has no temporal SAE"
        return
    assert answer.status_code == 200, answer.text
    if path in ("/steer", "/steer-chat"):
        body = {"steerOutputId": answer.json()["id"]}
        loaded = schema["/steer-load"]["POST"].Case(body=body, media_type="application/json")
        assert (await asked(client, loaded)).status_code == 200
