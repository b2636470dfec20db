"""The address of a feature list says exactly what is shown, and nonsense in it falls back to the default."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memicos_app.components.list_address import SORTS, Asked, last_page

REQUESTS = st.builds(
    Asked,
    sort=st.sampled_from(SORTS),
    descending=st.booleans(),
    page=st.integers(1, 10**6),
    query=st.text(max_size=50).map(str.strip),
)


@given(REQUESTS)
def test_an_address_is_read_as_it_was_written(asked: Asked) -> None:
    address = asked.address("/model/source")
    assert Asked.of(dict(parse_qsl(urlsplit(address).query))) == asked


@given(st.dictionaries(st.sampled_from(["sort", "order", "page", "q"]), st.text(max_size=30)))
def test_nonsense_is_the_default(parameters: dict[str, str]) -> None:
    asked = Asked.of(parameters)
    assert asked.sort in SORTS
    assert asked.page >= 1


def test_the_plain_list_has_a_plain_address() -> None:
    assert Asked().address("/m/s") == "/m/s"


def test_a_column_sorts_the_useful_way_first_and_then_turns() -> None:
    by_density = Asked(page=4, query="sea").sorted_by("density")
    assert by_density == Asked("density", True, 1, "sea")
    assert by_density.sorted_by("density") == Asked("density", False, 1, "sea")
    assert Asked().sorted_by("index") == Asked("index", True)


def test_other_words_begin_at_the_first_page() -> None:
    assert Asked("density", True, 7, "a").holding(" b ") == Asked("density", True, 1, "b")


@pytest.mark.parametrize(("total", "page"), [(0, 1), (1, 1), (50, 1), (51, 2), (100_000, 2000)])
def test_last_page(total: int, page: int) -> None:
    assert last_page(total) == page
