"""Uploaded features: whole or not at all, beside each other and beside imports, and kept by a re-sync."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from memicos_app.db.session import raw_connection, session
from memicos_app.library import catalog, features, registration, uploads
from memicos_app.library.datasets import sums
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.layout import ActivationLine, FeatureLine
from memicos_app.library.datasets.verify import verify_source
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.query import row, rows, run_in
from memicos_app.library.uploads import Explained, Outcome, Upload
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature

TEXTS = [([" a", "\x00", "\ud83d"], [0.0, 1.5, 0.25]), ([" b", " c", "<b>"], [3.0, 0.0, 0.5])]


def one(index: int, *said: str, texts: Any = TEXTS, **more: Any) -> Upload:
    """A feature to upload."""
    line = FeatureLine.model_validate({**feature(index), "maxActApprox": None, **more})
    lines = [ActivationLine.model_validate(activation(index, *text)) for text in texts]
    return Upload(line, lines, [Explained(text, "somebodys-method", "some-model") for text in said])


async def announced() -> None:
    """The source, without data."""
    async with session() as writer:
        await registration.ensure_source(writer, MODEL, SOURCE)
        await writer.commit()


async def put(*some: Upload, replace: bool = False) -> Outcome:
    return await uploads.upload(MODEL, SOURCE, some, replace=replace)


async def indices() -> list[int]:
    return [found.index for found in (await features.feature_list(MODEL, SOURCE, limit=500)).rows]


async def test_a_feature_reads_as_it_was_sent(database: str) -> None:
    await announced()
    outcome = await put(one(7, "about <b>"), one(2))
    assert (outcome.created, outcome.skipped, outcome.dead, outcome.problems) == ([7, 2], [], [], [])
    view = await features.feature(MODEL, SOURCE, 7)
    assert [shown.tokens for shown in view.activations] == [tokens for tokens, _ in reversed(TEXTS)]
    assert [shown.values for shown in view.activations] == [values for _, values in reversed(TEXTS)]
    assert (view.max_activation, view.density) == (3.0, 0.0125)
    assert (view.positive_tokens, view.negative_tokens) == ([" yes", "!"], [" no"])
    said = view.explanations[0]
    assert (said.description, said.type_name, said.model_name) == ("about <b>", "somebodys-method", "some-model")
    detail = await catalog.source(MODEL, SOURCE)
    assert (detail.source.state, detail.source.n_dashboards, detail.source.n_explained) == ("ready", 2, 1)
    assert (detail.source.n_features, sum(detail.density.heights), len(detail.density.values)) == (8, 2, 50)
    assert detail.max_activation.heights[25] == 2


async def test_the_overview_is_that_of_an_import(database: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    many = [{"maxActApprox": 0.5 + n, "frac_nonzero": 0.001 * (n + 1)} for n in range(20)]
    folder.batch("features/batch-0", [feature(n, **numbers) for n, numbers in enumerate(many)])
    folder.batch("activations/batch-0", [activation(n, [" a"], [0.5 + n]) for n in range(20)])
    await import_source(folder.write(), MODEL, SOURCE)
    before = await catalog.source(MODEL, SOURCE)
    await put(*(one(n, **numbers) for n, numbers in enumerate(many)), replace=True)
    after = await catalog.source(MODEL, SOURCE)
    assert after.density.heights == before.density.heights
    assert after.density.values == pytest.approx(before.density.values, abs=1e-4)
    assert after.max_activation.heights == before.max_activation.heights
    assert after.max_activation.values == pytest.approx(before.max_activation.values, abs=1e-3)


async def test_what_is_there_is_replaced_only_when_asked(database: str) -> None:
    await announced()
    await put(one(1, "first"))
    outcome = await put(one(1, "second"), one(2, "other"))
    assert (outcome.created, outcome.skipped) == ([2], [1])
    assert [said.description for said in (await features.feature(MODEL, SOURCE, 1)).explanations] == ["first"]
    outcome = await put(one(1, "second", texts=TEXTS[:1]), replace=True)
    assert (outcome.created, outcome.replaced, outcome.skipped) == ([], [1], [])
    view = await features.feature(MODEL, SOURCE, 1)
    assert [said.description for said in view.explanations] == ["second"]
    assert len(view.activations) == 1
    assert (await catalog.source(MODEL, SOURCE)).source.n_dashboards == 2


async def test_dead_features_are_left_out_and_listed(database: str) -> None:
    await announced()
    silent = [([" a"], [0.0])]
    assert (await put(one(5, texts=silent))).dead == [5]
    assert (await catalog.source(MODEL, SOURCE)).source.state != "ready"
    outcome = await put(one(4), one(9, texts=silent))
    assert (outcome.created, outcome.dead) == ([4], [9])
    detail = await catalog.source(MODEL, SOURCE)
    assert (detail.source.n_features, detail.skipped) == (10, 9)


async def test_all_or_nothing(database: str) -> None:
    await announced()
    with pytest.raises(BadInputError, match="comes twice") as raised:
        await put(one(1), one(1))
    assert raised.value.field == "features.1.index"
    with pytest.raises(NotFoundError, match="make it first"):
        await uploads.upload(MODEL, "9-none", [one(1)])
    assert await rows("SELECT * FROM source_generations") == []


async def test_uploads_at_once(database: str) -> None:
    await announced()
    batches = [[one(index, f"about {index}") for index in range(start, start + 9)] for start in range(0, 64, 8)]
    done = await asyncio.gather(*(put(*batch) for batch in batches))
    assert sorted(index for outcome in done for index in outcome.created) == list(range(65))
    assert await indices() == list(range(65))
    found = await row("SELECT count(*) AS n, min(n_features) AS features FROM source_generations")
    assert found == {"n": 1, "features": 65}
    assert (await catalog.source(MODEL, SOURCE)).source.n_explained == 65


async def test_readers_see_a_batch_whole_or_not_at_all(database: str) -> None:
    await announced()
    seen = set()

    async def watch() -> None:
        while len(await indices()) < 60:
            seen.add(len(await indices()))

    async def send() -> None:
        for start in range(0, 60, 20):
            await put(*(one(index) for index in range(start, start + 20)))

    await asyncio.wait_for(asyncio.gather(watch(), send()), 60)
    assert seen <= {0, 20, 40, 60}


async def test_a_re_sync_keeps_uploads_that_the_dataset_lacks(database: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.batch("features/batch-0", [feature(0), feature(1)])
    folder.batch("activations/batch-0", [activation(0, [" dog"], [1.0]), activation(1, [" cat"], [1.0])])
    folder.batch("explanations/batch-0", [explanation(0, "of the dataset")])
    await import_source(folder.write(), MODEL, SOURCE)
    await put(one(1, "mine of 1"), one(6, "mine of 6"), replace=True)
    await import_source(tmp_path, MODEL, SOURCE, again=True)
    assert await indices() == [0, 1, 6]
    view = await features.feature(MODEL, SOURCE, 6)
    assert [shown.values for shown in view.activations] == [values for _, values in reversed(TEXTS)]
    assert [said.description for said in view.explanations] == ["mine of 6"]
    assert [shown.tokens for shown in (await features.feature(MODEL, SOURCE, 1)).activations] == [[" cat"]]
    detail = await catalog.source(MODEL, SOURCE)
    assert (detail.source.n_dashboards, sum(detail.density.heights)) == (3, 3)
    assert len(await rows("SELECT * FROM source_generations")) == 1
    await import_source(tmp_path, MODEL, SOURCE, again=True)
    assert await indices() == [0, 1, 6], "as often as one likes"


async def test_uploads_beside_an_import(database: str, tmp_path: Path) -> None:
    """Whenever the import switches: before, between or after the uploads."""
    folder = Folder(tmp_path)
    folder.batch("features/batch-0", [feature(index) for index in range(40)])
    folder.batch("activations/batch-0", [activation(index, [" dog"], [1.0]) for index in range(40)])
    folder.write()
    await import_source(tmp_path, MODEL, SOURCE)

    async def send() -> None:
        for index in range(100, 130):
            await put(one(index))

    await asyncio.gather(import_source(tmp_path, MODEL, SOURCE, again=True), send())
    assert await indices() == [*range(40), *range(100, 130)]
    assert len(await rows("SELECT * FROM source_generations")) == 1


async def test_uploads_do_not_count_as_the_datasets(database: str, tmp_path: Path) -> None:
    """An import stays complete, and its sums hold, whatever is uploaded beside it or in place of its features."""
    folder = Folder(tmp_path)
    folder.batch("features/batch-0", [feature(0), feature(1)])
    folder.batch("activations/batch-0", [activation(index, [" dog"], [1.0]) for index in (0, 0, 1)])
    await import_source(folder.write(), MODEL, SOURCE)
    for _ in range(2):
        await put(one(1), one(6), replace=True)
    report = await import_source(tmp_path, MODEL, SOURCE)
    assert (report.unchanged, report.verdict.word, report.verdict.missing) == (True, "complete", [])
    assert await kept_sums() == await now_summed()
    assert (await verify_source(MODEL, SOURCE)).ok
    await import_source(tmp_path, MODEL, SOURCE, again=True)
    assert await kept_sums() == await now_summed()
    assert (await features.feature(MODEL, SOURCE, 1)).max_activation == 2.5, "as the dataset has it"


async def kept_sums() -> list[Any]:
    found = await rows("SELECT table_name, part, keys, hashes FROM import_sums ORDER BY table_name, part")
    return [tuple(map(str, (one["table_name"], one["part"], one["keys"], one["hashes"]))) for one in found]


async def now_summed() -> list[Any]:
    """What `import_sums` would hold if it were made now; it is left as it was."""
    current = await row("SELECT current_generation AS id FROM sources")
    assert current is not None
    async with raw_connection() as connection:
        await sums.record(connection, current["id"])
        found = await connection.execute(
            "SELECT table_name, part, keys, hashes FROM import_sums ORDER BY table_name, part"
        )
        summed = [tuple(map(str, one)) for one in await found.fetchall()]
        await connection.rollback()
    return summed


async def test_a_deleted_source_takes_its_uploads_along(database: str) -> None:
    await announced()
    await put(one(1, "said"))
    async with session() as writer:
        await run_in(writer, "DELETE FROM sources")
        await writer.commit()
    for table in ("features", "feature_examples", "explanations", "source_generations"):
        assert await rows(f"SELECT * FROM {table}") == []
