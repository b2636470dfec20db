"""Who sees what: every route that reads is asked for a private and an unlisted source, as each kind of person."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from memicos_app.api.app import api
from memicos_app.db import session
from memicos_app.library.accounts import keys, sessions, users
from memicos_app.library.accounts.person import OWNER, set_person
from memicos_app.library.query import run_in, writing
from memicos_app.settings import get_settings
from tests.api import dataset
from tests.conftest import settle

MODEL, SOURCE, ABSENT = dataset.MODEL, dataset.SOURCE, "15-not-4k"
FEATURE = {"modelId": MODEL, "layer": SOURCE, "index": 10}
AT = {"modelId": MODEL, "source": SOURCE}
STEERED = {"modelId": MODEL, "n_tokens": 1, "features": [{**FEATURE, "strength": 4}]}
SET = {"modelId": MODEL, "sourceSet": "res-4k", "selectedLayers": [SOURCE]}
TALK = [{"role": "user", "content": "Hi"}]
People = dict[str, str]
# Routes that read what is stored of the source they name: out of reach it is as if it did not exist.
STORED: dict[str, Any] = {
    f"GET /feature/{MODEL}/{SOURCE}/10": None,
    f"GET /features/{MODEL}/{SOURCE}": None,
    f"GET /source/{MODEL}/{SOURCE}": None,
    f"GET /page/{MODEL}/{SOURCE}/10": None,
    f"GET /page/{MODEL}/{SOURCE}": None,
    f"GET /comments/{MODEL}/{SOURCE}/10": None,
    "POST /activation/get": {**AT, "index": 10},
    "POST /features-offset": {"modelId": MODEL, "layer": SOURCE},
    "POST /explanation/search": {"modelId": MODEL, "layers": [SOURCE], "query": "feature 10"},
}
# Routes that ask the worker, which is not there: what is out of reach is refused before.
INFERENCE: dict[str, Any] = {
    f"GET /feature/{MODEL}/{SOURCE}/10/vector": None,
    "POST /activation/new": {"feature": FEATURE, "customText": "cat"},
    "POST /activation/source": {**AT, "customText": ["cat"]},
    "POST /search-all": {**SET, "text": "cat"},
    "POST /search-topk-by-token": {**AT, "text": "cat"},
    "POST /search-contrast": {**SET, "first": "cat", "second": "dog"},
    "POST /cossim": {**AT, "index": 10, "targetModelId": MODEL, "targetSourceId": SOURCE},
    "POST /similar-features": {**AT, "index": 10, "targetSourceIds": [SOURCE]},
    "POST /similarity-matrix-pred": {"modelId": MODEL, "sourceId": SOURCE, "text": "cat"},
    "POST /steer": {**STEERED, "prompt": "cat"},
    "POST /steer-chat": {**STEERED, "steeredChatMessages": TALK, "defaultChatMessages": TALK},
    "POST /vector/get": {**AT, "index": 10},
    f"GET /search-topk-by-token?modelId={MODEL}&source={SOURCE}&text=cat": None,
}
# Routes that answer with lists: what is not listed for the person asking is not in them.
LISTS: dict[str, Any] = {
    "POST /model/list": None,
    "POST /global": None,
    f"GET /source-set/{MODEL}/res-4k": None,
    "POST /explanation/search-model": {"modelId": MODEL, "query": "feature 10"},
    "POST /explanation/search-all": {"query": "feature 10"},
    f"GET /models/{MODEL}": None,
    "GET /search-explanations?q=feature 10": None,
    "GET /explanation-type/np_max-act": None,
}
# Routes that name no source, or only things of one's own, or have a test of their own below or elsewhere.
ELSEWHERE = {
    "POST /model/new", "POST /model/get", "POST /source-set/new", "POST /tokenize", "POST /steer-load",
    "POST /steer/presets", "POST /vector/new", "POST /vector/list-owned", "POST /vector/delete",
    "POST /map/new", "GET /jobs", "GET /jobs/{id}", "POST /jobs/{id}/{verb}", "POST /feature/upload-batch",
    "POST /activation/upload-batch", "POST /upload/batch", "POST /explanation/generate", "POST /explanation/score",
    "POST /explanation/score/{id}/delete", "POST /explanation/search-release", "POST /explanation/new",
    "POST /explanation/{id}/edit", "POST /explanation/{id}/delete", "POST /explanation/{id}/vote",
    "POST /explanation/{id}/unvote", "GET /health", "GET /ready", "GET /status", "POST /visibility",
    # Lists, bookmarks and comments have owners of their own; of features: `test_what_hangs_on_a_source`.
    "POST /features", "POST /list/new", "POST /list/new-with-features", "POST /list/get",
    "GET /list/{list_id}", "GET /list/{list_id}/comments", "POST /list/list",
    "POST /list/add-features", "POST /list/remove", "POST /list/edit-feature", "POST /list/update",
    "POST /list/delete", "POST /list/comment/new", "POST /list/comment/delete", "POST /bookmark/add",
    "POST /bookmark/delete", "POST /user/bookmarks", "POST /comment/new", "POST /comment/delete",
    # People's pages are in `tests/library/lists/test_profiles.py`; the log is for administrators; models have no test
    # by source; searches over all that is served ask the worker what that is, then as the POST of their name.
    "GET /people/{name}", "GET /people/{name}/lists", "GET /people/{name}/vectors", "GET /activity", "GET /models",
    "GET /search", "GET /search-contrast", "GET /quick-list",
    "POST /search-explanations",  # goes on where the GET of its name ended
    # Of maps, exports and explanations by their id: `test_what_hangs_on_a_source`.
    "POST /umap", "GET /maps/{model_id}/{source_id}", "GET /map/{map_id}/points",
    "GET /map/{map_id}/words/{source_id}", "GET /map/{map_id}/find", "GET /export/{model_id}/{source_id}",
    "GET /explanation/score/{id}", "GET /explanation/{id}",
    # Accounts read nothing of models and sources; what is exported is one's own: `tests/library/accounts/`.
    "GET /auth/elsewhere/{place}", "GET /auth/elsewhere/{place}/back", "POST /auth/elsewhere/part",
    "POST /auth/email", "POST /auth/link", "POST /auth/password", "POST /auth/sign-out", "POST /auth/unsubscribe",
    "GET /user/export", "POST /user/api-key", "POST /user/api-key-update", "POST /user/delete", "POST /user/edit",
    "POST /user/email", "POST /user/keys", "POST /user/keys/new", "POST /user/keys/revoke", "POST /user/password",
    "POST /user/refresh", "POST /user/sessions", "POST /user/sessions/end",
}  # fmt: skip


@pytest.fixture(scope="module")
def known_people(imported: str) -> dict[str, str]:
    """Three people with a key each; the source is the maker's."""
    made = {"visitor": ""}

    async def join(role: str) -> None:
        account = await users.add(f"the-{role}", admin=role == "admin")
        made[role] = (await keys.make(account.id, "test"))[1]
        if role == "maker":
            await _change("UPDATE sources SET creator_id = :maker", maker=account.id)
        await session.dispose()

    for role in ("maker", "other", "admin"):
        settle(join(role))
    return made


