"""What an address compares: two sources or two features, also pasted as URLs; everything else says what is wrong."""

from __future__ import annotations

import pytest

from memicos_app.components.compare_address import Compared, compare_path, plain
from memicos_app.components.compare_sources import MOST_ROWS, chosen
from memicos_app.components.overlay_plot import overlay
from memicos_app.library.errors import BadInputError
from memicos_app.library.source_comparison import Overlaid, Pair


def test_the_address_is_read_as_it_was_written() -> None:
    asked = Compared("m/15-a/1", "m/7-a/2", "sun & moon")
    assert asked.address == "/compare?a=m/15-a/1&b=m/7-a/2&defaulttesttext=sun+%26+moon"
    assert Compared.of({"a": "m/15-a/1", "b": "m/7-a/2", "defaulttesttext": "sun & moon"}) == asked
    assert Compared().address == "/compare"
    assert compare_path("m/s") == "/compare?a=m/s"


@pytest.mark.parametrize("typed", ["m/15-a/1", " /m/15-a/1/ ", "http://site.example:3000/m/15-a/1?x=1#y"])
def test_addresses_may_be_pasted(typed: str) -> None:
    assert plain(typed) == "m/15-a/1"


@pytest.mark.parametrize(
    ("a", "b", "kind"), [("m/s", "m/t", "sources"), ("m/s/1", "o/t/2", "features"), ("m/s", "", ""), ("", "m/s", "")]
)
def test_kinds(a: str, b: str, kind: str) -> None:
    assert Compared(a, b).kind == kind


@pytest.mark.parametrize(
    ("a", "b", "field"), [("m/s", "m/t/1", "b"), ("m", "m/t", "a"), ("m/s/x", "m/s/1", "a"), ("m/s/1", "m/s/-1", "b")]
)
def test_what_cannot_be_compared_names_its_side(a: str, b: str, field: str) -> None:
    with pytest.raises(BadInputError) as caught:
        _ = Compared(a, b).kind
    assert caught.value.field == field


def test_both_are_drawn_with_what_each_place_says() -> None:
    drawn = overlay(Overlaid("density", [0.001, 0.01, 0.1], [0.5, 0.5], [1.0, 0.0]))
    assert drawn.words == ["0.100 % – 1.000 %: A 50 %, B 100 %", "1.000 % – 10 %: A 50 %, B 0 %"]
    assert drawn.bars.count("M") == 2
    assert drawn.line.startswith("M")


def test_the_pairs_that_are_listed() -> None:
    pairs = [Pair(n, n, 1 - n / 1000, True) for n in range(1000)]
    assert [one.first for one in chosen(pairs, "alike")] == list(range(MOST_ROWS))
    assert chosen(pairs, "unlike")[0].first == 999
    between = chosen(pairs, "between")
    assert len(between) == MOST_ROWS
    assert between[0].cosine > 0.7 > between[-1].cosine
