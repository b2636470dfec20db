"""Examples as they are shown: intervals put right, duplicates folded, groups in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memicos_app.library.example_groups import default_strength, duplicates, example_groups, firing
from memicos_app.library.views import ActivationView

PUBLISHED = Path(__file__).parent / "data" / "saedashboard-feature-0.json"


def example(value: float, *, low: float = -1.0, high: float = 10.0, words: str = "", **more: Any) -> ActivationView:
    """An example whose strongest token is its last."""
    tokens = [*(words or f"w{value}").split(), " end"]
    values = [0.0] * (len(tokens) - 1) + [value]
    fields: dict[str, Any] = {
        "id": f"{low}-{value}-{words}",
        "tokens": tokens,
        "values": values,
        "max_value": value,
        "min_value": min(0.0, value),
        "max_value_token_index": len(tokens) - 1,
        "bin_min": low,
        "bin_max": high,
        "bin_contains": -1.0 if low == -1 else 0.01,
        "qualifying_token_index": None,
        "data_source": None,
    }
    return ActivationView(**{**fields, **more})


def shown(groups: list[Any]) -> list[tuple[str, list[float], int]]:
    return [(group.title, [one.max_value for one in group.examples], group.folded) for group in groups]


def test_the_top_group_comes_first_then_intervals_downwards_each_in_descending_order() -> None:
    rows = [
        example(1.0, low=0.0, high=2.0),
        example(5.0),
        example(3.0, low=2.0, high=4.0),
        example(7.0),
        example(3.5, low=2.0, high=4.0),
    ]
    assert shown(example_groups(rows)) == [
        ("Top activations", [7.0, 5.0], 0),
        ("2.000 – 4.000", [3.5, 3.0], 0),
        ("0.000 – 2.000", [1.0], 0),
    ]


def test_an_example_stronger_than_its_interval_moves_up_to_the_one_that_reaches_it() -> None:
    rows = [example(3.0, low=2.0, high=4.0), example(2.5, low=0.0, high=2.0), example(1.0, low=0.0, high=2.0)]
    groups = example_groups(rows)
    assert shown(groups) == [("2.000 – 4.000", [3.0, 2.5], 0), ("0.000 – 2.000", [1.0], 0)]
    assert {one.bin_min for one in groups[0].examples} == {2.0}


def test_an_example_beyond_every_interval_stays_in_the_highest() -> None:
    assert shown(example_groups([example(4.1, low=2.0, high=4.0)])) == [("2.000 – 4.000", [4.1], 0)]


def test_a_value_on_the_bound_belongs_below_it() -> None:
    rows = [example(2.0, low=0.0, high=2.0), example(3.0, low=2.0, high=4.0)]
    assert shown(example_groups(rows)) == [("2.000 – 4.000", [3.0], 0), ("0.000 – 2.000", [2.0], 0)]


def test_the_same_tokens_in_any_order_are_shown_once_where_they_are_strongest() -> None:
    rows = [
        example(7.0, words="a b"),
        example(6.0, words="b a"),
        example(5.0, low=4.0, high=6.0, words="a b"),
        example(4.5, low=4.0, high=6.0, words="a b c"),
    ]
    assert shown(example_groups(rows)) == [("Top activations", [7.0], 1), ("4.000 – 6.000", [4.5], 1)]
    assert shown(example_groups(rows, fold=False)) == [
        ("Top activations", [7.0, 6.0], 0),
        ("4.000 – 6.000", [5.0, 4.5], 0),
    ]


def test_an_interval_whose_examples_are_all_above_keeps_its_bounds_and_share() -> None:
    rows = [example(7.0, words="a"), example(7.0, low=4.0, high=8.0, words="a")]
    (_, interval) = example_groups(rows)
    assert (interval.low, interval.high, interval.share) == (4.0, 8.0, 0.01)
    assert (interval.examples, interval.folded) == ([], 1)


def test_what_does_not_fire_is_left_out() -> None:
    assert example_groups([example(0.0), example(-1.0, low=0.0, high=2.0)]) == []
    assert example_groups([]) == []


def test_attention_examples_need_their_attribution_at_the_peak() -> None:
    right = example(3.0, dfa_target_index=1, dfa_values=[0.1, 0.0])
    wrong = example(4.0, dfa_target_index=0, dfa_values=[0.1, 0.0])
    assert firing([right, wrong]) == [right]


def test_a_neuron_with_two_ends_is_shown_from_both_unfolded() -> None:
    rows = [
        example(2.0, words="a", data_source="top"),
        example(3.0, words="a", data_source="top"),
        example(-2.0, words="b", data_source="bottom"),
        example(-5.0, words="b", data_source="bottom"),
    ]
    assert shown(example_groups(rows)) == [
        ("Top activations", [3.0, 2.0], 0),
        ("Bottom activations", [-5.0, -2.0], 0),
    ]


def test_duplicates_are_gathered_in_the_order_they_came() -> None:
    a, b, c = example(3.0, words="x"), example(2.0, words="y"), example(1.0, words="x")
    assert duplicates([a, b, c]) == [[a, c], [b]]


@given(st.lists(st.tuples(st.floats(0.01, 9.99), st.sampled_from(["a", "b", "c"]), st.booleans()), max_size=30))
def test_folding_loses_no_example_and_counts_what_it_hides(drawn: list[tuple[float, str, bool]]) -> None:
    rows = [
        example(value, words=words)
        if top
        else example(value, low=value // 2 * 2, high=value // 2 * 2 + 2, words=words)
        for value, words, top in drawn
    ]
    folded, whole = example_groups(rows), example_groups(rows, fold=False)
    assert [group.title for group in folded] == [group.title for group in whole]
    assert sum(len(group.examples) + group.folded for group in folded) == len(rows)
    for group in whole:
        assert all(group.low is None or one.max_value <= group.high for one in group.examples)


def test_a_published_dashboard_is_grouped_without_repeating_itself() -> None:
    """A feature of gpt2-small that the public generator wrote: six windows come twice, its interval repeats three."""
    rows = [view(row) for row in json.loads(PUBLISHED.read_text(encoding="utf-8"))]
    groups = example_groups(rows)
    assert [(group.title, len(group.examples), group.folded) for group in groups] == [
        ("Top activations", 24, 6),
        ("1.771 – 2.214", 0, 3),
    ]


def view(row: dict[str, Any]) -> ActivationView:
    """A row of the public generator; only what grouping reads."""
    return example(
        row["max"], low=row["bin_min"], high=row["bin_max"], words=row["words"], bin_contains=row["bin_contains"]
    )


@pytest.mark.parametrize(
    ("maximum", "strength"), [(26.92, 80.76), (0.01, 0.25), (0.0, 0.25), (1 / 3, 1.0), (1234.5678, 3703.7)]
)
def test_steering_begins_at_three_times_the_maximum(maximum: float, strength: float) -> None:
    assert default_strength(maximum) == strength
