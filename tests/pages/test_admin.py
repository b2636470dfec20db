"""The status page tells what is so, and nothing that is nobody's business."""

from __future__ import annotations

from memicos_app.pages.admin import AdminState, inference_facts, site_facts
from memicos_app.settings import Settings
from tests.api import dataset
from tests.pages.conftest import state_of


async def test_database_and_sources(imported: str) -> None:
    admin = await state_of(AdminState)
    await AdminState.load.fn(admin)
    facts = dict(admin.database)
    assert facts["kind"] == "DATABASE_URL"
    assert facts["pgvector"] >= "0.8"
    assert [row["key"] for row in admin.rows if row["state"] == "browsable"] == [dataset.SOURCE]
    assert imported not in str(admin.dict())


async def test_a_worker_that_is_not_there(imported: str) -> None:
    admin = await state_of(AdminState)
    await AdminState.load.fn(admin)
    assert admin.inference == []
    assert dict(await inference_facts())["detail"]


def test_paths_are_shown_on_this_machine_only() -> None:
    assert dict(site_facts(Settings(host="127.0.0.1")))["data folder"]
    assert site_facts(Settings(host="localhost"))
    assert site_facts(Settings(host="0.0.0.0")) == []
