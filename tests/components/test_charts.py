"""Drawings of histograms: proportions, rare bars, colours, words."""

from __future__ import annotations

import re

import pytest

from memicos_app.components.charts import HEIGHT, WIDTH, draw


def heights(path: str) -> list[float]:
    return [float(tall) for tall in re.findall(r"v-([\d.]+)", path)]


def test_bars_are_in_proportion_and_fill_the_drawing() -> None:
    drawing = draw([1, 2, 3, 4], [10, 5, 0, 1000])
    assert heights(drawing.bars)[-1] == HEIGHT
    starts = [float(x) for x in re.findall(r"M([\d.]+)", drawing.bars)]
    assert starts == sorted(starts)
    assert starts[-1] < WIDTH


def test_an_empty_bar_is_not_drawn_and_a_rare_one_is_visible() -> None:
    drawing = draw([1, 2, 3], [1e6, 1, 0])
    assert heights(drawing.bars) == [HEIGHT, 1]


def test_negative_values_have_a_path_of_their_own() -> None:
    drawing = draw([-1, 1], [2, 2], signed=True)
    assert heights(drawing.bars) == heights(drawing.negative) == [HEIGHT]
    assert draw([-1, 1], [2, 2]).negative == ""


def test_every_bar_has_words() -> None:
    assert draw([1.5], [2000]).words == ["1.5: 2,000"]
    assert draw([1, 2], [3, 4], words=["a", "b"]).words == ["a", "b"]


@pytest.mark.parametrize(("values", "tall"), [([], []), ([1.0, 2.0], [0, 0])])
def test_nothing_to_draw(values: list[float], tall: list[float]) -> None:
    assert draw(values, tall).bars == ""


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="zip"):
        draw([1, 2], [1])
