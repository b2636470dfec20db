"""Bytes give back what went in: to the last bit where promised, within the stated error elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memicos_app.library import packing
from memicos_app.library.errors import BadInputError

FINITE = st.floats(allow_nan=False, allow_infinity=False)
STRENGTHS = st.floats(min_value=-1e4, max_value=1e4, allow_nan=False, allow_subnormal=True)


@settings(deadline=None)
@given(st.lists(FINITE, max_size=60))
def test_any_finite_number_is_within_the_stated_error(values: list[float]) -> None:
    array = np.asarray(values, np.float64)
    back = packing.unpack_floats(packing.pack_floats(array))
    assert (np.abs(back - array) <= packing.RELATIVE_ERROR * np.abs(array)).all()


@settings(deadline=None)
@given(st.lists(FINITE, max_size=60))
def test_exact_keeps_float32_precision(values: list[float]) -> None:
    array = np.asarray(values, np.float64)
    back = packing.unpack_floats(packing.pack_floats(array, exact=True))
    assert (np.abs(back - array) <= 2e-7 * np.abs(array)).all()


@settings(deadline=None)
@given(st.lists(st.integers(-(2**15) + 1, 2**15 - 1), max_size=60), st.sampled_from([0, 2, 3, 4]))
def test_short_decimals_come_back_to_the_last_bit(numbers: list[int], digits: int) -> None:
    array = np.asarray([number / 10**digits for number in numbers], np.float64)
    assert np.array_equal(packing.unpack_floats(packing.pack_floats(array)), array)


@settings(deadline=None)
@given(st.lists(st.integers(-8_000_000, 8_000_000), max_size=60), st.sampled_from([0, 2, 3, 4]))
def test_exact_keeps_longer_decimals_to_the_last_bit(numbers: list[int], digits: int) -> None:
    array = np.asarray([number / 10**digits for number in numbers], np.float64)
    assert np.array_equal(packing.unpack_floats(packing.pack_floats(array, exact=True)), array)


def test_bfloat16_values_come_back_to_the_last_bit() -> None:
    array = np.arange(1, 257) * 2.0**-9
    assert np.array_equal(packing.unpack_floats(packing.pack_floats(array)), array)


@settings(deadline=None)
@given(st.lists(STRENGTHS, min_size=1, max_size=40))
def test_zero_stays_zero_and_signs_stay(values: list[float]) -> None:
    back = packing.unpack_floats(packing.pack_floats(np.asarray(values)))
    assert np.array_equal(np.sign(back), np.sign(values))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_refused_with_its_place(bad: float) -> None:
    with pytest.raises(BadInputError, match=r"pos_values\[2\] is .*not a finite number") as caught:
        packing.pack_floats(np.asarray([1.0, 2.0, bad]), field="pos_values")
    assert caught.value.field == "pos_values"


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**40), max_size=50))
def test_whole_numbers(numbers: list[int]) -> None:
    assert packing.unpack_ints(packing.pack_ints(numbers), len(numbers)).tolist() == numbers


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(0, 400), st.integers(0, 2**24 - 1)), max_size=50))
def test_ranks(ranks: list[int]) -> None:
    packed = packing.pack_ranks(np.asarray(ranks, np.int64))
    assert packing.unpack_ranks(packed, len(ranks)).tolist() == ranks


@settings(deadline=None)
@given(st.lists(st.text(st.characters(), max_size=20), max_size=30))
def test_any_python_string(texts: list[str]) -> None:
    assert packing.unpack_texts(packing.pack_texts(texts)) == texts


def test_strings_that_break_others() -> None:
    texts = ["\x00", "\ud83d", "\udc00x", "👩‍👩‍👧", "", "\u2028", "\\u0000", " ", "\x7f\x80"]
    assert packing.unpack_texts(packing.pack_texts(texts)) == texts


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=9), st.integers(0, 2**30))
def test_parts_and_head(parts: list[bytes], head: int) -> None:
    assert packing.split(packing.join(parts, head=head)) == (head, parts)
