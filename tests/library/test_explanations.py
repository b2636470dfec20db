"""Reading order, labels and counts that follow, and explanations from top tokens for a whole source."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.db import session
from memicos_app.library import catalog, explanations, features
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import NotFoundError
from memicos_app.library.query import rows, run_in
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature


@pytest.fixture
async def folder(database: str, tmp_path: Path) -> Folder:
    """Two live features and a dead one, imported."""
    made = Folder(tmp_path)
    made.batch(
        "features/batch-0",
        [feature(0, pos_str=[" meow", "\x00"]), feature(1, pos_str=[]), feature(2, maxActApprox=0)],
    )
    made.batch(
        "activations/batch-0",
        [
            activation(0, ["the", " cat", "."], [0, 3, 0]),
            activation(0, ["my", " Cat"], [0, 2]),
            activation(0, ["a", " dog"], [0, 1]),
            activation(0, ["never", " this"], [0, 0]),
            activation(1, ["<b>", "x"], [1, 0]),
        ],
    )
    await import_source(made.write(), MODEL, SOURCE)
    return made


async def descriptions(index: int) -> list[str]:
    return [one.description for one in await explanations.for_feature(MODEL, SOURCE, index)]


async def label(index: int) -> tuple[str, str]:
    found = await rows("SELECT description, type_name FROM feature_labels WHERE index = :index", index=index)
    return (found[0]["description"], found[0]["type_name"]) if found else ("", "")


async def test_top_tokens_of_every_live_feature(folder: Folder) -> None:
    assert await explanations.write_top_tokens(MODEL, SOURCE) == 2
    one = (await explanations.for_feature(MODEL, SOURCE, 0))[0]
    assert one.description == "Fires on “Cat”, “dog”; makes “meow”, U+0000 likelier.".replace("Cat", "cat")
    assert (one.type_name, one.type_display_name) == ("top-tokens", "Top tokens (no language model)")
    assert one.model_name is None, "no model had a part in it"
    assert await descriptions(1) == ["Fires on “<b>”."]
    assert await descriptions(2) == []
    detail = (await catalog.source(MODEL, SOURCE)).source
    assert (detail.n_explained, (await catalog.counts())["explanations"]) == (2, 2)


async def test_writing_them_again_replaces_them(folder: Folder) -> None:
    await explanations.write_top_tokens(MODEL, SOURCE)
    before = (await explanations.for_feature(MODEL, SOURCE, 0))[0].id
    assert await explanations.write_top_tokens(MODEL, SOURCE) == 2
    assert [one.id for one in await explanations.for_feature(MODEL, SOURCE, 0)] == [before], "the address stays"


async def test_reading_order(folder: Folder) -> None:
    folder.batch(
        "explanations/batch-0",
        [
            explanation(0, "unscored, old", typeName="auto", createdAt="2024-01-01T00:00:00Z"),
            explanation(0, "unscored, new", typeName="auto", createdAt="2025-01-01T00:00:00Z"),
            explanation(0, "scored low", typeName="auto", scoreV2=0.2),
            explanation(0, "scored high", typeName="auto", scoreV1=0.9),
            explanation(0, "by rule", typeName="top-tokens", createdAt="2026-01-01T00:00:00Z"),
            explanation(0, "by hand", typeName="written-by-hand", createdAt="2020-01-01T00:00:00Z"),
            explanation(0, "of no type", createdAt="2023-01-01T00:00:00Z"),
        ],
    )
    await import_source(folder.write(), MODEL, SOURCE)
    expected = ["by hand", "scored high", "scored low", "unscored, new", "unscored, old", "of no type", "by rule"]
    assert await descriptions(0) == expected
    assert await label(0) == ("by hand", "written-by-hand")


async def test_labels_and_counts_follow_a_change(folder: Folder) -> None:
    await explanations.write_top_tokens(MODEL, SOURCE)
    async with session.session() as writer:
        await run_in(
            writer,
            "INSERT INTO explanations (id, model_id, source_id, index, description, type_name) "
            "VALUES ('h', :model, :source, 1, 'Markup', 'written-by-hand')",
            model=MODEL,
            source=SOURCE,
        )
        await explanations.refresh_labels(writer, MODEL, SOURCE, indices=[1])
        await writer.commit()
    assert await label(1) == ("Markup", "written-by-hand")
    assert (await label(0))[1] == "top-tokens"
    found = await features.feature_list(MODEL, SOURCE, sort="explanation")
    assert [(one.index, one.explanation) for one in found.rows][1] == (1, "Markup")
    assert (await catalog.counts())["explanations"] == 3


async def test_a_source_that_is_not_imported(database: str) -> None:
    with pytest.raises(NotFoundError, match="is not imported"):
        await explanations.write_top_tokens("no", "where")
