"""Lists that go on: each thing once however many come meanwhile, and cursors that are none are told so."""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from memicos_app.api.answers import NEXT_CURSOR
from memicos_app.library import jobs
from memicos_app.library.embedders import minilm, soon
from tests.api.test_problems import assert_problem

MODEL, SOURCE, FEATURES = "pup", "0-res", 30
Ask = Callable[..., Awaitable[httpx.Response]]
VECTOR = {"modelId": MODEL, "layerNumber": 0, "hookType": "hook_resid_pre", "vector": [1.0], "vectorLabel": "x"}


def address(index: int, source: str = SOURCE) -> dict[str, Any]:
    return {"modelId": MODEL, "layer": source, "index": index}


def uploaded(index: int) -> dict[str, Any]:
    """A feature; every third has no explanation, and strengths come several times."""
    said = [{"text": f"barking {index % 7}", "methodName": "np_max-act"}] if index % 3 else []
    texts = [{"tokens": ["a", "b"], "values": [0, index % 4 + 1]}]
    return {"index": index, "density": index % 5 / 10, "explanations": said, "activations": texts}


async def upload(client: httpx.AsyncClient, *indices: int) -> None:
    body = {"modelId": MODEL, "source": SOURCE, "features": [uploaded(one) for one in indices]}
    answer = await client.post("/feature/upload-batch", json=body)
    assert answer.status_code == 200, answer.text
    await soon.settled()


