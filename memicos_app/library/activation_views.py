"""Stored examples of a feature as they are read: a decoded block with its tokens, strongest first."""

from __future__ import annotations

from memicos_app.library.blocks import Block
from memicos_app.library.views import ActivationView


def activation_views(block: Block, windows: list[list[str]], name: str) -> list[ActivationView]:
    """Stored examples for reading, strongest first; `name` and the place make up an example's id."""
    columns = zip(
        windows,
        block.values(),
        block.maxima(),
        block.minima(),
        block.peaks(),
        block.groups,
        block.qualifying_token_indices(),
        block.extras,
        strict=True,
    )
    return [
        ActivationView(
            id=f"{name}/{place}",
            tokens=tokens,
            values=values,
            max_value=largest,
            min_value=smallest,
            max_value_token_index=peak,
            bin_min=group.bin_min,
            bin_max=group.bin_max,
            bin_contains=group.bin_contains,
            qualifying_token_index=qualifying,
            data_source=group.data_source,
            dfa_values=extra.get("dfaValues"),
            dfa_max_value=extra.get("dfaMaxValue"),
            dfa_target_index=extra.get("dfaTargetIndex"),
            extra={key: value for key, value in extra.items() if key not in _DFA} if extra else {},
        )
        for place, (tokens, values, largest, smallest, peak, group, qualifying, extra) in enumerate(columns)
    ]


_DFA = ("dfaValues", "dfaMaxValue", "dfaTargetIndex")
