"""Tokens in a file look as they do on the site: the same colours, the same signs for what cannot be seen."""

from __future__ import annotations

import re
from functools import partial
from html import unescape
from pathlib import Path

import pytest

from memicos_app.components import token_strip
from memicos_app.components.static import tokens
from tests.components.feature_views import example
from tests.components.javascript import javascript as run_javascript

javascript = partial(run_javascript, Path(token_strip.__file__).with_name("token_text.js"))
TEXTS = [
    " plain",
    "a\nb\tc",
    "\u202egnihton\u202c",
    "\x00\u200b\ufeff",
    "\u200d",
    "👩\u200d👧",
    "x      y",
    "   ",
    "<b>&amp;</b>",
    "\U000e0041",
    "\x7f\xad",
    "",
]


def seen(markup: str) -> str:
    """What a person sees of it in a line."""
    return unescape(re.sub(r"<[^>]*>", "", re.sub(r'<span class="wide">.*?</span>', "", markup)))


def test_signs_are_those_of_the_site() -> None:
    expected = javascript(
        "given[0].map(t => (text.segments(t, true) ?? [[false, t]]).map(p => p[1]).join(''))", TEXTS
    )
    assert [seen(tokens.visible(text)) for text in TEXTS] == expected


def test_a_token_alone_is_that_of_the_site() -> None:
    texts = [" a ", "  ", "\n", " \u202e", "é", "\u200c"]
    assert [seen(tokens.alone(text)) for text in texts] == javascript("given[0].map(text.visible)", texts)


def test_colours_are_those_of_the_site() -> None:
    pairs = [(0.0, 5.0), (5.0, 5.0), (0.01, 5.0), (-2.5, 5.0), (9.0, 5.0), (1.0, 0.0)]
    expected = javascript("given[0].map(([v, m]) => text.alpha(v, m))", pairs)
    assert [tokens.alpha(*pair) for pair in pairs] == pytest.approx(expected)


def test_a_row_is_split_at_its_peak_and_says_what_fires() -> None:
    made = example(2.5, tokens=["<s>", "<b>", " x", "\n"], values=[0.0, 0.0, 2.5, 0.0])
    drawn = tokens.row(made, made.tokens, [0], tokens.Scale(2.5), "1")
    left, right = drawn.split('class="strip-right"')
    assert '<span class="special">&lt;s&gt;</span>&lt;b&gt;' in left
    assert '<span class="tok" style="--a:1.000" title="2.50 · token 3 of 4"> x</span>' in right
    assert '<i class="glyph nl">↵</i>' in right
    assert '<input type="checkbox" class="sr" aria-label="Example 1: the whole window">2.50' in left


def test_attribution_has_a_colour_of_its_own() -> None:
    made = example(2.0, dfa_values=[0.0, 0.5, 0.0, 0.0])
    assert 'class="tok dfa" style="--d:1.000"' in tokens.row(made, made.tokens, [], tokens.Scale(2.0, 0.5), "1")


def test_text_that_reads_from_the_right() -> None:
    made = example(2.0, tokens=["שלום", " עולם", " x", ""])
    assert 'dir="rtl"' in tokens.row(made, made.tokens, [], tokens.Scale(2.0), "1")
