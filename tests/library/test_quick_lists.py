"""Lists in addresses: every form that is understood, what is refused, and that what is written reads the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memicos_app.library.errors import BadInputError
from memicos_app.library.quick_lists import MOST, Entry, FeatureAddress, read, written

TEN = FeatureAddress("smollm2-135m-it", "15-res-4k", 10)
NAMES = st.sampled_from(["m", " ", "15-res-4k", "é\u202e\"'", "<b>", "12"])


@pytest.mark.parametrize(
    "member",
    [
        "smollm2-135m-it/15-res-4k/10",
        ["smollm2-135m-it", "15-res-4k", 10],
        {"modelId": "smollm2-135m-it", "layer": "15-res-4k", "index": "10"},
        {"modelId": "smollm2-135m-it", "source": "15-res-4k", "index": 10},
        {"modelId": "smollm2-135m-it", "sourceId": "15-res-4k", "index": 10, "description": "  "},
    ],
)
def test_every_form_names_the_same_feature(member: Any) -> None:
    assert read(json.dumps([member])) == [Entry(TEN)]


def test_a_bare_index_is_one_more_of_the_source_before() -> None:
    found = read('["m/1-a/5", 6, "7", {"modelId": "m", "layer": "2-a", "index": 1}, 2, 6]')
    assert [str(one.address) for one in found] == ["m/1-a/5", "m/1-a/6", "m/1-a/7", "m/2-a/1", "m/2-a/2", "m/2-a/6"]


def test_a_feature_stands_once() -> None:
    assert len(read('["m/1-a/5", 5, "m/1-a/5"]')) == 1
    assert read("") == read("[]") == []


def test_descriptions_are_kept() -> None:
    (one,) = read(json.dumps([{"modelId": "m", "layer": "s", "index": 1, "description": "<b>x</b> "}]))
    assert one.description == "<b>x</b>"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("nonsense", "features"),
        ("[" * 100_000, "features"),
        ("{}", "features"),
        ("[5]", "features.0"),
        ('["m/1-a/5", -1]', "features.1"),
        ('["m/1-a/5", true]', "features.1"),
        ('["m/1-a/x"]', "features.0"),
        ('["m/1-a/99999999999"]', "features.0"),
        ('["m/5"]', "features.0"),
        ('[{"layer": "s", "index": 1}]', "features.0.modelId"),
        ('[{"modelId": "a/b", "layer": "s", "index": 1}]', "features.0.modelId"),
        ('[{"modelId": "\\ud800", "layer": "s", "index": 1}]', "features.0.modelId"),
        ('[{"modelId": "m", "index": 1}]', "features.0.layer"),
        ('[{"modelId": "m", "layer": "s"}]', "features.0.index"),
        ('[{"modelId": "m", "layer": "s", "index": 1, "description": 7}]', "features.0.description"),
        (json.dumps(["m/s/1", *range(MOST)]), "features"),
    ],
)
def test_what_names_no_list_is_refused_with_its_place(text: str, field: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(text)
    assert caught.value.field == field


@given(
    st.lists(
        st.builds(Entry, st.builds(FeatureAddress, NAMES, NAMES, st.integers(0, 2**31 - 1)), st.just("")), max_size=9
    )
)
def test_what_is_written_reads_the_same(entries: list[Entry]) -> None:
    once = list(dict.fromkeys(entries))
    assert read(written(once)) == once


def test_three_hundred_features_of_a_source_make_a_short_address() -> None:
    entries = [Entry(FeatureAddress("smollm2-135m-it", "15-res-4k", index)) for index in range(1000, 1000 + MOST)]
    assert len(written(entries)) < 1600
    assert read(written(entries)) == entries
