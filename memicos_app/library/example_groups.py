"""The examples of a feature as they are shown: intervals put right, duplicates folded, grouped and in order.

Pure functions over `ActivationView`; pages and API use the same ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from memicos_app.library.views import ActivationView

STRENGTH_OF_MAXIMUM = 3.0
SMALLEST_STRENGTH = 0.25


@dataclass(frozen=True, slots=True)
class ExampleGroup:
    """Examples under one heading: the top group (`low` and `share` are None) or those of one interval."""

    title: str
    low: float | None
    high: float
    share: float | None
    """Share of all tokens whose activation lies in the interval, 0..1."""
    examples: list[ActivationView]
    folded: int
    """Duplicates that are not among `examples`."""


def default_strength(max_activation: float) -> float:
    """Steering strength to begin with: three times the largest activation, at least 0.25, two decimals."""
    return max(SMALLEST_STRENGTH, round(STRENGTH_OF_MAXIMUM * max_activation, 2))


def example_groups(activations: Sequence[ActivationView], *, fold: bool = True) -> list[ExampleGroup]:
    """Groups from the top activations down to the lowest interval, each in descending order.

    With `fold`, of examples that have the same tokens in any order only the strongest stays, so an interval
    does not repeat what the top group shows. Sources that rank both ends of a neuron (`data_source` `top` and
    `bottom`) come as two groups, unfolded.
    """
    if any(example.data_source in ("top", "bottom") for example in activations):
        return two_ended_groups(activations)
    shown = sorted(correct_intervals(firing(activations)), key=place)
    kept = [first for first, *_ in duplicates(shown)] if fold else shown
    return [interval_group(key, shown, kept) for key in dict.fromkeys(map(group_key, shown))]


def firing(activations: Iterable[ActivationView]) -> list[ActivationView]:
    """Examples that fire; of attention features only those whose attribution is for their own peak."""
    return [
        example
        for example in activations
        if example.max_value > 0
        and (example.dfa_target_index is None or example.dfa_target_index == example.max_value_token_index)
    ]


def correct_intervals(activations: Sequence[ActivationView]) -> list[ActivationView]:
    """Every example in the interval that holds its maximum.

    Published dashboards choose an example by one token of an interval although another token of the same window
    may be stronger: such an example moves up to the lowest interval of the list that reaches its maximum.
    """
    intervals = {example.bin_max: example for example in activations if not is_top(example)}
    bounds = sorted(intervals)
    return [moved(example, intervals, bounds) for example in activations]


def moved(example: ActivationView, intervals: dict[float, ActivationView], bounds: list[float]) -> ActivationView:
    if is_top(example) or example.max_value <= example.bin_max:
        return example
    right = intervals[next((bound for bound in bounds if bound >= example.max_value), bounds[-1])]
    return replace(example, bin_min=right.bin_min, bin_max=right.bin_max, bin_contains=right.bin_contains)


def duplicates(activations: Iterable[ActivationView]) -> list[list[ActivationView]]:
    """Examples gathered by their tokens in any order; the first of each list is the one to show."""
    same: dict[tuple[str, ...], list[ActivationView]] = {}
    for example in activations:
        same.setdefault(tuple(sorted(example.tokens)), []).append(example)
    return list(same.values())


def is_top(example: ActivationView) -> bool:
    return example.bin_min == -1


def place(example: ActivationView) -> tuple[bool, float, float]:
    """Sort key: the top group, then intervals from high to low, in each the strongest first."""
    return not is_top(example), 0.0 if is_top(example) else -example.bin_max, -example.max_value


def group_key(example: ActivationView) -> float | None:
    return None if is_top(example) else example.bin_max


def interval_group(key: float | None, shown: list[ActivationView], kept: list[ActivationView]) -> ExampleGroup:
    members = [example for example in shown if group_key(example) == key]
    examples = [example for example in kept if group_key(example) == key]
    strongest = max(example.max_value for example in members)
    if key is None:
        return ExampleGroup("Top activations", None, strongest, None, examples, len(members) - len(examples))
    low, share = members[0].bin_min, members[0].bin_contains
    return ExampleGroup(f"{low:.3f} – {key:.3f}", low, key, share, examples, len(members) - len(examples))


def two_ended_groups(activations: Sequence[ActivationView]) -> list[ExampleGroup]:
    """The most positive examples, high to low, then the most negative ones, low to high."""
    top = [example for example in activations if example.data_source != "bottom"]
    bottom = [example for example in activations if example.data_source == "bottom"]
    ends = [
        ("Top activations", sorted(top, key=lambda example: -example.max_value)),
        ("Bottom activations", sorted(bottom, key=lambda example: example.min_value)),
    ]
    return [
        ExampleGroup(title, None, max(example.max_value for example in examples), None, examples, 0)
        for title, examples in ends
        if examples
    ]
