"""A row that somebody changed, lost or added is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.db import session
from memicos_app.library import explanations
from memicos_app.library.datasets import sums
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.datasets.verify import VerifyReport, verify_source
from memicos_app.library.errors import BadInputError, NotFoundError
from tests.conftest import settle
from tests.library.datasets.drill import rich_folder
from tests.library.datasets.folder import MODEL, SOURCE


@pytest.fixture(scope="module")
def source(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = rich_folder(tmp_path_factory.mktemp("origin"))
    settle(import_source(folder.origin, MODEL, SOURCE))


def said(report: VerifyReport) -> list[str]:
    return [str(one) for one in report.differences]


async def test_untouched(source: None) -> None:
    report = await verify_source(MODEL, SOURCE)
    assert report.ok
    assert (report.n_files, said(report), report.missing) == (8, [], [])
    assert report.n_rows > 80 + 80 + 60 + 60


@pytest.mark.parametrize("one", sums.SUMMED, ids=lambda one: one.name)
async def test_sums_of_a_generation_that_nobody_counted_yet(source: None, one: sums.Summed) -> None:
    """The planner takes it for empty; comparing all features with all would take hours for a large source."""
    async with session.raw_connection() as connection:
        found = await connection.execute(
            f"EXPLAIN {one.select}".encode(), {"g": 9999, "low": -(2**31), "high": 2**31 - 1}
        )
        plan = [line for (line,) in await found.fetchall()]
    if one.name != "explanation_embeddings":
        assert not [line for line in plan if "Nested Loop" in line]


@pytest.mark.parametrize(
    ("change", "undo", "found"),
    [
        (
            "UPDATE features SET density = density + 1e-6 WHERE index = 7",
            "UPDATE features SET density = 0.0125 WHERE index = 7",
            "features: the row of 7 was changed",
        ),
        (
            "UPDATE features SET positive_tokens = '{x}' WHERE index = 70",
            "UPDATE features SET positive_tokens = (SELECT positive_tokens FROM features LIMIT 1) WHERE index = 70",
            "features: the row of 70 was changed",
        ),
        (
            "UPDATE feature_examples SET block = set_byte(block, 40, get_byte(block, 40) # 1) WHERE index = 11",
            "UPDATE feature_examples SET block = set_byte(block, 40, get_byte(block, 40) # 1) WHERE index = 11",
            "feature_examples: the row of 11 was changed",
        ),
        (
            "UPDATE explanations SET notes = 'lies' WHERE index = 3",
            "UPDATE explanations SET notes = NULL WHERE index = 3",
            "explanations: the row of 3 was changed",
        ),
        (
            "UPDATE sequence_chunks SET chunk = 900 WHERE chunk = 1",
            "UPDATE sequence_chunks SET chunk = 1 WHERE chunk = 900",
            "sequence_chunks: the row of 1 was lost",
        ),
        (
            "INSERT INTO features (generation_id, index) SELECT current_generation, 5000 FROM sources",
            "DELETE FROM features WHERE index = 5000",
            "features: the row of 5000 was added",
        ),
    ],
)
async def test_tampered_rows_are_named(source: None, change: str, undo: str, found: str) -> None:
    await execute(change)
    try:
        report = await verify_source(MODEL, SOURCE)
    finally:
        await execute(undo)
    assert not report.ok
    assert found in said(report)
    assert (await verify_source(MODEL, SOURCE)).ok, "undone, it is as it was"


async def test_counts_that_do_not_agree_are_told(source: None) -> None:
    await execute("CREATE TABLE kept AS SELECT * FROM features WHERE index = 9; DELETE FROM features WHERE index = 9")
    try:
        report = await verify_source(MODEL, SOURCE)
    finally:
        await execute("INSERT INTO features SELECT * FROM kept; DROP TABLE kept")
    assert said(report) == ["features: the row of 9 was lost"]
    assert report.missing == ["of 80 rows of features/ the database holds 79"]


async def test_what_is_made_here_is_no_difference(source: None) -> None:
    await explanations.write_top_tokens(MODEL, SOURCE)
    await execute(
        "INSERT INTO explanations (id, model_id, source_id, index, description) "
        f"VALUES ('mine', '{MODEL}', '{SOURCE}', 1, 'made here')"
    )
    assert said(await verify_source(MODEL, SOURCE)) == []


async def test_what_cannot_be_verified(database: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        await verify_source(MODEL, SOURCE)
    await import_source(rich_folder(tmp_path).origin, MODEL, SOURCE)
    await execute("UPDATE source_generations SET verdict = ''")
    with pytest.raises(BadInputError, match="import it again"):
        await verify_source(MODEL, SOURCE)


async def execute(statement: str) -> None:
    async with session.raw_connection() as connection:
        await connection.execute(statement.encode())
