"""A text as tokens that can be chosen, each a button in running text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import reflex as rx

import memicos_app.components.token_strip  # noqa: F401  # brings the text rules that the picker's module imports
from memicos_app.components.browser_files import browser_file
from memicos_app.library.token_text import readable


class PickToken(TypedDict):
    """A token with its place in the whole text."""

    place: int
    text: str
    special: bool


def pick_tokens(tokens: Sequence[str], special: Sequence[bool], first: int = 0) -> list[PickToken]:
    """Tokens from `first` on, with places that count all of them; those that do not count cannot be chosen."""
    rows = zip(readable(tokens), special, strict=True)
    return [
        PickToken(place=place, text=text, special=is_special)
        for place, (text, is_special) in enumerate(rows)
        if place >= first
    ]


def place_event(place: rx.Var[int]) -> tuple[rx.Var[int]]:
    return (place,)


class TokenPicker(rx.Component):
    """Draws `tokens`; `on_pick` gets the place of the one that was chosen or taken back."""

    library = browser_file(__name__, "token_picker.jsx")
    tag = "TokenPicker"

    tokens: rx.Var[list[PickToken]]
    chosen: rx.Var[list[int]]
    label: rx.Var[str]
    on_pick: rx.EventHandler[place_event]  # type: ignore[type-arg, valid-type]


token_picker = TokenPicker.create
