"""One shape for every failure, on every route, with the name of the field at fault."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from memicos_app.api import problems
from memicos_app.api.app import LARGEST_BODY, api, build
from memicos_app.library.errors import BadInputError, NotFoundError, UnavailableError
from memicos_app.settings import get_settings

ROUTES = [(path, method.upper()) for path, methods in api.openapi()["paths"].items() for method in methods]
POSTS = [path for path, method in ROUTES if method == "POST"]
NONSENSE: list[Any] = [None, [], "text", 5, {}, {"no such field": 1}, {"feature": 5, "customText": {}, "prompt": []}]
READS_NO_BODY = {path for path in POSTS if "requestBody" not in api.openapi()["paths"][path]["post"]}
READS_NO_BODY -= {"/jobs/{id}/{verb}", "/vector/list-owned", "/model/list"}
TAKES_NO_BODY = {"/jobs/{id}/{verb}"} | READS_NO_BODY
NEEDS_NO_BODY = {
    *(
        "/vector/list-owned",
        "/model/list",
        "/list/list",
        "/explanation/{id}/vote",
        "/features",
        "/user/bookmarks",
        "/user/edit",
    ),
}
SIGNS_IN = ("/auth/password", "/auth/link", "/auth/email")
"""There only where people sign in."""


def asks(path: str, body: Any) -> bool:
    """Whether a route must refuse a body; to some, an empty one is good."""
    return path not in READS_NO_BODY and (bool(body) or path not in NEEDS_NO_BODY)


def of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the site be one that people sign in to."""
    monkeypatch.setattr(get_settings(), "access", "open")


def filled(path: str) -> str:
    """An address of the route that leads nowhere."""
    return re.sub(r"\{index\}", "999999", re.sub(r"\{(model_id|source_id)\}", "none", path))


def assert_problem(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """The answer is a failure in the one shape and tells nothing of the server's insides."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert set(body) <= {"error", "message", "field"}
    assert body["error"] in {*problems.CODES.values(), "internal"}
    assert body["message"].endswith(".")
    assert "Traceback" not in answer.text
    assert "File " not in answer.text
    return body


def test_the_table_of_routes_is_not_empty() -> None:
    assert len(ROUTES) >= 8


@pytest.mark.parametrize(("path", "method"), ROUTES)
async def test_a_wrong_method_on_every_route(client: httpx.AsyncClient, path: str, method: str) -> None:
    answer = await client.request("DELETE" if method != "DELETE" else "GET", filled(path))
    assert assert_problem(answer, 405)["error"] == "method_not_allowed"
    assert method in answer.headers["allow"]


@pytest.mark.parametrize("path", [path for path, method in ROUTES if "{model_id}" in path])
async def test_what_does_not_exist_on_every_route(
    client: httpx.AsyncClient, imported: str, no_worker: None, path: str
) -> None:
    assert_problem(await client.get(filled(path)), 404, 503)


@pytest.mark.parametrize(("path", "body"), [(path, body) for path in POSTS for body in NONSENSE if asks(path, body)])
async def test_nonsense_to_every_route(
    client: httpx.AsyncClient, path: str, body: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path in SIGNS_IN:
        of_several(monkeypatch)
    assert assert_problem(await client.post(path, json=body), 400)["error"] == "bad_input"


@pytest.mark.parametrize("path", [path for path in POSTS if path not in TAKES_NO_BODY])
async def test_a_body_that_is_no_json(client: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if path in SIGNS_IN:
        of_several(monkeypatch)
    answer = await client.post(path, content=b'{"prompt": ', headers={"content-type": "application/json"})
    assert "not valid JSON" in assert_problem(answer, 400)["message"]
    answer = await client.post(path, content=b"{}", headers={"content-type": "text/plain"})
    assert "application/json" in assert_problem(answer, 415)["message"]


@pytest.mark.parametrize("path", ["/", "/nothing", "/feature", "/feature/a/b", "/steer/more", "/openapi", "/docs/x"])
async def test_unknown_addresses(client: httpx.AsyncClient, path: str) -> None:
    assert assert_problem(await client.get(path), 404)["error"] == "not_found"


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_slash_at_the_end_makes_no_difference(client: httpx.AsyncClient, slash: str) -> None:
    assert (await client.get(f"/health{slash}")).json() == {"status": "ok"}
    assert_problem(await client.post(f"/steer{slash}", json={}), 400)


async def test_large_bodies_are_refused_announced_or_not(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_BODY // 65536 + 2):
            yield b" " * 65536

    headers = {"content-type": "application/json"}
    for content in (b" " * (LARGEST_BODY + 1), pieces()):
        answer = await client.post("/steer", content=content, headers=headers)
        assert assert_problem(answer, 413)["error"] == "too_large"


async def test_the_database_being_down_is_503(
    client: httpx.AsyncClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    get_settings.cache_clear()
    answer = await client.get("/feature/a/b/1")
    assert assert_problem(answer, 503)["error"] == "unavailable"
    assert int(answer.headers["retry-after"]) >= 1


FAILURES = [
    (BadInputError("It is wrong.", field="prompt"), 400, {"error": "bad_input", "field": "prompt"}),
    (NotFoundError("There is none."), 404, {"error": "not_found"}),
    (UnavailableError("Later.", retry_after=2.4), 503, {"error": "unavailable"}),
    (UnavailableError("Later."), 503, {"error": "unavailable"}),
    (ZeroDivisionError("the secret is 42"), 500, {"error": "internal"}),
]


@pytest.mark.parametrize(("failure", "status", "expected"), FAILURES)
async def test_failures_of_the_library_and_faults(
    failure: Exception, status: int, expected: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    broken = build()

    @broken.get("/broken")
    async def route() -> None:
        raise failure

    transport = httpx.ASGITransport(broken, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://site") as client:
        answer = await client.get("/broken")
    body = assert_problem(answer, status)
    assert {name: body[name] for name in expected} == expected
    assert ("retry-after" in answer.headers) == (status == 503)
    assert "secret" not in answer.text
    assert ("the secret is 42" in caplog.text) == (status == 500)


async def test_openapi_tells_the_shape_of_errors(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert set(document["components"]["schemas"]["Problem"]["properties"]) == {
        "error",
        "message",
        "field",
        "requestId",
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            assert {"4XX", "5XX"} <= set(operation["responses"])


@pytest.mark.parametrize(
    ("location", "field"),
    [
        (("features", 0, "strength"), "features.0.strength"),
        (("customText", "str"), "customText"),
        (("customText", "list[constrained-str]", 3), "customText.3"),
        ((), ""),
    ],
)
def test_paths_name_fields_and_not_branches(location: tuple[str | int, ...], field: str) -> None:
    assert problems.path(location) == field


def test_fields_of_the_library_become_those_of_the_request() -> None:
    with pytest.raises(BadInputError) as caught, problems.fields_renamed({"source_id": "layer"}):
        raise BadInputError("No.", field="features.0.source_id")
    assert caught.value.field == "features.0.layer"
