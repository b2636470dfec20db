"""Rows of coloured tokens without a script: a snippet around the peak that opens to the whole window by CSS.

The rules of `token_text.js` in Python: invisible characters by name, strength of the colour on a log curve.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memicos_app.components.figures import value as shown_value
from memicos_app.components.static.markup import Html, joined, tag
from memicos_app.library.views import ActivationView

NAMES = {
    0x0A: "↵",
    0x0D: "␍",
    0x09: "⇥",
    0x7F: "␡",
    0xAD: "‹SHY›",
    0x200B: "‹ZWSP›",
    0x200C: "‹ZWNJ›",
    0x200D: "‹ZWJ›",
    0x200E: "‹LRM›",
    0x200F: "‹RLM›",
    0x061C: "‹ALM›",
    0x2028: "‹LS›",
    0x2029: "‹PS›",
    0x202A: "‹LRE›",
    0x202B: "‹RLE›",
    0x202C: "‹PDF›",
    0x202D: "‹LRO›",
    0x202E: "‹RLO›",
    0x2066: "‹LRI›",
    0x2067: "‹RLI›",
    0x2068: "‹FSI›",
    0x2069: "‹PDI›",
    0xFEFF: "‹BOM›",
}
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
LONG_SPACE = re.compile("( {3,})")


@dataclass(frozen=True, slots=True)
class Scale:
    """Values of the full colours."""

    largest: float
    attributed: float = 0.0


def alpha(value: float, largest: float) -> float:
    """Strength of a token's colour: 0 for no activation, else .05 … 1 on a log curve of |value| / largest."""
    if not value or largest <= 0:
        return 0.0
    return min(1.0, 0.05 + 0.95 * math.log10(1 + 9 * abs(value) / largest))


def visible(text: str) -> Html:
    """Text with what would not be seen as glyphs; a line break is one that CSS may let break the line."""
    parts: list[Html | str] = []
    # In a line of its own long white space is a sign; in whole windows it is what it is.
    for piece in LONG_SPACE.split(text):
        if LONG_SPACE.fullmatch(piece):
            parts += [tag("i", "␣", class_="glyph gap"), tag("span", piece, class_="wide")]
        else:
            parts += _pieces(piece, alone=len(text) == 1)
    return joined(parts)


def alone(text: str) -> Html:
    """One token that stands alone: spaces at its ends are shown."""
    middle = text.strip(" ")
    before = len(text) - len(text.lstrip(" "))
    after = len(text) - len(middle) - before if middle else 0
    ends = [glyph("·" * count) if count else None for count in (before, after)]
    return joined(ends[0], visible(middle), ends[1])


def glyph(sign: str, *, breaks: bool = False) -> Html:
    """A sign that stands for what would not be seen."""
    return tag("i", sign, class_="glyph nl" if breaks else "glyph")


def row(example: ActivationView, tokens: Sequence[str], special: Iterable[int], scale: Scale, number: str) -> Html:
    """One example: its maximum, which opens and closes the row, and its tokens around the peak."""
    peak = min(max(example.max_value_token_index, 0), len(tokens) - 1)
    spans = _spans(example, tokens, set(special), scale)
    before, after = ("".join(spans[:peak]), "".join(spans[peak:]))
    opens = tag("input", type="checkbox", class_="sr", aria_label=f"Example {number}: the whole window")
    return tag(
        "li",
        tag("label", opens, shown_value(example.max_value), class_="strip-value num"),
        tag(
            "div",
            tag("span", tag("span", Html(before), class_="run"), class_="strip-left"),
            tag("span", tag("span", Html(after), class_="run"), class_="strip-right"),
            class_="strip-text",
            dir="rtl" if _reads_left("".join(tokens)) else "ltr",
        ),
        class_="strip-row",
    )


def _spans(example: ActivationView, tokens: Sequence[str], special: set[int], scale: Scale) -> list[str]:
    """One piece a token; those that do not fire are bare text, which costs nothing."""
    spans: list[str] = []
    attributed = example.dfa_values or [0.0] * len(tokens)
    for place, (token, value, source) in enumerate(zip(tokens, example.values, attributed, strict=False)):
        strength, share = alpha(value, scale.largest), alpha(source, scale.attributed)
        if place in special:
            spans.append(tag("span", visible(token), class_="special"))
        elif strength or share:
            kind = f"tok{' neg' if value < 0 else ''}{' dfa' if share else ''}"
            style = ";".join(f"--{name}:{part:.3f}" for name, part in (("a", strength), ("d", share)) if part)
            said = f"{shown_value(value)} · token {place + 1} of {len(tokens)}"
            said += f" · attributed {shown_value(source)}" if share else ""
            spans.append(tag("span", visible(token), class_=kind, style=style, title=said))
        else:
            spans.append(visible(token))
    return spans


def _pieces(text: str, *, alone: bool) -> Iterable[Html | str]:
    if not HIDDEN.search(text) and not (alone and text in "\u200c\u200d"):
        return [text] if text else []
    parts: list[Html | str] = []
    for character in text:
        hidden = bool(HIDDEN.match(character)) or (alone and character in "\u200c\u200d")
        parts.append(glyph(_name(character), breaks=character == "\n") if hidden else character)
    return parts


def _name(character: str) -> str:
    code = ord(character)
    if code in NAMES:
        return NAMES[code]
    return chr(0x2400 + code) if code < 0x20 else f"‹{code:X}›"


def _reads_left(text: str) -> bool:
    return 2 * len(RIGHT_TO_LEFT.findall(text)) > sum(map(str.isalpha, text))
