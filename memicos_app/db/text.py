"""Text that Postgres refuses, NUL and lone surrogates, written so that it comes back as it was.

Tokens and explanations are other people's bytes. The mark is a noncharacter that no text should hold; where
one does, it is doubled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_MARK = "\ufdd0"
_REFUSED = re.compile("[\x00\ufdd0\ud800-\udfff]")
_WRITTEN = re.compile("\ufdd0(\ufdd0|[0-9a-f]{4})")


def storable(text: str) -> str:
    """The text as the database can hold it; most texts stay as they are."""
    return _REFUSED.sub(_write, text) if _REFUSED.search(text) else text


def original(text: str) -> str:
    """The text as it was before `storable`."""
    return _WRITTEN.sub(_read, text) if _MARK in text else text


def storable_all(texts: Iterable[str]) -> list[str]:
    """`storable` for each."""
    return [storable(text) for text in texts]


def originals(texts: Iterable[str] | None) -> list[str]:
    """`original` for each."""
    return [original(text) for text in texts or ()]


def storable_json(value: Any) -> Any:
    """JSON data with every string storable, and null where a number is not finite."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {storable(str(name)): storable_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    return value


def original_json(value: Any) -> Any:
    """JSON data with every string as it was before `storable_json`."""
    if isinstance(value, str):
        return original(value)
    if isinstance(value, dict):
        return {original(name): original_json(item) for name, item in value.items()}
    if isinstance(value, list):
        return [original_json(item) for item in value]
    return value


def _write(found: re.Match[str]) -> str:
    sign = found.group()
    return _MARK * 2 if sign == _MARK else f"{_MARK}{ord(sign):04x}"


def _read(found: re.Match[str]) -> str:
    code = found.group(1)
    return _MARK if code == _MARK else chr(int(code, 16))
