"""The answer of an activation test as a strip of one row, with what it took."""

from __future__ import annotations

from memicos_app.components.token_strip import StripGroup, pack
from memicos_app.library.activations import ActivationTest


def test_groups(found: ActivationTest) -> list[StripGroup]:
    """One group without a heading and one row; positions that do not count are marked."""
    special = [place for place, does_not_count in enumerate(found.tokens_is_special) if does_not_count]
    row = pack(found.tokens, found.values, peak=found.max_value_token_index, special=special)
    return [StripGroup(title="", note="", rows=[row])]


def took(seconds: float) -> str:
    """Time from asking to answer."""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"
