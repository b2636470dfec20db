"""Explanations that people write: first in reading order, found by search, changed and deleted; votes that order."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.db.users import OWNER_ID
from memicos_app.library import explanations, features, own_explanations, votes
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.embedders import soon
from memicos_app.library.errors import BadInputError, ConflictError, LibraryError, NotFoundError
from memicos_app.library.query import row
from tests.library.datasets.folder import MODEL, SOURCE, Folder, activation, explanation, feature


@pytest.fixture
async def folder(database: str, tmp_path: Path) -> Folder:
    """A feature that a dataset explains twice."""
    made = Folder(tmp_path)
    made.batch("features/batch-0", [feature(0), feature(1)])
    made.batch("activations/batch-0", [activation(0, ["a", " cat"], [0, 3]), activation(1, ["x"], [1])])
    made.batch(
        "explanations/batch-0",
        [
            explanation(0, "pets", id="pets", typeName="auto", scoreV2=0.9),
            explanation(0, "cats", id="cats", typeName="auto", scoreV2=0.2),
        ],
    )
    await import_source(made.write(), MODEL, SOURCE)
    return made


async def told(index: int = 0) -> list[str]:
    return [one.description for one in await explanations.for_feature(MODEL, SOURCE, index)]


async def label(index: int) -> str:
    found = await row("SELECT description FROM feature_labels WHERE index = :index", index=index)
    return str(found["description"]) if found else ""


async def n_vectors() -> int:
    await soon.settled()
    found = await row(
        "SELECT count(*) AS n FROM explanation_embeddings AS e "
        "JOIN explanations AS x ON x.number = e.explanation_number WHERE x.generation_id IS NULL"
    )
    assert found is not None
    return int(found["n"])


async def test_own_words_come_first_and_stay_when_the_dataset_is_imported_again(folder: Folder) -> None:
    made = await own_explanations.write(MODEL, SOURCE, 0, "  <b>whiskers</b>\n and \x00 paws ")
    assert await told() == ["<b>whiskers</b> and \x00 paws", "pets", "cats"]
    one = (await explanations.for_feature(MODEL, SOURCE, 0))[0]
    assert (one.id, one.type_name, one.own, one.made_here) == (made, "written-by-hand", True, True)
    assert await label(0) == "<b>whiskers</b> and \ufdd00000 paws"
    assert await n_vectors() == 1
    await import_source(folder.write(), MODEL, SOURCE, again=True)
    assert await told() == ["<b>whiskers</b> and \x00 paws", "pets", "cats"]


async def test_other_words_in_their_place_have_another_vector(folder: Folder) -> None:
    made = await own_explanations.write(MODEL, SOURCE, 1, "solar power")
    assert await n_vectors() == 1
    before = await row(
        "SELECT embedding::text AS v FROM explanation_embeddings AS e ORDER BY explanation_number DESC"
    )
    await own_explanations.change(made, "court cases")
    assert (await told(1), await label(1)) == (["court cases"], "court cases")
    assert await n_vectors() == 1
    after = await row("SELECT embedding::text AS v FROM explanation_embeddings AS e ORDER BY explanation_number DESC")
    assert before != after
    await own_explanations.change(made, "court cases")
    await own_explanations.delete(made)
    assert (await told(1), await label(1), await n_vectors()) == ([], "", 0)


@pytest.mark.parametrize(
    ("source", "index", "text", "kind", "field"),
    [
        (SOURCE, 0, " \n ", BadInputError, "description"),
        (SOURCE, 0, "x" * 513, BadInputError, "description"),
        (SOURCE, 7, "nothing there", NotFoundError, "index"),
        ("9-none", 0, "nothing there", NotFoundError, "source_id"),
    ],
)
async def test_what_cannot_be_kept(
    folder: Folder, source: str, index: int, text: str, kind: type[LibraryError], field: str
) -> None:
    with pytest.raises(kind) as caught:
        await own_explanations.write(MODEL, source, index, text)
    assert caught.value.field == field


async def test_the_same_words_are_written_once(folder: Folder) -> None:
    first = await own_explanations.write(MODEL, SOURCE, 0, "animals")
    with pytest.raises(ConflictError, match="these very words"):
        await own_explanations.write(MODEL, SOURCE, 0, " animals")
    second = await own_explanations.write(MODEL, SOURCE, 0, "beasts")
    with pytest.raises(ConflictError, match="these very words"):
        await own_explanations.change(second, "animals")
    assert sorted(await told()) == ["animals", "beasts", "cats", "pets"]
    await own_explanations.delete(first)
    await own_explanations.change(second, "animals")


async def test_what_a_dataset_says_is_nobodys_to_change(folder: Folder) -> None:
    with pytest.raises(ConflictError, match="came with its dataset"):
        await own_explanations.delete("pets")
    with pytest.raises(ConflictError, match="by hand"):
        await own_explanations.change("pets", "dogs")
    with pytest.raises(NotFoundError):
        await own_explanations.delete("no such")
    assert await told() == ["pets", "cats"]


async def test_votes_go_before_scores_and_are_one_a_person(folder: Folder) -> None:
    assert await votes.vote("cats", OWNER_ID, 1) == 1
    assert await votes.vote("cats", OWNER_ID, 1) == 1
    assert (await told(), await label(0)) == (["cats", "pets"], "cats")
    assert [one.votes for one in await explanations.for_feature(MODEL, SOURCE, 0)] == [1, 0]
    await import_source(folder.write(), MODEL, SOURCE, again=True)
    assert await told() == ["cats", "pets"]
    assert await votes.vote("cats", OWNER_ID, -1) == -1
    assert await told() == ["pets", "cats"]
    assert await votes.withdraw("cats", OWNER_ID) == 0
    assert await votes.withdraw("cats", OWNER_ID) == 0
    found = await features.feature_list(MODEL, SOURCE)
    assert found.rows[0].explanation == "pets"


async def test_a_vote_is_for_or_against_something_that_is_there(folder: Folder) -> None:
    with pytest.raises(BadInputError) as caught:
        await votes.vote("cats", OWNER_ID, 2)
    assert caught.value.field == "points"
    with pytest.raises(NotFoundError):
        await votes.vote("no such", OWNER_ID, 1)
