"""Token strings as people read them: vocabularies that mark a space or a line break with a letter, undone."""

from __future__ import annotations

import re
from collections.abc import Sequence

MARKS = {"Ġ": " ", "Ċ": "\n", "ĉ": "\t", "▁": " "}
BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def readable(tokens: Sequence[str]) -> list[str]:
    """`tokens` with the marks of raw vocabularies replaced, if these are raw.

    Decoded tokens hold real spaces, and in them `Ġ` or `▁` is a letter that somebody wrote; so the marks are
    replaced only where no token has a space or a line break of its own.
    """
    text = "".join(tokens)
    if any(mark in text for mark in MARKS) and " " not in text and "\n" not in text:
        tokens = [unmarked(token) for token in tokens]
    return [BYTE.sub(byte_text, token) if "<0x" in token else token for token in tokens]


def unmarked(token: str) -> str:
    for mark, text in MARKS.items():
        token = token.replace(mark, text)
    return token


def byte_text(match: re.Match[str]) -> str:
    """The character of a byte-fallback token, where the byte is one by itself."""
    code = int(match.group(1), 16)
    return chr(code) if code < 0x80 else match.group(0)
