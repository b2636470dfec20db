"""A text that a model wrote: markdown or plain, thoughts folded, tokens with the likeliest ones in a tooltip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import reflex as rx

from memicos_app.components.browser_files import browser_file
from memicos_app.components.token_strip import utf16_length
from memicos_app.library.text_difference import segments

for module in ("token_text.js", "written_text.js"):
    browser_file(__name__, module)

Choice: TypeAlias = list[Any]
"""A token as it travels: its string, its log probability, and the likeliest as pairs."""


class WrittenText(rx.Component):
    """Draws `text`, growing while `busy`. Whatever it holds is text: no HTML, links only to the web."""

    library = browser_file(__name__, "written_text.jsx")
    tag = "WrittenText"

    text: rx.Var[str]
    marks: rx.Var[list[int]]
    """Where what differs begins and ends, one after the other; see `marks`."""
    tokens: rx.Var[list[Any]]
    """Of each token what `choices` says; empty while they are not known."""
    markdown: rx.Var[bool]
    busy: rx.Var[bool]
    before: rx.Var[str]
    """A text that stands greyed before it."""


written_text = WrittenText.create


def marks(text: str, other: str) -> list[int]:
    """Begins and ends of the runs of `text` that `other` does not have, in the browser's units."""
    places, at = [], 0
    for part in segments(text, other):
        end = at + utf16_length(part.text)
        if part.differs:
            places += [at, end]
        at = end
    return places


def choices(logprobs: Sequence[Mapping[str, Any]] | None) -> list[Choice]:
    """Tokens with their likeliest ones, in the form that travels."""
    return [
        [
            one["token"],
            round(one["logprob"], 3),
            [[top["token"], round(top["logprob"], 3)] for top in one["top_logprobs"]],
        ]
        for one in logprobs or ()
    ]
