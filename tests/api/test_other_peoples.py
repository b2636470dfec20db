"""Two people: what the one owns and shows to nobody, the other neither reads nor changes, by whatever route."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from memicos_app.library.accounts import keys, rights, sessions
from memicos_app.library.accounts.person import Person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.embedders import soon
from memicos_app.library.providers import keys as provider_keys
from memicos_app.library.query import run_in, writing
from memicos_app.settings import get_settings
from tests.api.dataset import MODEL, SOURCE
from tests.people import ANN, BOB, done_for, settle_in
from tests.test_rights_matrix import ROUTES, needed_by_route

CANARY = "anns-7731"
ANNS, SET, ANNS_SOURCE = "anns-model", "anns-set", "0-anns-set"
FEATURE = {"modelId": ANNS, "layer": ANNS_SOURCE, "index": 0}
PUBLIC = {"modelId": MODEL, "layer": SOURCE, "index": 10}
ACTIVATION = {"tokens": [CANARY, "b"], "values": [1.0, 2.0]}
EXTRA = {
    "userId": "bob", "user_id": "bob", "ownerId": "bob", "creatorId": "bob", "creator_id": "bob", "authorId": "bob",
    "admin": True, "isAdmin": True, "createdAt": "2001-01-01T00:00:00Z", "id": "chosen", "hidden": True,
}  # fmt: skip
"""Fields named like columns, which nobody may set."""
NOTHING_OWNED = {
    "/auth/elsewhere/part", "/docs", "/docs/{name}", "/global", "/model/list", "/search-contrast", "/user/api-key",
    "/user/api-key-update", "/user/bookmarks", "/user/delete", "/user/edit", "/user/email", "/user/export",
    "/user/keys", "/user/keys/new", "/user/password", "/user/refresh", "/user/sessions", "/list/list", "/list/new",
    "/vector/list-owned", "/explanation/search-all", "/model/new", "/list/new-with-features", "/upload/batch",
    "/vector/new", "/explanation-type/{name}", "/models",
}  # fmt: skip
"""Routes that name nothing of somebody's: they list or make what belongs to whoever asks."""
MADE: dict[str, Owned] = {}
"""By database."""
QUIET = {
    "/bookmark/delete", "/comments/{model_id}/{source_id}/{index}", "/features", "/features-offset", "/umap",
    "/steer/presets", "/user/sessions/end", "/people/{name}", "/people/{name}/lists", "/people/{name}/vectors",
    "/quick-list",
}  # fmt: skip
"""Routes that answer with nothing where there is nothing for whoever asks."""


@dataclass
class Owned:
    """Ids of what is Ann's."""

    list_id: str
    comment: str
    list_comment: str
    vector: dict[str, Any]
    explanation: str
    own_words: str
    run: str
    key: str
    session: str


