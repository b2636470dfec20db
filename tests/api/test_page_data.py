"""Every page's address with `.json` at its end: its data, or a reason why it has none."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from reflex_base.registry import RegistrationContext
from starlette.applications import Starlette
from starlette.routing import Mount

from memicos_app.api.app import api
from memicos_app.library.lists import keeping
from memicos_app.memicos_app import PAGES
from memicos_app.site.front import Front, page_data
from tests.api import described
from tests.api.dataset import MODEL, SOURCE

TEXT = "The cat sat on the mat."
SIDES = {"first": TEXT, "second": "Prices rose in March."}
DATA: dict[str, tuple[str, dict[str, str], str]] = {
    "/": ("/index.json", {}, ""),
    "/[model_id]": (f"/{MODEL}.json", {}, "sourceSets"),
    "/[model_id]/[source_id]": (f"/{MODEL}/{SOURCE}.json", {}, "saelensConfig"),
    "/[model_id]/[source_id]/[index]": (f"/{MODEL}/{SOURCE}/10.json", {}, "activations"),
    "/[model_id]/[source_id]/map": (f"/{MODEL}/{SOURCE}/map.json", {}, "maps"),
    "/admin": ("/admin.json", {}, "database"),
    "/admin/activity": ("/admin/activity.json", {"action": "list"}, "lines"),
    "/admin/jobs": ("/admin/jobs.json", {"limit": "1"}, "jobs"),
    "/explanation-type/[type_name]": ("/explanation-type/np_max-act.json", {}, "recent"),
    "/list/[list_id]": ("/list/{list}.json", {}, "neurons"),
    "/quick-list": ("/quick-list.json", {"features": json.dumps([f"{MODEL}/{SOURCE}/10", 1])}, "neurons"),
    "/search": ("/search.json", {"q": TEXT, "modelId": MODEL}, "result"),
    "/search-contrast": ("/search-contrast.json", SIDES, "first"),
    "/search-explanations": ("/search-explanations.json", {"q": "feature", "modelId": MODEL}, "results"),
    "/search-topk-by-token": ("/search-topk-by-token.json", {"text": TEXT}, "results"),
    "/user/[user_name]": ("/user/{person}.json", {}, "bio"),
    "/user/[user_name]/lists": ("/user/{person}/lists.json", {}, "lists"),
    "/user/[user_name]/vectors": ("/user/{person}/vectors.json", {}, "vectors"),
}
"""By page: an address of its data, the parameters, and a field of the answer."""
NONE = {
    "/404": "it shows nothing",
    "/[model_id]/steer": "a form; what it made is read with POST /steer-load",
    "/account": "what is kept of a person is GET /user/export",
    "/admin/add": "a form",
    "/admin/explain": "a form; its job is at /admin/jobs/[number]",
    "/admin/jobs/[number]": "asked where there is a job, below",
    "/admin/presets": "what it changes is read with POST /steer/presets",
    "/admin/providers": "keys are shown on the page alone",
    "/admin/reports": "what people report is for the page of administrators alone",
    "/api-doc": "its data is /api/openapi.json",
    "/auth/email": "a form",
    "/compare": "two features, each with an address of its own",
    "/model/new": "a form",
    "/sae/new": "a form",
    "/score-type/[type_name]": "a score is read with GET /explanation/score/{id}",
    "/signin": "a form",
    "/unsubscribe": "a form",
    "/upload": "a form",
}


def test_every_page_is_in_a_table() -> None:
    assert PAGES
    routes = {str(about["route"]) for _, about in RegistrationContext.ensure_context().decorated_pages}
    assert routes == DATA.keys() | NONE.keys()
    assert not DATA.keys() & NONE.keys()


async def no_page(scope: Any, _receive: Any, send: Any) -> None:
    raise AssertionError(f"{scope['path']} is no page's data")


@pytest.fixture
def client() -> httpx.AsyncClient:
    """A client of the site's front, whose pages are not served."""
    front = Front(no_page, Starlette(routes=[Mount("/api", api)]))
    return httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://site.example")


@pytest.mark.usefixtures("imported", "worker")
async def test_pages_answer_their_data(client: httpx.AsyncClient) -> None:
    made = await keeping.make("mine")
    names = {"list": made.id, "person": made.creator_name}
    for address, query, field in DATA.values():
        path = address.format(**names)
        answer = await client.get(path, params=query)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        body = answer.json()
        assert isinstance(body, list) if not field else field in body, path
        where = httpx.URL(f"http://site.example{page_data(path).removeprefix('/api')}")
        answer.request.url = where
        await described.holds(answer)
    found = (await client.get("/search.json", params={"q": TEXT, "modelId": MODEL})).json()
    assert found["result"]
    assert (await client.get("/search-explanations.json", params={"q": "feature"})).json()["results"]
    listed = (await client.get(f"/user/{made.creator_name}/lists.json")).json()["lists"]
    assert [one["id"] for one in listed] == [made.id]
    log = (await client.get("/admin/activity.json", params={"action": "list"})).json()["lines"]
    assert [one["subject"] for one in log] == [f"/list/{made.id}"]


@pytest.mark.usefixtures("imported")
async def test_what_is_not_there_is_told_as_everywhere(client: httpx.AsyncClient) -> None:
    for path in ("/none.json", "/user/none.json", "/list/none.json", "/none/0-x.json", f"/{MODEL}/none.json"):
        assert (await client.get(path)).status_code == 404, path
    for path in ("/search", "/search-explanations", "/search-topk-by-token", "/search-contrast"):
        answer = await client.get(f"{path}.json")
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_input"), path
        assert answer.json()["field"] in ("q", "text", "first")
