"""The features nearest to an index that has none."""

from __future__ import annotations

import pytest

from memicos_app.library.neighbours import neighbours
from tests.api import dataset


@pytest.mark.parametrize(
    ("index", "near"), [(0, [10, 4000]), (7, [0, 10]), (10, [0, 4000]), (3000, [10, 4000]), (2**31 - 1, [10, 4000])]
)
async def test_the_nearest_on_either_side_in_order(imported: str, index: int, near: list[int]) -> None:
    found = await neighbours(dataset.MODEL, dataset.SOURCE, index, limit=2)
    assert [number for number, _ in found] == near
    assert [words for _, words in found] == [f"<b>feature {number}</b>" for number in near]


async def test_nothing_is_near_where_there_is_nothing(imported: str) -> None:
    assert await neighbours(dataset.MODEL, "99-none", 1) == []
    assert await neighbours("no-model", dataset.SOURCE, 1) == []
