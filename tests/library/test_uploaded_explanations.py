"""What is done once features were uploaded, also while more come."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from memicos_app.db.session import session
from memicos_app.library import features, jobs, uploaded_explanations
from memicos_app.library.query import run_in
from tests.library.datasets.folder import MODEL, SOURCE
from tests.library.test_uploads import announced, one, put


async def explained(index: int) -> list[str]:
    return [said.type_name for said in (await features.feature(MODEL, SOURCE, index)).explanations]


async def test_what_comes_meanwhile_is_explained_too(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await announced()
    await put(one(1))
    later = [one(2)]

    async def embed(*_names: str, **_more: Any) -> int:
        if later:
            await put(later.pop())
        return 0

    monkeypatch.setattr(uploaded_explanations, "embed_explanations", embed)
    assert await uploaded_explanations.settle(MODEL, SOURCE) == 2
    assert await explained(1) == await explained(2) == ["top-tokens"]


async def test_where_somebody_explained_top_tokens_keep_silent(database: str) -> None:
    await announced()
    await put(one(1, "said by somebody"), one(2))
    assert await uploaded_explanations.settle(MODEL, SOURCE, embed=False) == 0
    assert await explained(2) == []


async def test_a_job_that_runs_already_is_followed_by_another(database: str) -> None:
    await announced()
    await uploaded_explanations.settle_later(MODEL, SOURCE)
    (first,) = await jobs.jobs()
    await set_state(first.id, "running")
    for _ in range(3):
        await uploaded_explanations.settle_later(MODEL, SOURCE)
    assert [one.id for one in await jobs.jobs()] == [first.id]
    await set_state(first.id, "done")
    async with asyncio.timeout(20):
        while len(await jobs.jobs()) < 2:
            await asyncio.sleep(0.1)
    assert {one.state for one in await jobs.jobs()} == {"done", "waiting"}


async def set_state(job_id: int, state: str) -> None:
    async with session() as writer:
        await run_in(writer, "UPDATE jobs SET state = :state WHERE id = :id", state=state, id=job_id)
        await writer.commit()
