"""Indices in a line."""

from __future__ import annotations

import pytest

from memicos_app.library.errors import BadInputError
from memicos_app.library.indices import MOST, indices_of


@pytest.mark.parametrize(
    ("text", "expected"), [("3", [3]), ("0-2,9", [0, 1, 2, 9]), (" 9, 1-2 1", [1, 2, 9]), ("5-5", [5])]
)
def test_numbers_and_ranges(text: str, expected: list[int]) -> None:
    assert indices_of(text) == expected


@pytest.mark.parametrize("text", ["", ",", "a", "-1", "1-", "2-1", "1.5", "0-99999999", "4294967296", "١"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        indices_of(text, field="which")
    assert caught.value.field == "which"


def test_not_more_than_can_be_meant() -> None:
    assert len(indices_of(f"0-{MOST - 1}")) == MOST
    with pytest.raises(BadInputError):
        indices_of(f"0-{MOST - 1},{MOST + 1}")
