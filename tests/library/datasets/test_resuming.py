"""What a second import keeps of the first: the files that are there and the same, nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library import catalog, features
from memicos_app.library.datasets import ledger
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.origins import open_origin
from memicos_app.library.datasets.report import ImportReport
from memicos_app.library.datasets.states import newer, source_state
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.query import rows
from memicos_app.library.watch import Stopped, Unwatched
from tests.library.datasets.contents import contents, differences
from tests.library.datasets.drill import rich_folder
from tests.library.datasets.folder import MODEL, SOURCE, Folder, explanation, feature


class StopsAt(Unwatched):
    """Stops at the first checkpoint after so many told steps of a kind."""

    def __init__(self, step: str, times: int) -> None:
        self.step, self.times = step, times

    def tell(self, step: str, done: float, total: float, unit: str = "") -> None:
        self.times -= step == self.step

    async def checkpoint(self) -> None:
        if self.times <= 0:
            raise Stopped


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return rich_folder(tmp_path / "origin")


async def stopped_after(folder: Folder, step: str, times: int) -> None:
    with pytest.raises(Stopped):
        await import_source(folder.origin, MODEL, SOURCE, watch=StopsAt(step, times))


async def imported(folder: Folder, **more: Any) -> ImportReport:
    return await import_source(folder.origin, MODEL, SOURCE, **more)


async def test_stopped_anywhere_it_goes_on_to_the_same_rows(database: str, folder: Folder) -> None:
    await imported(folder)
    expected = await contents()
    for step, times, kept in (
        ("features", 1, 0),
        ("activations", 1, 2),
        ("activations", 5, 4),
        ("explanations", 3, 7),
    ):
        with pytest.raises(Stopped):
            await import_source(folder.origin, MODEL, SOURCE, watch=StopsAt(step, times), again=True)
        state = await source_state(MODEL, SOURCE)
        assert state.state == "complete", "what was there stays in sight"
        assert state.unfinished is not None
        assert (state.unfinished.files_done, state.unfinished.files, state.unfinished.running) == (kept, 8, False)
        report = await imported(folder, again=True)
        assert (report.n_kept, report.n_files) == (kept, 8 - kept)
        assert differences(expected, await contents()) == []


async def test_what_is_here_and_unchanged_is_left_alone(database: str, folder: Folder) -> None:
    await imported(folder)
    before = await rows("SELECT current_generation AS g FROM sources")
    report = await imported(folder)
    assert (report.unchanged, report.n_files, report.n_features, report.n_explanations) == (True, 0, 80, 60)
    assert report.problems.total == report.verdict.counts["set_aside"] == 17
    assert await rows("SELECT current_generation AS g FROM sources") == before


async def test_a_changed_object_is_imported_again(database: str, folder: Folder) -> None:
    await imported(folder)
    folder.batch("explanations/batch-1", [explanation(0, "new words")])
    folder.write()
    manifest = await open_origin(folder.origin).manifest(MODEL, SOURCE)
    assert "explanations/batch-1.jsonl.gz" in (await newer(MODEL, SOURCE, manifest)).changed
    report = await imported(folder)
    assert (report.unchanged, report.n_files, report.n_explanations) == (False, 8, 31)
    assert not await newer(MODEL, SOURCE, manifest)


async def test_a_file_that_changed_since_it_was_brought_in_begins_anew(database: str, folder: Folder) -> None:
    await stopped_after(folder, "activations", 3)
    file = folder.path / "features" / "batch-0.jsonl.gz"
    os.utime(file, (1, 1))
    report = await imported(folder)
    assert (report.n_kept, report.n_files) == (0, 8)
    assert (await rows("SELECT count(*) AS n FROM source_generations"))[0]["n"] == 1
    assert (await rows("SELECT count(*) AS n FROM features"))[0]["n"] == 80, "the first attempt is gone"


async def test_a_file_that_changed_before_it_was_brought_in_does_not(database: str, folder: Folder) -> None:
    await stopped_after(folder, "activations", 3)
    os.utime(folder.path / "explanations" / "batch-0.jsonl.gz", (1, 1))
    report = await imported(folder)
    assert (report.n_kept, report.n_files) == (3, 5)


async def test_a_damaged_file_does_not_replace_what_is_whole(database: str, folder: Folder) -> None:
    await imported(folder)
    file = folder.path / "activations" / "batch-2.jsonl.gz"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        BadInputError, match=r"What is here stays: activations/batch-2\.jsonl\.gz:\d+: the file is dam"
    ):
        await imported(folder)
    assert (await features.feature_list(MODEL, SOURCE)).total == 80
    file.write_bytes(whole)
    report = await imported(folder)
    assert (report.n_kept, report.n_files, report.verdict.word) == (4, 4, "complete")


async def test_a_damaged_file_of_a_first_import_is_named_and_read_again(database: str, folder: Folder) -> None:
    file = folder.path / "features" / "batch-1.jsonl.gz"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    report = await imported(folder)
    assert report.verdict.word == "incomplete"
    assert "features/batch-1.jsonl.gz is damaged" in report.verdict.missing[0]
    assert (await source_state(MODEL, SOURCE)).words.startswith("incomplete, features/batch-1.jsonl.gz is damaged")
    file.write_bytes(whole)
    assert (await imported(folder)).verdict.word == "complete"


async def test_counts_of_the_verdict(database: str, folder: Folder) -> None:
    counts = (await imported(folder)).verdict.counts
    listed = await rows("SELECT count(*) AS n, sum(n) AS examples FROM feature_examples")
    assert (counts["with_examples"], counts["examples"]) == (listed[0]["n"], listed[0]["examples"])
    assert (counts["features"], counts["without_examples"]) == (80, 80 - listed[0]["n"])
    assert (counts["explained"], counts["unexplained"], counts["files"]) == (60, 20, 8)
    assert counts["bytes"] > 10_000


async def test_parts(database: str, folder: Folder) -> None:
    report = await imported(folder, parts=["features"])
    assert (report.n_features, report.n_examples, report.n_explanations) == (80, 0, 0)
    report = await imported(folder, parts=["features", "explanations"])
    assert (report.n_features, report.n_examples, report.n_explanations) == (80, 0, 60)
    assert (await features.feature(MODEL, SOURCE, 3)).explanations[0].description == "says 3"
    report = await imported(folder)
    assert (report.n_features, report.n_explanations, report.unchanged) == (80, 60, False)
    assert report.n_examples > 500
    assert (await imported(folder, parts=["features"])).unchanged, "all of it is here"
    os.utime(folder.path / "features" / "batch-0.jsonl.gz", (1, 1))
    with pytest.raises(BadInputError, match="has activations and explanations here") as caught:
        await imported(folder, parts=["features"])
    assert caught.value.field == "parts"


async def test_explanations_alone(database: str, folder: Folder) -> None:
    with pytest.raises(BadInputError, match="no features here yet"):
        await imported(folder, parts=["explanations"])
    await imported(folder, parts=["features", "activations"])
    await stopped_after_alone(folder)
    report = await imported(folder, parts=["explanations"])
    assert (report.n_kept, report.n_files, report.n_explanations, report.verdict.word) == (1, 1, 60, "complete")
    assert (await catalog.source(MODEL, SOURCE)).source.n_explained == 60
    assert (await imported(folder)).unchanged, "now everything is here"
    folder.batch("explanations/batch-0", [explanation(2, "other words")])
    folder.write()
    report = await imported(folder, parts=["explanations"])
    assert report.n_explanations == 31
    assert [one.description for one in (await features.feature(MODEL, SOURCE, 2)).explanations] == ["other words"]
    assert (await rows("SELECT count(*) AS n FROM source_generations"))[0]["n"] == 1


async def stopped_after_alone(folder: Folder) -> None:
    with pytest.raises(Stopped):
        await imported(folder, parts=["explanations"], watch=StopsAt("explanations", 3))


@pytest.mark.parametrize("parts", [[], ["activations"], ["features", "vectors"], ["activations", "explanations"]])
async def test_parts_that_make_no_source(database: str, folder: Folder, parts: list[str]) -> None:
    with pytest.raises(BadInputError) as caught:
        await imported(folder, parts=parts)
    assert caught.value.field == "parts"


async def test_what_is_written_down_of_each_file(database: str, folder: Folder) -> None:
    await imported(folder)
    found = await rows("SELECT * FROM import_files ORDER BY place")
    assert [one["name"] for one in found][:3] == [
        "features/batch-0.jsonl.gz",
        "features/batch-1.jsonl.gz",
        "activations/batch-0.jsonl.gz",
    ]
    assert [one["content_hash"] for one in found] == [ledger.digest(folder.path / one["name"]) for one in found]
    assert (found[1]["rows"], found[1]["problems"], found[1]["state"]) == (40, 2, "done")
    assert all(one["new_tokens"] is None for one in found)
    with pytest.raises(NotFoundError):
        await import_source(folder.origin, MODEL, "9-none")


async def test_an_import_without_new_features_file(database: str, tmp_path: Path) -> None:
    """Empty files are files: they are brought in and promise nothing."""
    made = Folder(tmp_path)
    made.batch("features/batch-0", [feature(0)])
    made.batch("features/batch-1", [])
    made.batch("activations/batch-0", [])
    made.write()
    (made.path / "activations" / "batch-1.jsonl").write_bytes(b"")
    report = await import_source(made.origin, MODEL, SOURCE)
    assert (report.n_files, report.n_features, report.verdict.word, report.problems.total) == (4, 1, "complete", 0)