@pytest.fixture
def asked_by(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Whose requests follow, in a site for several."""
    monkeypatch.setenv("ACCESS", "open")
    monkeypatch.setenv("INFERENCE_URLS", "http://127.0.0.1:9")
    get_settings.cache_clear()

    @contextmanager
    def inside(who: Person) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rights, "somebody", lambda: who)
            yield

    yield inside
    monkeypatch.undo()
    get_settings.cache_clear()


async def said(client: httpx.AsyncClient, path: str, body: Any) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return answer.json()


async def in_the_catalog(client: httpx.AsyncClient) -> None:
    """A private model with a set and a feature."""
    await said(client, "/model/new", {"id": ANNS, "layers": 1, "displayName": CANARY, "dimension": 4})
    await said(client, "/source-set/new", {"name": SET, "modelId": ANNS, "description": CANARY})
    feature = {"index": 0, "explanations": [{"text": CANARY}], "activations": [ACTIVATION]}
    await said(client, "/feature/upload-batch", {"modelId": ANNS, "source": ANNS_SOURCE, "features": [feature]})
    await said(client, "/visibility", {"modelId": ANNS, "visibility": "private"})


@pytest.fixture
async def anns(client: httpx.AsyncClient, imported: str, asked_by: Any) -> Owned:
    """One of everything, made once: no test may change any of it."""
    if imported not in MADE:
        MADE[imported] = await made(client, asked_by)
    return MADE[imported]


async def made(client: httpx.AsyncClient, asked_by: Any) -> Owned:
    await settle_in(ANN, BOB)
    with asked_by(ANN), done_for(ANN):
        await in_the_catalog(client)
        listed = await said(client, "/list/new", {"name": CANARY, "visibility": "private", "testText": CANARY})
        at = {"listId": listed["id"]}
        await said(client, "/list/add-features", {**at, "featuresToAdd": [{**PUBLIC, "description": CANARY}]})
        comment = await said(client, "/comment/new", {**FEATURE, "text": CANARY})
        list_comment = await said(client, "/list/comment/new", {**at, "text": CANARY})
        wish = {"modelId": ANNS, "layerNumber": 0, "hookType": "hook_resid_pre", "vector": [1, 2, 3, 4]}
        vector = (await said(client, "/vector/new", {**wish, "vectorLabel": CANARY}))["vector"]
        await said(client, "/visibility", {**vector_of(vector), "visibility": "private"})
        own = await said(client, "/explanation/new", {**FEATURE, "description": CANARY})
        open_words = await said(client, "/explanation/new", {**PUBLIC, "description": "words to be seen"})
        await said(client, "/bookmark/add", PUBLIC)
        key, _ = await keys.make("ann", CANARY)
        await sessions.begin("ann", CANARY)
        (session,) = await sessions.listed("ann")
        await provider_keys.put("openai", SecretStr(f"sk-{CANARY}"))
        async with writing() as writer:
            await run_in(
                writer,
                "INSERT INTO steer_outputs (id, model_id, prompt, visibility, creator_id, temperature, n_tokens, "
                "freq_penalty, seed, strength_multiplier) VALUES ('anns-run', :model, :text, 'private', 'ann', "
                "1, 1, 0, 1, 1) ON CONFLICT DO NOTHING",
                model=MODEL,
                text=CANARY,
            )
            await writer.commit()
        assert (await client.post("/list/get", json=at)).status_code == 200
        words = own["explanation"]["id"], open_words["explanation"]["id"]
        talk = comment["id"], list_comment["id"]
        await soon.settled()
        return Owned(listed["id"], *talk, vector_of(vector), *words, "anns-run", key.id, session.id)


def vector_of(made: dict[str, Any]) -> dict[str, Any]:
    return {name: made[name] for name in ("modelId", "source", "index")}


def sweep(anns: Owned) -> dict[str, tuple[str, Any]]:
    """For each route the address and body by which Bob reaches for what is Ann's."""
    at, feature = {"listId": anns.list_id}, f"{ANNS}/{ANNS_SOURCE}"
    named = {"modelId": ANNS, "source": ANNS_SOURCE, "index": 0}
    listed = {**at, **PUBLIC}
    steer = {"modelId": ANNS, "prompt": "a", "features": [{**FEATURE, "strength": 1}]}
    told = {"role": "user", "content": "a"}
    posts: dict[str, Any] = {
        "/activation/get": FEATURE,
        "/activation/new": {"feature": named, "customText": "a"},
        "/activation/source": {"modelId": ANNS, "source": ANNS_SOURCE, "customText": "a"},
        "/activation/upload-batch": {**named, "activations": [ACTIVATION]},
        "/bookmark/add": FEATURE,
        "/bookmark/delete": PUBLIC,
        "/comment/delete": {"id": anns.comment},
        "/comment/new": {**FEATURE, "text": "mine now"},
        "/cossim": named,
        "/explanation/new": {**FEATURE, "description": "mine now"},
        "/explanation/search": {"modelId": ANNS, "layers": [ANNS_SOURCE], "query": CANARY},
        "/explanation/search-model": {"modelId": ANNS, "query": CANARY},
        "/explanation/search-release": {"releaseName": ANNS, "query": CANARY},
        "/feature/upload-batch": {
            "modelId": ANNS,
            "source": ANNS_SOURCE,
            "features": [{"index": 1, "activations": [ACTIVATION]}],
        },
        "/features": [FEATURE],
        "/features-offset": {"modelId": ANNS, "source": ANNS_SOURCE},
        "/list/add-features": {**at, "featuresToAdd": [PUBLIC]},
        "/list/comment/delete": {"commentId": anns.list_comment},
        "/list/comment/new": {**at, "text": "mine now"},
        "/list/delete": at,
        "/list/edit-feature": {**listed, "description": "mine now"},
        "/list/get": at,
        "/list/remove": listed,
        "/list/update": {**at, "name": "mine now", "visibility": "public"},
        "/model/get": {"id": ANNS},
        "/search-all": {"modelId": ANNS, "sourceSet": SET, "text": "a", "selectedLayers": [ANNS_SOURCE]},
        "/search-topk-by-token": {"modelId": ANNS, "source": ANNS_SOURCE, "text": "a"},
        "/similar-features": named,
        "/similarity-matrix-pred": {"modelId": ANNS, "source": ANNS_SOURCE, "text": "a"},
        "/source-set/new": {"name": "bobs-set", "modelId": ANNS},
        "/steer": steer,
        "/steer-chat": {**steer, "steeredChatMessages": [told], "defaultChatMessages": [told]},
        "/steer-load": {"id": anns.run},
        "/steer/presets": {"modelId": ANNS},
        "/tokenize": {"modelId": ANNS, "prompt": "a"},
        "/umap": {"modelId": ANNS, "layers": [ANNS_SOURCE]},
        "/user/keys/revoke": {"id": anns.key},
        "/user/sessions/end": {"id": anns.session},
        "/vector/delete": anns.vector,
        "/vector/get": anns.vector,
        "/visibility": {"modelId": ANNS, "visibility": "public"},
    }
    others = {
        "/models/{model_id}": f"/models/{ANNS}",
        "/people/{name}": "/people/ann",
        "/people/{name}/lists": "/people/ann/lists",
        "/people/{name}/vectors": "/people/ann/vectors",
        "/quick-list": f"/quick-list?features={quote(json.dumps([FEATURE]))}",
        "/search": f"/search?modelId={ANNS}&text=a",
        "/search-explanations": f"/search-explanations?modelId={ANNS}&q=a",
        "/comments/{model_id}/{source_id}/{index}": f"/comments/{feature}/0",
        "/list/{list_id}/comments": f"/list/{anns.list_id}/comments",
        "/explanation/{id}": f"/explanation/{anns.explanation}",
        "/explanation/{id}/delete": f"/explanation/{anns.own_words}/delete",
        "/explanation/{id}/edit": f"/explanation/{anns.own_words}/edit",
        "/explanation/{id}/unvote": f"/explanation/{anns.explanation}/unvote",
        "/explanation/{id}/vote": f"/explanation/{anns.explanation}/vote",
        "/explanation/score/{id}": "/explanation/score/anns-score",
        "/export/{model_id}/{source_id}": f"/export/{feature}",
        "/feature/{model_id}/{source_id}/{index}": f"/feature/{feature}/0",
        "/feature/{model_id}/{source_id}/{index}/vector": f"/feature/{feature}/0/vector",
        "/features/{model_id}/{source_id}": f"/features/{feature}",
        "/list/{list_id}": f"/list/{anns.list_id}",
        "/map/{map_id}/find": "/map/anns-map/find?q=a",
        "/map/{map_id}/points": "/map/anns-map/points",
        "/map/{map_id}/words/{source_id}": f"/map/anns-map/words/{ANNS_SOURCE}",
        "/maps/{model_id}/{source_id}": f"/maps/{feature}",
        "/page/{model_id}/{source_id}": f"/page/{feature}",
        "/page/{model_id}/{source_id}/{index}": f"/page/{feature}/0",
        "/source-set/{model_id}/{name}": f"/source-set/{ANNS}/{SET}",
        "/source/{model_id}/{source_id}": f"/source/{feature}",
    }
    edits = {"/explanation/{id}/edit": {"description": "mine now"}}
    return {path: (path, body) for path, body in posts.items()} | {
        path: (address, edits.get(path, {})) for path, address in others.items()
    }


IN_THE_BACKGROUND = ["rate_windows", "explanation_embeddings", "explanation_words"]


def content(url: str) -> dict[str, Any]:
    """A sum over the rows of each table, but of what counts requests, and of what is made of words by itself."""
    with psycopg.connect(url) as connection:
        tables = "SELECT relname FROM pg_stat_user_tables WHERE relname <> ALL (%s)"
        names = connection.execute(tables, [IN_THE_BACKGROUND]).fetchall()
        summed = "SELECT count(*), sum(hashtextextended((to_jsonb(t) - 'embedded')::text, 0)) FROM \"{}\" AS t"
        return {name: connection.execute(summed.format(name)).fetchone() for (name,) in names}


async def test_the_other_neither_reads_nor_changes_it(
    client: httpx.AsyncClient, imported: str, anns: Owned, asked_by: Any
) -> None:
    asked = sweep(anns)
    at_risk = {one.path: one for one in ROUTES if needed_by_route(one) in (Right.READ, Right.RUN, Right.WRITE)}
    forgotten = at_risk.keys() - asked.keys() - NOTHING_OWNED
    assert not forgotten, "say in `sweep` how somebody else would reach for it, or in NOTHING_OWNED that they cannot"
    before = content(imported)
    wrong = []
    with asked_by(BOB):
        for path, (address, body) in asked.items():
            method = next(iter(at_risk[path].methods or ()))
            answer = await client.request(method, address, json=body if method == "POST" else None)
            allowed = (400, 403, 404) if path not in QUIET else (200, 400, 403, 404)
            if path == "/similar-features":
                allowed += (503,)  # what its sources are, the worker is asked, which is not there
            if answer.status_code not in allowed or CANARY in answer.text:
                wrong.append((path, answer.status_code, answer.text[:160]))
            if (now := content(imported)) != before:
                changed = [name for name in now if now[name] != before.get(name)]
                wrong.append((path, "changed", changed))
                before = now
    assert not wrong, "\n".join(map(str, wrong))


async def test_what_is_private_is_in_no_list_of_others(client: httpx.AsyncClient, anns: Owned, asked_by: Any) -> None:
    with asked_by(BOB):
        for path, body in (
            ("/model/list", {}),
            ("/global", None),
            ("/list/list", {}),
            ("/vector/list-owned", {}),
            ("/user/bookmarks", {}),
            ("/user/keys", {}),
            ("/user/sessions", {}),
            ("/user/refresh", {}),
            ("/user/api-key", {"type": "OPENAI"}),
            ("/explanation/search-all", {"query": CANARY}),
        ):
            answer = await client.post(path, json=body)
            assert answer.status_code == 200, f"{path}: {answer.text}"
            told = json.dumps(answer.json()).replace(CANARY, "", 1) if "query" in (body or {}) else answer.text
            assert CANARY not in told, path
            assert ANNS not in told, path


async def test_fields_named_like_columns_are_refused(
    client: httpx.AsyncClient, imported: str, anns: Owned, asked_by: Any
) -> None:
    """Every route that writes, with a body that is right but for one field more."""
    bodies = {path: body for path, (_, body) in sweep(anns).items()}
    bodies |= {
        "/list/new": {"name": "n"},
        "/list/new-with-features": {"name": "n"},
        "/model/new": {"id": "another", "layers": 1},
        "/user/edit": {"bio": "b"},
        "/user/keys/new": {"name": "n"},
        "/user/api-key-update": {"type": "OPENAI", "value": "sk-x"},
        "/vector/new": {"modelId": ANNS, "layerNumber": 0, "hookType": "h", "vector": [1], "vectorLabel": "l"},
        "/explanation/{id}/edit": {"description": "other"},
    }
    before, tried = content(imported), set()
    with asked_by(ANN):
        for route in ROUTES:
            if needed_by_route(route) is not Right.WRITE or not route.body_field or route.path not in bodies:
                continue
            for name, value in EXTRA.items():
                if name in bodies[route.path] or name == "id":
                    continue
                tried.add(route.path)
                address = route.path.replace("{id}", anns.own_words)
                answer = await client.post(address, json={**bodies[route.path], name: value})
                assert answer.status_code == 400, f"{route.path} takes {name}: {answer.text}"
                assert name in answer.json()["field"], f"{route.path}: {answer.text}"
    assert content(imported) == before
    assert len(tried) > 25
