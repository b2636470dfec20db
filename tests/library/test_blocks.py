"""Examples survive their block in all three formats: tokens as they were, values within the stated error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memicos_app.library import blocks
from memicos_app.library.blocks import Example, Group
from memicos_app.library.errors import BadInputError
from memicos_app.library.packing import RELATIVE_ERROR, Floats

VALUES = st.one_of(st.just(0.0), st.floats(-100, 100, allow_nan=False), st.floats(0, 1e-6))
TOKEN = st.one_of(st.text(st.characters(), max_size=6), st.sampled_from(["\x00", "\ud800", "🙂", "</script>", ""]))
GROUPS = st.builds(
    Group,
    st.sampled_from([-1.0, 0.0, 0.5]),
    st.floats(0, 50, width=16),
    st.floats(0, 1, width=32),
    st.sampled_from([None, "top", "a corpus"]),
)


EXTRAS: list[dict[str, Any]] = [
    {},
    {"dfaValues": [0.5, -1.25], "dfaTargetIndex": 1},
    {"dataIndex": "14940"},
    {"dataIndex": "007", "lossValues": [None]},
    {"dataIndex": 5},
]


@st.composite
def stored(draw: st.DrawFn) -> tuple[Example, list[str]]:
    n = draw(st.integers(1, 12))
    values = draw(st.lists(VALUES, min_size=n, max_size=n))
    tokens = draw(st.lists(TOKEN, min_size=n, max_size=n))
    extra: dict[str, Any] = draw(st.sampled_from(EXTRAS))
    return blocks.example(values, draw(GROUPS), draw(st.one_of(st.none(), st.integers(-1, 11))), extra), tokens


def same(written: list[Example], block: blocks.Block) -> None:
    for one, other in zip(written, block.examples(), strict=True):
        assert (one.length, one.group.data_source, one.extra) == (other.length, other.group.data_source, other.extra)
        assert bounds(one) == pytest.approx(bounds(other), rel=2e-7), "as exact as float32"
        assert one.qualifying_token_index == other.qualifying_token_index
        before, after = dense(one), dense(other)
        assert (np.abs(before - after) <= RELATIVE_ERROR * np.abs(before)).all()
        assert after[other.peak] == other.max_value == after.max()
    assert block.values() == [dense(one).tolist() for one in block.examples()]
    assert block.maxima() == [one.max_value for one in block.examples()]
    assert block.peaks() == [one.peak for one in block.examples()]


def bounds(one: Example) -> list[float]:
    return [one.group.bin_min, one.group.bin_max, one.group.bin_contains]


def dense(one: Example) -> Floats:
    row = np.zeros(one.length)
    row[one.positions] = one.values
    return row


@settings(deadline=None)
@given(st.lists(stored(), max_size=8))
def test_inline(pairs: list[tuple[Example, list[str]]]) -> None:
    block = blocks.decode(blocks.encode_inline([one for one, _ in pairs], [tokens for _, tokens in pairs]))
    assert block.windows() == [tokens for _, tokens in pairs]
    same([one for one, _ in pairs], block)


@settings(deadline=None)
@given(st.lists(stored(), min_size=1, max_size=8), st.integers(0, 2**24))
def test_references(pairs: list[tuple[Example, list[str]]], first: int) -> None:
    numbers = [first + place * 7 for place in range(len(pairs))]
    block = blocks.decode(blocks.encode_references([one for one, _ in pairs], numbers))
    assert (block.format, block.sequences()) == (blocks.REFERENCES, numbers)
    same([one for one, _ in pairs], block)


@settings(deadline=None)
@given(st.lists(stored(), min_size=1, max_size=8))
def test_vocabulary_ids(pairs: list[tuple[Example, list[str]]]) -> None:
    windows = [np.arange(one.length) * 300 for one, _ in pairs]
    block = blocks.decode(blocks.encode_vocabulary_ids([one for one, _ in pairs], windows))
    assert [row.tolist() for row in block.token_ids()] == [row.tolist() for row in windows]
    same([one for one, _ in pairs], block)


def test_shared_sequences_and_vocabulary() -> None:
    windows = [np.asarray([5, 70_000, 0]), np.asarray([1]), np.arange(128)]
    assert [w.tolist() for w in blocks.decode_chunk(blocks.encode_chunk(windows))] == [w.tolist() for w in windows]
    words = ["\x00", " the", "\udfff", "🙂"]
    assert blocks.decode_vocabulary(blocks.encode_vocabulary(words)) == words


@pytest.mark.parametrize(
    ("values", "largest", "smallest", "peak"),
    [([-2.0, 0.0, -1.0], 0.0, -2.0, 1), ([0.0, 0.0], 0.0, 0.0, 0), ([-2.0, -1.0], -1.0, -2.0, 1)],
)
def test_peak_and_extremes_count_the_zeros(values: list[float], largest: float, smallest: float, peak: int) -> None:
    block = blocks.decode(blocks.encode_references([blocks.example(values, Group(0, 0, 0))] * 2, [0, 1]))
    assert (block.maxima(), block.minima(), block.peaks()) == ([largest] * 2, [smallest] * 2, [peak] * 2)


@pytest.mark.parametrize("extra", EXTRAS)
def test_further_columns(extra: dict[str, Any]) -> None:
    one = blocks.example([1.0, 0.0], Group(0, 0, 0), extra=extra)
    assert blocks.decode(blocks.encode_references([one, one], [3, 4])).extras == [extra, extra]


def test_a_bare_block_has_tokens_and_values_only() -> None:
    one = blocks.example([0.5, 2.0], Group(1, 2, 3))
    written = blocks.encode_inline([one], [["a", "b"]])
    bare, whole = blocks.decode(written, bare=True), blocks.decode(written)
    assert (bare.windows(), bare.values(), bare.strongest()) == (whole.windows(), whole.values(), whole.strongest())
    assert (bare.groups, bare.qualifying, bare.extras) == ([], [], [])
    assert whole.groups == [Group(1, 2, 3)]


def test_no_examples() -> None:
    block = blocks.decode(blocks.encode_inline([], []))
    assert (len(block), block.values(), block.windows(), block.maxima(), block.peaks()) == (0, [], [], [], [])


def test_a_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"values\[1\] is nan"):
        blocks.example([1.0, float("nan")], Group(0, 0, 0))


def test_tokens_and_values_must_be_as_many() -> None:
    with pytest.raises(BadInputError, match="Example 0 has 1 tokens and 2 values"):
        blocks.encode_inline([blocks.example([1.0, 2.0], Group(0, 0, 0))], [["a"]])


def test_the_strongest_value_of_a_small_block_is_not_worn_off() -> None:
    """Values far below the strongest keep their relative precision: float16 alone would make them 0."""
    values = [3.7654321e4, 1.2345678e-4, 9.87654321e-8]
    back = blocks.decode(blocks.encode_references([blocks.example(values, Group(0, 0, 0))], [0])).values()[0]
    assert back == pytest.approx(values, rel=RELATIVE_ERROR)
