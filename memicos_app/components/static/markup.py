"""HTML as text: elements with everything in them escaped. It knows nothing of what they mean."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_VOID = {"br", "col", "hr", "input", "link", "meta", "path"}
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | Iterable["Child"] | None
Value = str | int | float | bool | None


def escaped(text: str) -> Html:
    """Text as it stands between tags or in an attribute; what no document may hold becomes a visible sign."""
    return Html(html.escape(_NO_TEXT.sub(_sign, text)))


def tag(name: str, /, *children: Child, **attributes: Value) -> Html:
    """An element. `class_` and `aria_label` are written `class` and `aria-label`; None and False are left out."""
    said = "".join(_attribute(key, value) for key, value in attributes.items())
    inner = "".join(_flat(children))
    return Html(f"<{name}{said}>" if name in _VOID else f"<{name}{said}>{inner}</{name}>")


def joined(*children: Child) -> Html:
    """Children without an element around them."""
    return Html("".join(_flat(children)))


def _flat(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            yield child if isinstance(child, Html) else escaped(child)
        else:
            yield from _flat(child)


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escaped(str(value))}"'


def _sign(found: re.Match[str]) -> str:
    code = ord(found.group())
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"