@pytest.fixture
async def source(client: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source of features with odd numbers, so that others may come between."""
    monkeypatch.setattr(minilm, "available", lambda: False)
    await client.post("/model/new", json={"id": MODEL, "layers": 1})
    await client.post("/source-set/new", json={"modelId": MODEL, "name": "res"})
    await upload(client, *range(1, 2 * FEATURES, 2))


async def walked(ask: Ask, parts: Callable[[Any], list[str]], meanwhile: Callable[[], Awaitable[Any]]) -> list[str]:
    """Everything that a list answers page by page, where something comes after the first page."""
    seen: list[str] = []
    cursor: str | None = None
    for number in range(100):
        answer = await (ask(cursor=cursor) if cursor else ask())
        assert answer.status_code == 200, answer.text
        body = answer.json()
        seen += parts(body)
        cursor = body.get("nextCursor") if isinstance(body, dict) else answer.headers.get(NEXT_CURSOR)
        if number == 0:
            await meanwhile()
        if not cursor:
            return seen
    raise AssertionError("it never ends")


SORTS = [(sort, down) for sort in ("index", "density", "max_activation", "explanation") for down in (False, True)]


@pytest.mark.usefixtures("source")
async def test_features_in_every_order(client: httpx.AsyncClient) -> None:
    for place, (sort, down) in enumerate(SORTS):
        for query in ("", "barking"):
            query_at = {"sort": sort, "descending": down, "query": query, "limit": 4}
            before = await all_of(client, query_at)

            async def ask(query_at: dict[str, Any] = query_at, **more: Any) -> httpx.Response:
                return await client.get(f"/features/{MODEL}/{SOURCE}", params=query_at | more)

            new = 2 * place + (100 if query else 0)
            found = await walked(ask, indices, lambda new=new: upload(client, new))  # type: ignore[misc]
            assert [one for one in found if one != str(new)] == before, (sort, down, query)
            assert len(set(found)) == len(found)


async def all_of(client: httpx.AsyncClient, query: dict[str, Any]) -> list[str]:
    return indices((await client.get(f"/features/{MODEL}/{SOURCE}", params=query | {"limit": 500})).json())


def indices(body: Any) -> list[str]:
    return [str(one["index"]) for one in (body.get("rows") if isinstance(body, dict) else body)]


@pytest.mark.usefixtures("source")
async def test_features_and_searches_as_published_clients_ask(client: httpx.AsyncClient) -> None:
    async def stretch(**more: Any) -> httpx.Response:
        return await client.post("/features-offset", json={"modelId": MODEL, "layer": SOURCE, **more})

    odd = [str(one) for one in range(1, 2 * FEATURES, 2)]
    assert await walked(stretch, indices, lambda: upload(client, 0)) == odd
    by_offset = [one for offset in (0, 25) for one in indices((await stretch(offset=offset)).json())]
    assert by_offset == ["0", *odd]

    async def search(**more: Any) -> httpx.Response:
        return await client.post("/explanation/search-model", json={"modelId": MODEL, "query": "barking", **more})

    found = await walked(search, lambda body: [one["index"] for one in body["results"]], lambda: upload(client, 4))
    said = [one for one in odd if int(one) % 3]
    assert sorted(set(found) - {"4"}, key=int) == said
    assert len(found) == len(set(found))

    async def page_search(**more: Any) -> httpx.Response:
        asked = {"q": "barking", "modelId": MODEL, "types": "np_max-act"}
        kind = {"json": more} if more else {}
        return await client.request("POST" if more else "GET", "/search-explanations", params=asked, **kind)  # type: ignore[arg-type]

    again = await walked(
        page_search, lambda body: [one["index"] for one in body["results"]], lambda: upload(client, 8)
    )
    assert sorted(set(again) - {"8"}, key=int) == sorted([*said, "4"], key=int)
    assert len(again) == len(set(again)) > 20
    first, second = [(await search(offset=offset)).json() for offset in (0, 20)]
    assert (first["hasMore"], first["nextOffset"], second["hasMore"], second["nextCursor"]) == (True, 20, False, None)
    after = (await search(cursor=first["nextCursor"])).json()
    assert [one["index"] for one in after["results"]] == [one["index"] for one in second["results"]]
    assert after["nextOffset"] == second["nextOffset"]


@pytest.mark.usefixtures("source")
async def test_what_people_keep(client: httpx.AsyncClient) -> None:
    async def post(path: str, **body: Any) -> Any:
        answer = await client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    made = [(await post("/list/new", name=f"list {number}"))["id"] for number in range(5)]
    entries = [address(index) for index in range(1, 11, 2)]
    await post("/list/add-features", listId=made[0], featuresToAdd=entries)
    kept = [(await post("/vector/new", **VECTOR))["vector"]["index"] for _ in range(5)]
    for each in entries:
        await post("/bookmark/add", **each)
    said = [(await post("/comment/new", **entries[0], text=f"says {number}"))["id"] for number in range(5)]
    on_list = [(await post("/list/comment/new", listId=made[0], text=f"says {n}"))["id"] for n in range(5)]
    asked = [(await jobs.ask("map", {}, title=str(n), subject=f"cursors/{n}")).id for n in range(5)]

    def posting(path: str, **body: Any) -> Ask:
        return lambda **more: client.post(path, json={"limit": 2, **body, **more})

    def getting(path: str, **query: Any) -> Ask:
        return lambda **more: client.get(path, params={"limit": 2, **query, **more})

    def ids(name: str = "", key: str = "id") -> Callable[[Any], list[str]]:
        return lambda body: [str(one[key]) for one in (body[name] if name else body)]

    last = [one["index"] for one in entries][::-1]
    once: list[tuple[Ask, Callable[[Any], list[str]], list[Any], Callable[[], Awaitable[Any]]]] = [
        (
            posting("/list/list"),
            lambda body: [one["id"] for one in body if one["name"].startswith("list")],
            [made[0], *made[:0:-1]],
            lambda: post("/list/new", name="new"),
        ),
        (posting("/user/bookmarks"), ids(key="index"), last, lambda: post("/bookmark/add", **address(21))),
        (
            posting("/vector/list-owned", modelId=MODEL),
            ids("vectors", "index"),
            kept[::-1],
            lambda: post("/vector/new", **VECTOR),
        ),
        (
            getting(f"/comments/{MODEL}/{SOURCE}/1"),
            ids("comments"),
            said[::-1],
            lambda: post("/comment/new", **entries[0], text="later"),
        ),
        (
            getting(f"/list/{made[0]}/comments"),
            ids("comments"),
            on_list[::-1],
            lambda: post("/list/comment/new", listId=made[0], text="later"),
        ),
        (
            getting("/jobs", kind="map"),
            ids("jobs"),
            asked[::-1],
            lambda: jobs.ask("map", {}, title="new", subject="cursors/new"),
        ),
    ]
    for ask, parts, expected, meanwhile in once:
        assert await walked(ask, parts, meanwhile) == [str(one) for one in expected]
        unknown = await ask(cursor=packed(["none", 1]))
        assert assert_problem(unknown, 400)["field"] == "cursor"
    whole = (await post("/list/get", listId=made[0]))["neurons"]
    assert [one["index"] for one in whole] == [str(one["index"]) for one in entries]


def packed(content: Any) -> str:
    return urlsafe_b64encode(zlib.compress(json.dumps(content).encode())).decode()


HOSTILE = ["x", "é", "%00", packed("text"), packed([]), packed({}), packed([["a"]]), packed(["x"] * 9), "A" * 7000]


@pytest.mark.usefixtures("source")
async def test_what_is_no_cursor_is_told_so(client: httpx.AsyncClient) -> None:
    at = f"/features/{MODEL}/{SOURCE}"
    good = (await client.get(at, params={"limit": 1, "sort": "density"})).json()["nextCursor"]
    question, *_ = json.loads(zlib.decompress(_unpadded(good)))
    wrong = [
        packed([question, *parts])
        for parts in (
            ["", 1e300, 1],
            ["", 0.5, -1],
            ["", 0.5, True],
            ["=\ud800", 0.5, 1],
            ["=\x00", 0.5, 1],
            [1, 2, 3],
        )
    ]
    for cursor in (*HOSTILE, *wrong):
        answer = await client.get(at, params={"sort": "density", "cursor": cursor})
        assert assert_problem(answer, 400)["field"] == "cursor", cursor
    far = packed([question, "", 0.5, 2**62])
    assert (await client.get(at, params={"sort": "density", "cursor": far})).status_code == 200
    other = await client.get(at, params={"sort": "index", "cursor": good})
    assert "of another list" in assert_problem(other, 400)["message"]


def _unpadded(cursor: str) -> bytes:
    return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
