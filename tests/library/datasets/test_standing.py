"""How sources stand: away, half here, complete, newer upstream, with the job that works on them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from memicos_app.db import session
from memicos_app.library import jobs
from memicos_app.library.datasets import standing, upstream
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.standing import Standing
from memicos_app.library.errors import BadInputError
from memicos_app.library.query import run_in
from memicos_app.library.watch import Stopped, Unwatched
from memicos_app.settings import get_settings
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, feature
from tests.library.datasets.servers import web


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> Folder:
    """A source under the only configured origin, not imported."""
    made = Folder(tmp_path / "origin")
    made.batch("features/batch-0", [feature("0"), feature("1")])
    made.batch("activations/batch-0", [activation("0", ["a", "b"], [1.0, 2.0])])
    made.batch("activations/batch-1", [activation("1", ["a", "b"], [1.0, 2.0])])
    made.write()
    monkeypatch.setenv("DATASET_ORIGINS", str(made.origin))
    monkeypatch.setenv("SAE_DIR", str(tmp_path / "no-saes"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    get_settings.cache_clear()
    return made


async def only() -> Standing:
    (one,) = await standing.standings()
    (source,) = one.sources
    return source


class StopAfterFiles(Unwatched):
    """Stops at the checkpoint after so many."""

    def __init__(self, passes: int) -> None:
        self.passes = passes

    async def checkpoint(self) -> None:
        self.passes -= 1
        if self.passes < 0:
            raise Stopped


async def test_from_away_to_here_to_newer(folder: Folder) -> None:
    away = await only()
    assert (away.model_id, away.set_name, away.source_id, away.layer) == (MODEL, "res-tiny", SOURCE, 3)
    assert (away.state, away.origin) == ("away", str(folder.origin))
    assert away.size > 100
    await import_source(folder.origin, MODEL, SOURCE)
    here = await only()
    assert (here.state, here.n_features, here.missing, here.set_aside) == ("here", 2, (), 0)
    assert here.finished_at is not None
    changed = folder.path / "activations" / "batch-1.jsonl.gz"
    os.utime(changed, (1, 1))
    assert (await only()).state == "newer"
    await import_source(folder.origin, MODEL, SOURCE)
    assert (await only()).state == "here"


async def test_a_new_file_upstream_is_newer_but_a_card_is_not(folder: Folder) -> None:
    await import_source(folder.origin, MODEL, SOURCE)
    (folder.path / "model.jsonl").write_text(json.dumps({"id": MODEL, "displayName": "Other"}))
    assert (await only()).state == "here"
    folder.batch("explanations/batch-0", [])
    folder.write()
    assert (await only()).state == "newer"


async def test_an_import_that_stopped_says_how_far_it_came(folder: Folder) -> None:
    with pytest.raises(Stopped):
        await import_source(folder.origin, MODEL, SOURCE, watch=StopAfterFiles(2))
    half = await only()
    assert half.state == "unfinished"
    assert half.missing[0].endswith(" of 3 files")
    await import_source(folder.origin, MODEL, SOURCE)
    assert (await only()).state == "here"


class Looks(Unwatched):
    """Asks at every checkpoint how the source stands."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    async def checkpoint(self) -> None:
        self.seen.add((await only()).state)


async def test_while_an_import_runs_it_is_said_also_without_a_job(folder: Folder) -> None:
    looks = Looks()
    await import_source(folder.origin, MODEL, SOURCE, watch=looks)
    assert "importing" in looks.seen
    assert "unfinished" not in looks.seen


async def test_a_damaged_file_makes_it_incomplete(folder: Folder) -> None:
    file = folder.path / "activations" / "batch-1.jsonl.gz"
    file.write_bytes(file.read_bytes()[:-12])
    await import_source(folder.origin, MODEL, SOURCE)
    found = await only()
    assert found.state == "partly"
    assert "batch-1" in found.missing[0]


async def test_the_job_that_works_on_it_is_told(folder: Folder) -> None:
    asked = await jobs.ask("import", {}, title="Import it", subject=f"{MODEL}/{SOURCE}")
    found = await only()
    assert found.job is not None
    assert (found.job.id, found.job.state) == (asked.id, "waiting")
    await jobs.cancel(asked.id)
    assert (await only()).job is None


async def test_a_thousand_sources_of_a_listed_origin(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATASET_ORIGINS", "s3://far-away")
    get_settings.cache_clear()
    async with session.session() as writer:
        await run_in(
            writer,
            """
            INSERT INTO origin_sources (origin, model_id, source_id, n_objects, n_bytes, digest, objects)
            SELECT 's3://far-away', 'big', n % 26 || '-set-' || n / 26, 1, 1000, 'd' || n,
                jsonb_build_array(jsonb_build_array('features/batch-0.jsonl.gz', 1000, 'e' || n, NULL, '', ''))
            FROM generate_series(0, 1039) AS n
            """,
        )
        await writer.commit()
    sets = await standing.standings()
    assert (len(sets), sum(len(one.sources) for one in sets)) == (40, 1040)
    assert [one.layer for one in sets[0].sources] == list(range(26))
    (origin, _) = await upstream.origins(await upstream.offers())
    assert (origin.folder, origin.n_sources, origin.n_bytes) == (False, 1040, 1_040_000)


async def test_looking_through_an_origin(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    with web(folder.origin) as url:
        monkeypatch.setenv("DATASET_ORIGINS", url)
        get_settings.cache_clear()
        assert await standing.standings() == []
        assert await upstream.survey(url) == {"models": 1, "sources": 1}
    found = await only()
    assert (found.state, found.origin) == ("away", url)
    (origin, _) = await upstream.origins(await upstream.offers())
    assert (origin.n_models, origin.n_surveyed, origin.n_sources) == (1, 1, 1)
    assert origin.listed_at is not None


async def test_a_name_that_is_no_origin(database: str) -> None:
    with pytest.raises(BadInputError):
        await upstream.survey("ftp://example.org")
