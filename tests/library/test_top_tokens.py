"""The rule that explains a feature by its tokens: same tokens, same words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memicos_app.library.top_tokens import (
    MOST_FIRING,
    MOST_LIKELIER,
    firing_tokens,
    named_tokens,
    top_token_explanation,
)

TOKENS = st.lists(st.text(st.characters(), max_size=30), max_size=12)


@pytest.mark.parametrize(
    ("positive", "firing", "text"),
    [
        (
            [" food", " owner", "Food", " x"],
            [" cat", "Cat", " dog", "cat", " bird", " a", " b"],
            "Fires on “cat”, “dog”, “bird”, “a”; makes “food”, “owner”, “x” likelier.",
        ),
        ([" yes"], [], "Makes “yes” likelier."),
        ([], ["dog", "cat", "cat"], "Fires on “cat”, “dog”."),
        ([], [], ""),
        ([], ["\n", "\n\n", " ", "\t\t\t"], "Fires on line break, line break ×2, space, tab ×3."),
        ([], ["\x00", "\u200b", "\ud83d", ""], "Fires on U+0000, U+200B, U+D83D, empty token."),
        ([], [" \n "], "Fires on blank text."),
        ([], ["x" * 40], f"Fires on “{'x' * 23}…”."),
        ([], ["<script>alert(1)</script>"], "Fires on “<script>alert(1)</scrip…”."),
    ],
)
def test_the_rule(positive: list[str], firing: list[str], text: str) -> None:
    assert top_token_explanation(positive, firing) == text


@settings(deadline=None)
@given(TOKENS, TOKENS)
def test_any_tokens_give_one_short_line_always_the_same(positive: list[str], firing: list[str]) -> None:
    text = top_token_explanation(positive, firing)
    assert text == top_token_explanation(positive, firing)
    assert bool(text) == bool(positive or firing)
    assert "\n" not in text.replace("line break", "")
    assert len(text) <= (MOST_FIRING + MOST_LIKELIER) * 30 + 40


def test_search_sees_only_the_tokens() -> None:
    assert named_tokens("Fires on “cat”, “dog”; makes “food” likelier.") == "cat, dog, food"
    assert named_tokens("Fires on line break.") == "Fires on line break."


def test_names_are_made_of_what_it_fires_on() -> None:
    assert firing_tokens("Fires on “cat”, “dog”; makes “food” likelier.") == "cat, dog"
    assert firing_tokens("Makes “food” likelier.") == "food"
