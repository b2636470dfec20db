"""Lists: made, changed by their owner alone, in order, each feature once, seen by whom they are for."""

from __future__ import annotations

import asyncio
import csv
import io
import json

import pytest

from memicos_app.library.accounts.person import VISITOR, Person
from memicos_app.library.errors import BadInputError, ForbiddenError, LibraryError, NotFoundError, SignInError
from memicos_app.library.lists import files, keeping, reading
from memicos_app.library.quick_lists import Entry, FeatureAddress
from tests.library.datasets.folder import MODEL, SOURCE
from tests.people import ANN, BOB, EVE, done_for

pytestmark = pytest.mark.usefixtures("peopled")
AT = [FeatureAddress(MODEL, SOURCE, index) for index in range(5)]
GONE = FeatureAddress(MODEL, SOURCE, 77)


async def made(*indices: int, visibility: str = "public", who: Person = ANN) -> str:
    with done_for(who):
        one = await keeping.make(
            "Animals", "of all kinds", visibility=visibility, features=[Entry(AT[n]) for n in indices]
        )
    return one.id


async def order(list_id: str) -> list[int]:
    return [one.address.index for one in (await reading.entries(list_id)).entries]


async def test_a_list_keeps_what_it_was_given() -> None:
    with done_for(ANN):
        one = await keeping.make(
            " <b>Cats</b>\n \x00 ", "why\nso", "a cat", features=[Entry(AT[2], " note "), Entry(AT[0]), Entry(AT[2])]
        )
        assert (one.name, one.description, one.test_text) == ("<b>Cats</b> \x00", "why\nso", "a cat")
        assert (one.visibility, one.n_entries, one.creator_name, one.mine) == ("public", 2, "ann", True)
        entries = (await reading.entries(one.id)).entries
        assert [(each.address, each.note) for each in entries] == [(AT[2], "note"), (AT[0], "")]
        changed = await keeping.update(one.id, name="Dogs", visibility="private")
        assert (changed.name, changed.description, changed.visibility) == ("Dogs", "why\nso", "private")
        assert [each.id for each in await reading.mine()] == [one.id]
        await keeping.delete(one.id)
        with pytest.raises(NotFoundError):
            await reading.get(one.id)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \n"),
        ("name", "n" * 101),
        ("description", "d" * 2001),
        ("test_text", "t" * 501),
        ("visibility", "secret"),
    ],
)
async def test_limits_name_their_field(field: str, value: str) -> None:
    one = await made()
    with done_for(ANN):
        for wrong in (keeping.make(**{"name": "n", field: value}), keeping.update(one, **{field: value})):
            with pytest.raises(BadInputError) as refused:
                await wrong
            assert refused.value.field == field


async def test_features_that_are_not_here_and_long_notes_are_refused_whole() -> None:
    one = await made()
    with done_for(ANN):
        with pytest.raises(NotFoundError, match="77"):
            await keeping.add(one, [Entry(AT[0]), Entry(GONE)])
        with pytest.raises(BadInputError):
            await keeping.add(one, [Entry(AT[0], "n" * 501)])
        assert await order(one) == []
        with pytest.raises(NotFoundError):
            await keeping.note(one, AT[0], "not in it")
        with pytest.raises(NotFoundError):
            await keeping.remove(one, AT[0])


async def test_entries_move_where_they_are_told() -> None:
    one = await made(0, 1, 2, 3)
    with done_for(ANN):
        await keeping.move(one, AT[3], AT[1])
        assert await order(one) == [0, 3, 1, 2]
        await keeping.move(one, AT[0], None)
        assert await order(one) == [3, 1, 2, 0]
        await keeping.move(one, AT[1], AT[1])
        await keeping.remove(one, AT[2])
        assert await keeping.add(one, [Entry(AT[2]), Entry(AT[3])]) == [AT[2]]
        assert await order(one) == [3, 1, 0, 2]
        with pytest.raises(NotFoundError):
            await keeping.move(one, AT[0], AT[4])


async def test_twenty_at_once_add_each_feature_once_and_no_place_twice() -> None:
    one = await made()
    with done_for(ANN):
        added = await asyncio.gather(*(keeping.add(one, [Entry(AT[n % 5])]) for n in range(20)))
        assert sorted(at.index for some in added for at in some) == [0, 1, 2, 3, 4]
        entries = (await reading.entries(one)).entries
        assert sorted(each.position for each in entries) == [0, 1, 2, 3, 4]


async def test_a_long_list_is_read_in_parts() -> None:
    one = await made(0, 1, 2, 3, 4)
    first = await reading.entries(one, limit=2)
    assert first.next is not None
    second = await reading.entries(one, after=first.next, limit=2)
    assert second.next is not None
    last = await reading.entries(one, after=second.next, limit=2)
    parts = [*first.entries, *second.entries, *last.entries]
    assert ([each.address.index for each in parts], last.next) == ([0, 1, 2, 3, 4], None)


@pytest.mark.parametrize(("who", "error"), [(BOB, ForbiddenError), (VISITOR, SignInError)])
async def test_only_the_owner_and_an_administrator_change_a_list(who: Person, error: type[LibraryError]) -> None:
    one = await made(0, 1)
    with done_for(who):
        for change in (
            keeping.update(one, name="mine"),
            keeping.delete(one),
            keeping.add(one, [Entry(AT[2])]),
            keeping.remove(one, AT[0]),
            keeping.note(one, AT[0], "x"),
            keeping.move(one, AT[0], None),
        ):
            with pytest.raises(error):
                await change
        assert not (await reading.get(one)).mine
        assert await order(one) == [0, 1]
    with done_for(EVE):
        await keeping.note(one, AT[0], "by the administrator")


async def test_who_sees_a_list() -> None:
    ids = {visibility: await made(0, visibility=visibility) for visibility in ("public", "unlisted", "private")}
    listed = {ANN: 3, EVE: 3, BOB: 1, VISITOR: 1}
    for who, n in listed.items():
        with done_for(who):
            assert len(await reading.of_person("ann")) == n
            assert len(await reading.holding(AT[0])) == n
            await reading.get(ids["unlisted"])
            if n == 1:
                with pytest.raises(NotFoundError):
                    await reading.entries(ids["private"])
                with pytest.raises((NotFoundError, SignInError)):
                    await keeping.update(ids["private"], name="mine")


async def test_files_say_what_the_list_holds() -> None:
    with done_for(ANN):
        one = await keeping.make("Cats", features=[Entry(AT[0], "=1+1, \ud800"), Entry(AT[1])])
        whole = json.loads(await files.as_json(one.id))
        assert whole["features"][0]["description"] == "=1+1, \ud800"
        assert [each["index"] for each in whole["features"]] == [0, 1]
        lines = list(csv.DictReader(io.StringIO(await files.as_csv(one.id))))
    assert (lines[0]["note"], lines[0]["explanation"]) == ("'=1+1, \\ud800", "'=pets")
    assert lines[1]["address"] == f"/{AT[1]}"
