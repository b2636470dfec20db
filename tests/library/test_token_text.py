"""Raw vocabulary marks become the characters they stand for, and nothing else does."""

from __future__ import annotations

import pytest

from memicos_app.library.token_text import readable


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (["Ġthe", "Ġcat", "Ċ", "ĊĊ", "sat"], [" the", " cat", "\n", "\n\n", "sat"]),
        (["▁the", "▁▁", "cat", "<0x0A>"], [" the", "  ", "cat", "\n"]),
        (["<0xE2>", "<0x41>"], ["<0xE2>", "A"]),
        (["Ġanti", " is", " a", "▁"], ["Ġanti", " is", " a", "▁"]),
        ([], []),
    ],
)
def test_marks(tokens: list[str], text: list[str]) -> None:
    assert readable(tokens) == text
