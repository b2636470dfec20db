"""Answers that come late for a box in which somebody goes on typing."""

from __future__ import annotations

import pytest

from memicos_app.components.typed import followed


@pytest.mark.parametrize(
    ("typed", "shown", "left", "elsewhere"),
    [
        ([""], "", [""], False),
        (["", "her"], "her", ["her"], False),
        (["", "her", "herself"], "her", ["her", "herself"], False),
        (["her", "herself"], "herself", ["herself"], False),
        (["her"], "", [""], True),
        (["her", "hers"], "a link's words", ["a link's words"], True),
    ],
)
def test_only_what_came_from_elsewhere_goes_into_the_box(
    typed: list[str], shown: str, left: list[str], elsewhere: bool
) -> None:
    assert followed(typed, shown) == (left, elsewhere)
