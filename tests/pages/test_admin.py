"""The admin page tells what is so, and nothing that is nobody's business."""

from __future__ import annotations

from typing import Any

import pytest

from memicos_app.components.admin_state import ShelfState
from memicos_app.library import jobs
from memicos_app.library.accounts.person import VISITOR, set_person
from memicos_app.library.datasets import standing
from memicos_app.pages.admin import AdminState, database_facts, inference_facts, settings_in_force
from memicos_app.settings import Settings, get_settings
from tests.api import dataset
from tests.pages.conftest import state_of


async def shelf() -> ShelfState:
    """The list as the page shows it once it is read."""
    state = await state_of(ShelfState)
    state._take(await standing.standings())
    return state


async def test_database_and_versions(imported: str) -> None:
    admin = await state_of(AdminState)
    await AdminState.load.fn(admin)
    facts = dict(admin.database)
    assert facts["kind"] == "DATABASE_URL"
    assert facts["pgvector"] >= "0.8"
    assert dict(admin.versions)["torch"].startswith("2.13")
    assert imported not in str(admin.dict())


async def test_facts_name_indexes_with_vectors(imported: str) -> None:
    names = [name for name, _ in await database_facts()]
    assert "connections" in names
    assert not [name for name in names if name.startswith("building")]


async def test_a_worker_that_is_not_there(imported: str) -> None:
    assert dict(await inference_facts())["detail"]


def test_settings_are_shown_on_this_machine_only() -> None:
    assert [row["name"] for row in settings_in_force(Settings(host="127.0.0.1"))][:2] == ["HOST", "PORT"]
    assert settings_in_force(Settings(host="0.0.0.0")) == []


async def test_the_imported_source_is_listed_with_its_verbs(imported: str) -> None:
    state = await shelf()
    (row,) = [row for each in state.sets for row in each["rows"] if row["source"] == dataset.SOURCE]
    assert row["state"] == "complete"
    assert "delete" in row["verbs"]
    ShelfState.filter.fn(state, "no such thing")
    assert (state.sets, state.narrowed) == ([], True)
    ShelfState.filter.fn(state, "")
    ShelfState.choose.fn(state, "away")
    assert dataset.SOURCE not in str(state.sets)


async def test_verbs_become_jobs(imported: str) -> None:
    state = await shelf()
    await ShelfState.act.fn(state, "verify", dataset.MODEL, dataset.SOURCE, "")
    (asked,) = await jobs.jobs(kind="verify")
    assert (asked.subject, asked.arguments) == (
        f"{dataset.MODEL}/{dataset.SOURCE}",
        {"model": dataset.MODEL, "source": dataset.SOURCE},
    )
    await ShelfState.act.fn(state, "cancel", dataset.MODEL, dataset.SOURCE, str(asked.id))
    assert (await jobs.job(asked.id)).state == "cancelled"


async def test_deleting_is_asked_about_first(imported: str) -> None:
    state = await shelf()
    await ShelfState.act.fn(state, "delete", dataset.MODEL, dataset.SOURCE, "")
    assert state.asking == f"{dataset.MODEL}/{dataset.SOURCE}"
    assert await jobs.jobs(kind="delete_source") == []
    await ShelfState.delete.fn(state)
    (asked,) = await jobs.jobs(kind="delete_source")
    await jobs.cancel(asked.id)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("act", ("verify", dataset.MODEL, dataset.SOURCE, "")),
        ("act", ("verify", "no", "such", "")),
        ("act", ("cancel", dataset.MODEL, dataset.SOURCE, "99999999")),
        ("act", ("drop table", dataset.MODEL, dataset.SOURCE, "")),
        ("download_all", (dataset.MODEL, "res-4k")),
        ("look_through", ("file:///etc",)),
        ("delete", ()),
    ],
)
async def test_nobody_else_may(imported: str, monkeypatch: pytest.MonkeyPatch, event: str, arguments: Any) -> None:
    """On a site that others reach no handler does anything, whatever it is called with."""
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    set_person(VISITOR)
    before = len(await jobs.jobs())
    state = await shelf()
    state.asking = f"{dataset.MODEL}/{dataset.SOURCE}"
    toast = await getattr(ShelfState, event).fn(state, *arguments)
    assert "Sign in" in str(toast)
    assert len(await jobs.jobs()) == before


async def test_names_that_are_not_there_do_nothing(imported: str) -> None:
    before = len(await jobs.jobs())
    state = await shelf()
    for verb, model, source, job in (
        ("verify", "no", "such", ""),
        ("drop table", dataset.MODEL, dataset.SOURCE, ""),
        ("pause", dataset.MODEL, dataset.SOURCE, "not a number"),
        ("pause", dataset.MODEL, dataset.SOURCE, "99999999"),
    ):
        await ShelfState.act.fn(state, verb, model, source, job)
    await ShelfState.look_through.fn(state, "s3://somebody-elses")
    assert len(await jobs.jobs()) == before
