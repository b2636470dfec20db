"""Foreign text, on a line or in its own lines: what would hide or turn other characters around is shown by name."""

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

MANY_BREAKS = re.compile(r"\n{3,}")


def one_line(text: str, longest: int = 400) -> str:
    """`text` with invisible characters by name, cut to `longest` characters."""
    shown = HIDDEN.sub(lambda match: name_of(match.group()), text[:longest].strip())
    return f"{shown}…" if len(text) > longest else shown


def in_lines(text: str, longest: int) -> str:
    """As `one_line`, line by line: prose keeps its breaks, of empty lines never more than one after another."""
    shown = "\n".join(one_line(line, longest) for line in text[:longest].strip().splitlines())
    return MANY_BREAKS.sub("\n\n", shown) + ("…" if len(text) > longest else "")


def name_of(character: str) -> str:
    return NAMES.get(character) or f"‹{ord(character):X}›"