@pytest.fixture
async def people(
    known_people: People, no_worker: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, str]]:
    """A site open to several; the API key of each role, none of the visitor."""
    monkeypatch.setenv("ACCESS", "open")
    get_settings.cache_clear()
    sessions.forget_known()
    yield known_people
    set_person(OWNER)
    await _change("UPDATE sources SET visibility = 'public'")
    get_settings.cache_clear()


def test_every_route_is_thought_of() -> None:
    known = {_template(one) for one in (*STORED, *INFERENCE, *LISTS)} | ELSEWHERE
    routes = {f"{method.upper()} {path}" for path, methods in api.openapi()["paths"].items() for method in methods}
    assert routes <= known, "say in this file who sees what a new route reads"


@pytest.mark.parametrize("route", STORED)
async def test_what_is_stored(client: httpx.AsyncClient, people: People, route: str) -> None:
    for visibility, seen_by in (("private", {"maker", "admin"}), ("unlisted", set(people)), ("public", set(people))):
        await _show(visibility)
        for role, key in people.items():
            answer = await _ask(client, route, STORED[route], key)
            if role in seen_by:
                assert answer.status_code == 200, (visibility, role, answer.text)
                continue
            absent = await _ask(client, route, STORED[route], key, instead=ABSENT)
            assert (answer.status_code, answer.text) == (absent.status_code, absent.text.replace(ABSENT, SOURCE))
            assert answer.status_code == 404 or answer.json() == []


@pytest.mark.parametrize("route", INFERENCE)
async def test_what_the_worker_is_asked(client: httpx.AsyncClient, people: People, route: str) -> None:
    for visibility, refused in (("private", {"visitor", "other"}), ("unlisted", set())):
        await _show(visibility)
        for role, key in people.items():
            answer = await _ask(client, route, INFERENCE[route], key)
            assert (answer.status_code == 404) == (role in refused), (visibility, role, answer.text)


