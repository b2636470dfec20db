"""Foreign text in one line: characters that would hide or turn others around are shown by name."""

from __future__ import annotations

import re

NAMES = {
    "\t": "⇥",
    "\n": "↵",
    "\u061c": "‹ALM›",
    "\u200b": "‹ZWSP›",
    "\u200e": "‹LRM›",
    "\u200f": "‹RLM›",
    "\u202a": "‹LRE›",
    "\u202b": "‹RLE›",
    "\u202c": "‹PDF›",
    "\u202d": "‹LRO›",
    "\u202e": "‹RLO›",
    "\u2066": "‹LRI›",
    "\u2067": "‹RLI›",
    "\u2068": "‹FSI›",
    "\u2069": "‹PDI›",
    "\ufeff": "‹BOM›",
}
HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


def one_line(text: str, longest: int = 400) -> str:
    """`text` with invisible characters by name, cut to `longest` characters."""
    shown = HIDDEN.sub(lambda match: name_of(match.group()), text[:longest].strip())
    return f"{shown}…" if len(text) > longest else shown


def name_of(character: str) -> str:
    return NAMES.get(character) or f"‹{ord(character):X}›"
