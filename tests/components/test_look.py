"""The style sheet keeps its promises: contrast of text in both themes, and its size."""

from __future__ import annotations

import re

import pytest

from memicos_app.settings import ROOT

SHEET = (ROOT / "assets" / "memicos.css").read_text(encoding="utf-8")
COLOURS = {
    name: (light, dark) for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", SHEET)
}
ON_PAGE = [
    (text, ground)
    for text in ("text", "text-2", "text-3", "accent", "neg", "amber")
    for ground in ("bg", "surface", "sunken", "hover")
]
CHIPS = [
    ("text-2", "pressed"),
    ("accent", "accent-soft"),
    ("amber", "amber-soft"),
    ("neg", "rose-soft"),
    ("on-ink", "ink"),
]


def luminance(colour: str) -> float:
    """Relative luminance of sRGB, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("text", "ground"), ON_PAGE + CHIPS)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read(text: str, ground: str, theme: int) -> None:
    dark, light = sorted(luminance(COLOURS[name][theme]) for name in (text, ground))
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_sheet_is_small_and_asks_for_nothing() -> None:
    sheets = [file.read_text(encoding="utf-8") for file in (ROOT / "assets").glob("*.css")]
    assert len(SHEET.encode()) <= 25_000
    assert not any("url(" in sheet or "@import" in sheet for sheet in sheets)