@pytest.mark.parametrize("route", LISTS)
async def test_what_is_listed(client: httpx.AsyncClient, people: People, route: str) -> None:
    for visibility, seen_by in (
        ("private", {"maker", "admin"}),
        ("unlisted", {"maker", "admin"}),
        ("public", {*people}),
    ):
        await _show(visibility)
        for role, key in people.items():
            answer = await _ask(client, route, LISTS[route], key)
            assert answer.status_code == 200, answer.text
            assert (SOURCE in answer.text) == (role in seen_by), (visibility, role, answer.text)


async def test_what_hangs_on_a_source(client: httpx.AsyncClient, people: People) -> None:
    found = await _ask(client, f"GET /feature/{MODEL}/{SOURCE}/10", None, people["maker"])
    explanation = found.json()["explanations"][0]["id"]
    await _show("private")
    for role, key in people.items():
        hidden = role in ("visitor", "other")
        answer = await _ask(client, f"GET /explanation/{explanation}", None, key)
        assert answer.status_code == (404 if hidden else 200), role
        answer = await _ask(client, f"GET /maps/{MODEL}/{SOURCE}", None, key)
        assert answer.status_code == (404 if hidden else 200), (role, answer.text)
        answer = await _ask(client, "POST /features", [FEATURE], key)
        assert (answer.json() == [None]) == hidden, (role, answer.text)
        quick = f'GET /quick-list?features=["{MODEL}/{SOURCE}/10"]'
        answer = await _ask(client, quick, None, key)
        assert (answer.json()["neurons"][0]["neuron"] is None) == hidden, (role, answer.text)
        answer = await _ask(client, "POST /list/new-with-features", {"name": "x", "features": [FEATURE]}, key)
        assert answer.status_code == {"visitor": 401, "other": 404}.get(role, 200), (role, answer.text)
        answer = await _ask(client, f"GET /export/{MODEL}/{SOURCE}", None, key)
        assert answer.status_code == 404


async def test_the_maker_shows_it_and_nobody_else(client: httpx.AsyncClient, people: People) -> None:
    wish = {**AT, "visibility": "PRIVATE"}
    for role, status in (("visitor", 401), ("other", 403), ("maker", 200), ("other", 404), ("admin", 200)):
        answer = await _ask(client, "POST /visibility", wish, people[role])
        assert answer.status_code == status, (role, answer.text)
    assert answer.json() == {"thing": f"{MODEL}/{SOURCE}", "visibility": "private"}
    model = {"modelId": MODEL, "visibility": "unlisted"}
    assert (await _ask(client, "POST /visibility", model, people["maker"])).status_code == 403
    wrong = await _ask(client, "POST /visibility", {**model, "visibility": "hidden"}, people["maker"])
    assert (wrong.status_code, wrong.json()["field"]) == (400, "visibility")


async def test_what_holds_a_source_hides_it(client: httpx.AsyncClient, people: People) -> None:
    feature = f"GET /feature/{MODEL}/{SOURCE}/10"
    for level in ({"modelId": MODEL}, {"modelId": MODEL, "sourceSet": "res-4k"}):
        for visibility, status in (("private", 404), ("unlisted", 200), ("public", 200)):
            await _ask(client, "POST /visibility", {**level, "visibility": visibility}, people["admin"])
            assert (await _ask(client, feature, None, people["other"])).status_code == status
            found = await _ask(client, "POST /explanation/search-all", {"query": "feature 10"}, people["other"])
            assert (SOURCE in found.text) == (visibility == "public")


async def _show(visibility: str) -> None:
    await _change("UPDATE sources SET visibility = :to", to=visibility)


async def _change(sql: str, **values: object) -> None:
    async with writing() as writer:
        await run_in(writer, sql, **values)
        await writer.commit()


async def _ask(client: httpx.AsyncClient, route: str, body: Any, key: str, instead: str = SOURCE) -> httpx.Response:
    method, path = route.replace(SOURCE, instead).split(" ", 1)
    sent = None if body is None else json.loads(json.dumps(body).replace(SOURCE, instead))
    return await client.request(method, path, json=sent, headers={"x-api-key": key} if key else {})


def _template(route: str) -> str:
    """The route's address as the description has it."""
    method, path = route.partition("?")[0].split(" ", 1)
    known = [name for name, methods in api.openapi()["paths"].items() if method.lower() in methods]
    for one in known:
        parts, names = path.split("/"), one.split("/")
        if len(parts) == len(names) and all(b[:1] == "{" or a == b for a, b in zip(parts, names, strict=True)):
            return f"{method} {one}"
    raise AssertionError(f"There is no route {route}.")
