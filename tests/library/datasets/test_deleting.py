"""A deleted source is gone at once, slice by slice, and what people wrote here stays unless told otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.db import session
from memicos_app.library import catalog, features
from memicos_app.library.datasets import generations, removal
from memicos_app.library.datasets.deleting import delete_source
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.states import source_state
from memicos_app.library.errors import NotFoundError, UnavailableError
from memicos_app.library.query import rows
from memicos_app.library.watch import Stopped, Unwatched
from tests.library.datasets.drill import rich_folder
from tests.library.datasets.folder import MODEL, SOURCE, Folder

FILLED = (
    "features",
    "feature_labels",
    "feature_examples",
    "sequence_chunks",
    "explanations",
    "explanation_embeddings",
    "import_files",
    "import_problems",
    "import_sums",
    "source_generations",
)


@pytest.fixture
async def folder(database: str, tmp_path: Path) -> Folder:
    made = rich_folder(tmp_path / "origin")
    await import_source(made.origin, MODEL, SOURCE)
    return made


async def left() -> dict[str, int]:
    counts = {name: (await rows(f"SELECT count(*) AS n FROM {name}"))[0]["n"] for name in FILLED}
    return {name: count for name, count in counts.items() if count}


async def write_by_hand() -> None:
    async with session.raw_connection() as connection:
        await connection.execute(
            "INSERT INTO explanations (id, model_id, source_id, index, description, type_name) "
            f"VALUES ('mine', '{MODEL}', '{SOURCE}', 1, 'made here', 'written-by-hand')"
        )


async def test_nothing_is_left(folder: Folder) -> None:
    report = await delete_source(MODEL, SOURCE)
    assert (report.n_features, report.n_kept) == (80, 0)
    assert await left() == {}
    assert await rows("SELECT id FROM sources UNION ALL SELECT name FROM source_sets") == []
    assert (await catalog.model(MODEL)).n_sources == 0, "models stay"
    assert (await source_state(MODEL, SOURCE)).state == "not here"
    with pytest.raises(NotFoundError):
        await delete_source(MODEL, SOURCE)


async def test_what_was_written_here_stays_and_shows_again(folder: Folder) -> None:
    await write_by_hand()
    assert (await delete_source(MODEL, SOURCE)).n_kept == 1
    assert await left() == {"explanations": 1}
    assert (await source_state(MODEL, SOURCE)).state == "not here"
    with pytest.raises(NotFoundError, match="has no dashboards here yet"):
        await features.feature(MODEL, SOURCE, 1)
    await import_source(folder.origin, MODEL, SOURCE)
    view = await features.feature(MODEL, SOURCE, 1)
    assert [one.description for one in view.explanations] == ["made here", "says 1"]


async def test_everything(folder: Folder) -> None:
    await write_by_hand()
    assert (await delete_source(MODEL, SOURCE, everything=True)).n_kept == 0
    assert await left() == {}


async def test_stopped_it_is_out_of_sight_and_goes_on(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient(Unwatched):
        turns = 3

        async def checkpoint(self) -> None:
            self.turns -= 1
            if not self.turns:
                raise Stopped

    monkeypatch.setattr(removal, "SLICE", 10)
    with pytest.raises(Stopped):
        await delete_source(MODEL, SOURCE, watch=Impatient())
    assert (await features.feature_list(MODEL, SOURCE)).total == 0
    assert (await left())["features"] == 80
    await delete_source(MODEL, SOURCE)
    assert await left() == {}


async def test_not_while_it_is_imported(folder: Folder) -> None:
    async with generations.importing(MODEL, SOURCE):
        with pytest.raises(UnavailableError):
            await delete_source(MODEL, SOURCE)
    assert (await features.feature_list(MODEL, SOURCE)).total == 80
