"""The examples of a feature as packed rows in groups, ready for the token strip."""

from __future__ import annotations

from dataclasses import dataclass

from memicos_app.components.figures import share, value
from memicos_app.components.token_strip import SPECIAL, StripGroup, StripRow, pack
from memicos_app.library.example_groups import ExampleGroup, example_groups
from memicos_app.library.token_text import readable
from memicos_app.library.views import ActivationView, FeatureView


@dataclass(frozen=True, slots=True)
class ExampleDisplay:
    """The examples of a feature, packed and grouped."""

    groups: list[StripGroup]
    maximum: float
    """Largest value of the list: the full colour."""
    attributed_maximum: float
    folded: int
    """Duplicates that are hidden, or that would be if they were folded."""


def example_display(view: FeatureView, *, fold: bool, split: bool = False) -> ExampleDisplay:
    """Examples of `view` as rows.

    `fold` hides duplicates; `split` gives the attribution of an attention feature a row of its own below the
    activation, instead of the upper half of each token.
    """
    groups = example_groups(view.activations, fold=fold)
    hidden = groups if fold else example_groups(view.activations)
    mixed = len({one.data_source for one in view.activations}) > 1
    strongest = max((abs(one.max_value) for group in groups for one in group.examples), default=0.0)
    return ExampleDisplay(
        groups=[strip_group(group, mixed=mixed, split=split) for group in groups],
        maximum=round(strongest, 4),
        attributed_maximum=max((one.dfa_max_value or 0.0 for one in view.activations), default=0.0),
        folded=sum(group.folded for group in hidden),
    )


def strip_group(group: ExampleGroup, *, mixed: bool, split: bool) -> StripGroup:
    note = f"max {value(group.high)}" if group.share is None else f"{share(group.share)} of tokens"
    if group.folded and not group.examples:
        note += " · all above"
    rows = [row for example in group.examples for row in strip_rows(example, mixed=mixed, split=split)]
    return StripGroup(title=group.title, note=note, rows=rows)


def strip_rows(example: ActivationView, *, mixed: bool, split: bool) -> list[StripRow]:
    """A packed row, or two; where a feature's examples come from several corpora (`mixed`), it names its own."""
    tokens = readable(example.tokens)
    caption = example.data_source if mixed and example.data_source not in ("top", "bottom") else ""
    peak = min(max(example.max_value_token_index, 0), len(tokens) - 1)
    special = [i for i, token in enumerate(tokens) if SPECIAL.fullmatch(token)]
    apart = split and bool(example.dfa_values)
    own = None if apart else example.dfa_values
    row = pack(tokens, example.values, peak=peak, special=special, attributed=own, caption=caption or "")
    if not apart or example.dfa_values is None:
        return [row]
    label = f"from {value(example.dfa_max_value or 0.0)}"
    return [row, pack(tokens, [0.0] * len(tokens), peak=peak, attributed=example.dfa_values, label=label)]
