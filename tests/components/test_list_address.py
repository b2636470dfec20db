"""The address of a feature list says exactly what is shown, and nonsense in it falls back to the default."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memicos_app.components.filter_address import filters_of, names_of, span_of
from memicos_app.components.list_address import SORTS, Asked, last_page
from memicos_app.library.feature_filters import OPEN, FeatureFilter, Span

SPANS = st.sampled_from([OPEN, Span(0.0, 1e-05), Span(None, 12.5), Span(3e-07), Span(-0.25, 0.123456789)])
NAMES = st.lists(st.sampled_from(["np_max-act", "a,b", "100 %", "é&=#", "%2C"]), unique=True).map(tuple)
FILTERS = st.builds(
    FeatureFilter,
    density=SPANS,
    max_activation=SPANS,
    score_type=st.just("recall, alt"),
    score=SPANS,
    types=NAMES,
    explainers=NAMES,
    explained=st.sampled_from([None, True, False]),
    live=st.sampled_from([None, True, False]),
)
REQUESTS = st.builds(
    Asked,
    sort=st.sampled_from(SORTS),
    descending=st.booleans(),
    page=st.integers(1, 10**6),
    query=st.text(max_size=50).map(str.strip),
    filters=FILTERS,
)


@given(REQUESTS)
def test_an_address_is_read_as_it_was_written(asked: Asked) -> None:
    address = asked.address("/model/source")
    assert Asked.of(dict(parse_qsl(urlsplit(address).query))) == asked


@given(st.dictionaries(st.sampled_from(["sort", "order", "page", "q", "density", "type"]), st.text(max_size=30)))
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


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0.001..0.5", Span(0.001, 0.5)),
        ("..3", Span(None, 3)),
        ("1e-05..", Span(1e-05)),
        ("..", OPEN),
        ("", OPEN),
        ("3", OPEN),
        ("5..1", OPEN),
        ("nan..1", OPEN),
        ("a..1", OPEN),
        ("1_0..", OPEN),
        ("inf..", OPEN),
    ],
)
def test_ranges_in_the_address(text: str, span: Span) -> None:
    assert span_of(text) == span


def test_a_score_needs_its_kind() -> None:
    assert filters_of({"score": "0.5..1"}) == FeatureFilter()
    assert names_of("a%2Cb,,c,a%2Cb") == ("a,b", "c")


def test_other_filters_begin_at_the_first_page_and_all_can_be_cleared() -> None:
    asked = Asked("density", True, 7, "a").narrowed(FeatureFilter(live=True))
    assert asked == Asked("density", True, 1, "a", FeatureFilter(live=True))
    assert asked.whole == FeatureFilter(query="a", live=True)
    assert asked.cleared() == Asked("density", True)
