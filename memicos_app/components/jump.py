"""The jump box: an index, `layer/index`, an address or words, with suggestions while you type."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode, urlsplit

import reflex as rx

from memicos_app.components.keys import kbd

PLACEHOLDER = "Jump to, or search explanations"


def address(text: str, model_id: str, source_id: str) -> str:
    """Path that `text` means when `model_id` and `source_id` are the defaults; words become a search.

    Understood: `2213`, `15/2213`, `15-res-4k/2213`, `model/source/2213`, `model/source`, `/path` and whole URLs.
    """
    words = text.strip()
    if not words:
        return "/search-explanations"
    parts = [part for part in path_of(words).split("/") if part]
    if any(re.search(r"\s", part) for part in parts):
        return search_address(words)
    set_name = source_id.partition("-")[2]
    match parts:
        case [index] if index.isdigit():
            return place(model_id, source_id, index)
        case [layer, index] if layer.isdigit() and index.isdigit():
            return place(model_id, f"{layer}-{set_name}", index)
        case [source, index] if index.isdigit() and re.match(r"\d+-", source):
            return place(model_id, source, index)
        case [_, _, index] if index.isdigit():
            return place(*parts)
        case [_, _] if "/" in words:
            return place(*parts)
        case [model] if words.startswith("/") or model == model_id:
            return place(model)
    return search_address(words)


def path_of(text: str) -> str:
    """The path of a URL, or the text itself."""
    return urlsplit(text).path if re.match(r"https?://", text) else text


def place(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


def search_address(words: str) -> str:
    return f"/search-explanations?{urlencode({'q': words})}"
