"""Features to begin with are explained ones, and the panel on the home page always finds some."""

from __future__ import annotations

import pytest

from memicos_app.db import session
from memicos_app.library import showcase
from memicos_app.library.datasets.importing import import_source
from tests.api import dataset
from tests.conftest import settle


@pytest.fixture(scope="module")
def imported(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    origin = dataset.make(tmp_path_factory.mktemp("origin"))
    settle(import_source(origin, dataset.MODEL, dataset.SOURCE))
    settle(session.dispose())
    return module_database


async def test_features_of_the_source_with_their_explanations(imported: str) -> None:
    hits = await showcase.showcase(dataset.MODEL, dataset.SOURCE, 2)
    assert len(hits) == 2
    assert all(hit.explanation and hit.index in dataset.INDICES for hit in hits)


async def test_tried_ones_come_first(imported: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showcase, "TRIED", {(dataset.MODEL, dataset.SOURCE): (4000, 999_999, 10)})
    hits = await showcase.showcase(dataset.MODEL, dataset.SOURCE)
    assert [hit.index for hit in hits] == [4000, 10, 0]


async def test_a_source_that_is_not_here_has_none(imported: str) -> None:
    assert await showcase.showcase("no-model", "0-none") == []


async def test_a_random_row_is_a_row_of_its_list(imported: str) -> None:
    drawn = await showcase.random_row()
    assert drawn is not None
    model_id, source_id, row = drawn
    assert (model_id, source_id) == (dataset.MODEL, dataset.SOURCE)
    assert row.index in dataset.INDICES
    assert row.tokens
