"""The four ways of searching, one beside the other on each of their pages."""

from __future__ import annotations

import reflex as rx

WAYS = (
    ("explanations", "By explanation", "/search-explanations", "What a feature means, in words"),
    ("text", "By text", "/search", "Which features are active on a text"),
    ("tokens", "Token by token", "/search-topk-by-token", "The strongest features at each token of a text"),
    ("contrast", "Contrast", "/search-contrast", "Which features tell two texts apart"),
)


def search_ways(active: str) -> rx.Component:
    """Links to all four; `active` is the name of the one that is on screen."""
    return rx.el.nav(
        *(
            rx.el.a(words, href=href, title=told, **({"aria_current": "true"} if name == active else {}))
            for name, words, href, told in WAYS
        ),
        aria_label="Ways of searching",
        class_name="seg ways",
    )
