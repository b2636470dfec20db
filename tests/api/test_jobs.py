"""Jobs over the API: for the owner on this machine, as numbers and moments, steered by verbs."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from memicos_app.library import jobs
from memicos_app.settings import get_settings
from tests.api.test_problems import assert_problem

pytestmark = pytest.mark.usefixtures("module_database")


async def asked(subject: str) -> int:
    return (await jobs.ask("embed", {"model": "m"}, title="<b>Embed</b>", subject=subject)).id


async def test_a_job_is_listed_read_and_steered(client: httpx.AsyncClient) -> None:
    number = await asked("m/one")
    listed = (await client.get("/jobs", params={"state": "waiting", "subject": "m/one"})).json()["jobs"]
    assert [one["id"] for one in listed] == [number]
    one = (await client.get(f"/jobs/{number}")).json()
    assert (one["title"], one["state"], one["verbs"]) == ("<b>Embed</b>", "waiting", ["pause", "cancel"])
    assert (one["total"], one["share"], one["etaSeconds"], one["wish"], one["error"]) == (None,) * 5
    assert datetime.fromisoformat(one["createdAt"]).tzinfo is not None
    assert [line["text"] for line in one["log"]] == ["asked for"]
    assert (await client.post(f"/jobs/{number}/pause")).json()["state"] == "paused"
    after = {"after": one["log"][-1]["id"]}
    assert [line["text"] for line in (await client.get(f"/jobs/{number}", params=after)).json()["log"]] == ["paused"]
    assert (await client.post(f"/jobs/{number}/resume/")).json()["state"] == "waiting"
    assert (await client.post(f"/jobs/{number}/cancel")).json()["state"] == "cancelled"
    assert assert_problem(await client.post(f"/jobs/{number}/pause"), 409)["field"] == "id"


@pytest.mark.parametrize(
    ("address", "status", "field"),
    [
        ("/jobs/999999", 404, "id"),
        ("/jobs/0", 400, "id"),
        ("/jobs/9999999999999999999999", 400, "id"),
        ("/jobs/x", 400, "id"),
        ("/jobs?state=gone", 400, "state.0"),
        ("/jobs?limit=1000", 400, "limit"),
    ],
)
async def test_what_cannot_be_right_is_said(client: httpx.AsyncClient, address: str, status: int, field: str) -> None:
    assert assert_problem(await client.get(address), status)["field"] == field


async def test_an_unknown_verb_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"/jobs/{await asked('m/verb')}/dance")
    assert assert_problem(answer, 400)["field"] == "verb"


async def test_only_the_owner_and_no_other_site(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    number = await asked("m/owner")
    elsewhere = {"origin": "https://elsewhere.example"}
    assert_problem(await client.get("/jobs", headers=elsewhere), 403)
    assert_problem(await client.post(f"/jobs/{number}/cancel", headers=elsewhere), 403)
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    try:
        for address in ("/jobs", f"/jobs/{number}"):
            assert_problem(await client.get(address), 401)
        assert_problem(await client.post(f"/jobs/{number}/cancel"), 401)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert (await jobs.job(number)).state == "waiting"
