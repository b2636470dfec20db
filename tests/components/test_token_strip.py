"""Packed rows come back whole in the browser's own code, and nothing invisible stays invisible there."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memicos_app.components import token_strip
from memicos_app.components.token_strip import base36, leading_special, pack, utf16_length
from tests.components.javascript import javascript as run_javascript

SCRIPT = Path(token_strip.__file__).with_name("token_text.js")


javascript = partial(run_javascript, SCRIPT)


def test_every_row_survives_the_way_to_the_browser() -> None:
    rows = [
        ["<|im_start|>", "Hello", " world", "\n", "\n\n"],
        ["👩\u200d👩\u200d👧", " 中文", "", "é", "\u202e", "e\u0301"],
        ["x" * 34, "y" * 35, "z" * 36, "w" * 71, ""],
        ["<script>alert(1)</script>", "\0", '"', "\\", "\u2028"],
    ]
    packed = [pack(tokens, [float(i) / 7 for i in range(len(tokens))]) for tokens in rows]
    unpacked = javascript("given[0].map(row => text.unpack(row))", packed)
    assert [row["tokens"] for row in unpacked] == rows
    for row in unpacked:
        assert row["values"] == pytest.approx([i / 7 for i in range(len(row["tokens"]))], abs=5e-5)


@settings(max_examples=200)
@given(
    st.lists(st.text(max_size=80).filter(lambda text: not any(0xD800 <= ord(c) < 0xE000 for c in text)), min_size=1)
)
def test_lengths_add_up_to_the_text(tokens: list[str]) -> None:
    row = pack(tokens, [0.0] * len(tokens))
    parts = "".join(row["n"]).split("z")
    assert sum(int(digit, 36) for part in parts for digit in part) + 35 * (len(parts) - 1) == utf16_length(row["t"])
    assert row["v"] == []


@pytest.mark.parametrize(
    ("length", "digits"), [(0, "0"), (34, "y"), (35, "z0"), (36, "z1"), (70, "zz0"), (100, "zzu")]
)
def test_lengths_are_digits_that_add_up(length: int, digits: str) -> None:
    assert base36(length) == digits


def test_only_what_fires_travels() -> None:
    row = pack([" a", " b", " c", " d"], [0.0, 1.23456, 0.00001, -2.0])
    assert row["v"] == [1, 1.2346, 3, -2.0]
    assert (row["p"], row["m"]) == (1, 1.2346)


def test_the_peak_may_be_given_and_special_tokens_at_the_head_are_no_text() -> None:
    row = pack(["<|im_start|>", "<s>", " a", "<|im_end|>"], [0.0] * 4, peak=2, special=[3, 0], label="n", caption="c")
    assert (row["p"], row["k"], row["s"], row["h"], row["c"]) == (2, 2, [0, 3], "n", "c")
    assert leading_special(["<b>", "<|im_start|>"]) == 0
    assert leading_special(["<s>"]) == 1


@pytest.mark.parametrize(("tokens", "values"), [([], []), (["a"], [1.0, 2.0])])
def test_a_row_without_a_value_for_each_token_is_refused(tokens: list[str], values: list[float]) -> None:
    with pytest.raises(ValueError, match="as many values as tokens"):
        pack(tokens, values)


HIDDEN = [
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,
    0x200B,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),
    *range(0x2060, 0x206A),
]


def test_no_control_or_direction_character_reaches_the_page() -> None:
    characters = [chr(code) for code in [*HIDDEN, 0xFEFF, 0x61C, 0xE0041]]
    shown = javascript(
        "given[0].map(one => text.segments('a' + one + 'b').map(part => part[1]).join(''))", characters
    )
    for character, text in zip(characters, shown, strict=True):
        assert text.startswith("a")
        assert text.endswith("b")
        assert character not in text
        assert len(text) > 2, f"U+{ord(character):04X} vanished"
    assert shown[10] == "a↵b"


def test_ordinary_text_is_left_alone() -> None:
    texts = ["energy", " the", "中文", "नमस्ते", "می\u200cخواهم", "👩\u200d👧", "<b>&amp;</b>", "é"]
    assert javascript("given[0].map(one => text.segments(one))", texts) == [None] * len(texts)


def test_long_white_space_is_a_glyph_where_everything_stands_in_one_line() -> None:
    shown = javascript("given[0].map(one => text.segments(one, true))", ["a  b", "\n        def", "   "])
    assert shown == [None, [[True, "↵", True], [True, "␣"], [False, "def"]], [[True, "␣"]]]
    assert javascript("text.segments('        def')") is None


@pytest.mark.parametrize(
    ("token", "text"),
    [(" world", "·world"), ("  ", "··"), ("a ", "a·"), ("\n", "↵"), ("\u0301x", "◌\u0301x"), ("\u200d", "‹ZWJ›")],
)
def test_a_token_alone_shows_its_ends(token: str, text: str) -> None:
    assert javascript("text.visible(given[0])", token) == text


def test_colour_follows_the_log_curve() -> None:
    values = [0.0, 0.1, 1.0, 5.0, 10.0, -5.0, 20.0]
    alphas = javascript("given[0].map(value => text.alpha(value, 10))", values)
    expected = [0 if v == 0 else min(1.0, 0.05 + 0.95 * math.log10(1 + 9 * abs(v) / 10)) for v in values]
    assert alphas == pytest.approx(expected)
    assert javascript("[text.alpha(1, 0), text.alpha(0, 0)]") == [0, 0]


def test_a_snippet_holds_the_peak_and_what_fits_beside_it() -> None:
    around = partial(javascript, "text.around(given[0], given[1], given[2], given[3])")
    tokens = ["word "] * 100
    assert around(tokens, 50, "stacked", 0) == [45, 56]
    assert around(tokens, 0, "stacked", 0) == [0, 6]
    start, end = around(tokens, 50, "snippet", 40)
    assert start < 50 < end
    assert 40 <= 5 * (50 - start) <= 50
    assert 40 <= 5 * (end - 51) <= 50
