"""How the steer page steers and generates: numbers, switches and choices; the rarer ones stand folded."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, TypeAlias

import reflex as rx

from memicos_app.components.held import held_checkbox, held_select
from memicos_app.components.layout import card
from memicos_app.components.rights import declares
from memicos_app.components.steer_picked import finite
from memicos_app.library.accounts.rights import Right
from memicos_app.library.preset_text import parse_stops, stops_text
from memicos_app.library.presets import OPTIONS, Option
from memicos_app.library.steering import LONGEST_STOP, MOST_STOPS, SteerRequest
from memicos_app.settings import get_settings

Var: TypeAlias = Any
Handler: TypeAlias = Any
SEEDS = 100_000_000
RANGES: dict[str, tuple[float, float, bool]] = {
    "multiplier": (0.0, 10.0, False),
    "temperature": (0.0, 2.0, False),
    "top_p": (0.0, 1.0, False),
    "n_tokens": (1, get_settings().max_completion_tokens, True),
    "freq_penalty": (-2.0, 2.0, False),
    "seed": (-SEEDS, SEEDS, True),
}
"""Least, most, and whether it is a whole number."""
METHODS = {
    "SIMPLE_ADDITIVE": ("additive", "Adds strength × direction."),
    "ORTHOGONAL_DECOMP": ("orthogonal", "Multiplies the part along the direction: 0 removes it, 1 leaves it."),
    "PROJECTION_CAP": (
        "projection cap",
        "Lets the part along the direction be the strength at most: 0 forbids it.",
    ),
    "ABLATION": ("ablation", "Takes that share of the feature's own contribution out: 1 is all of it."),
}
POSITIONS = {"all": "all", "prompt": "prompt", "generated": "generated"}
FROM_OPTION = {"strength_multiplier": "multiplier", "steer_method": "method", "normalize_steering": "normalize"}
"""Names of the page where they differ from a request's."""


@declares(Right.READ)
class SteerSettings(rx.State, mixin=True):
    """Everything that is set but the features; the page that mixes this in has `run`."""

    multiplier: float = 1.0
    normalize: bool = False
    keep_error: bool = True
    positions: str = "all"
    steer_special_tokens: bool = False
    temperature: float = 0.5
    top_p: float = 1.0
    n_tokens: int = 64
    freq_penalty: float = 0.5
    stop_words: str = ""
    seed: int = 16

    def _stops(self) -> list[str]:
        """Stop strings, one a line; `\\n` in one is a line break."""
        return [stop[:LONGEST_STOP] for stop in parse_stops(self.stop_words)[:MOST_STOPS]]

    def _again(self) -> Any:
        """The event that steers with what is set now."""
        return type(self).event_handlers["run"]

    @rx.event
    def set_setting(self, name: str, value: str) -> Any:
        """A number; out of range goes to the nearest end."""
        number = finite(value)
        if number is None or name not in RANGES:
            return None
        low, high, whole = RANGES[name]
        kept = min(high, max(low, number))
        return self._changed(name, round(kept) if whole else kept)

    @rx.event
    def choose(self, name: str, value: str) -> Any:
        """Which positions are steered."""
        return self._changed(name, value) if name == "positions" and value in POSITIONS else None

    @rx.event
    def switch(self, name: str) -> Any:
        """Turn a switch over."""
        if name in ("normalize", "keep_error", "steer_special_tokens"):
            return self._changed(name, not getattr(self, name))
        return None

    @rx.event
    def set_stops(self, lines: str) -> Any:
        """Stop strings, as they are written."""
        return self._changed("stop_words", lines[:2000])

    @rx.event
    def roll(self) -> Any:
        """Another seed."""
        return self._changed("seed", secrets.randbelow(10_000))

    def _changed(self, name: str, value: Any) -> Any:
        if getattr(self, name) == value:
            return None
        setattr(self, name, value)
        return self._again()

    def _options(self) -> dict[str, Any]:
        """What is set, by the names that a request has for it."""
        return {option: getattr(self, FROM_OPTION.get(option, option)) for option in OPTIONS}

    def _recall_settings(self, asked: SteerRequest) -> None:
        """Set everything as a request has it."""
        self._set_options({option: getattr(asked, option) for option in OPTIONS})
        self._set_stops(asked.stop)

    def _set_stops(self, stops: Sequence[str]) -> None:
        self.stop_words = stops_text(stops)

    def _set_options(self, options: dict[str, Option]) -> None:
        """Take over options by the names that a request has for them."""
        for name, value in options.items():
            setattr(self, FROM_OPTION.get(name, name), value)


def number(
    label: str, name: str, state: Any, *, step: str = "0.1", extra: rx.Component | None = None
) -> rx.Component:
    """A labelled number; it is taken over when the field is left or Enter is pressed."""
    value = getattr(state, name)
    return rx.el.div(
        rx.el.label(label, html_for=f"setting-{name}"),
        rx.el.span(
            *([extra] if extra else []),
            rx.el.input(
                id=f"setting-{name}",
                type="number",
                step=step,
                default_value=value.to(str),
                key=value.to(str),
                on_blur=state.set_setting(name),
                class_name="input",
            ),
            class_name="setting-value",
        ),
        class_name="setting",
    )


def switch(label: str, name: str, state: Any, *, title: str) -> rx.Component:
    return rx.el.label(
        rx.el.span(label),
        held_checkbox(checked=getattr(state, name), on_change=state.switch(name)),
        title=title,
        class_name="setting switch",
    )


def choice(
    label: str, name: str, state: Any, options: dict[str, str], *, on_change: Handler | None = None
) -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=f"setting-{name}"),
        held_select(
            *[rx.el.option(words, value=value) for value, words in options.items()],
            id=f"setting-{name}",
            value=getattr(state, name),
            on_change=on_change or state.choose(name),
            class_name="select small",
        ),
        class_name="setting",
    )


def steering_card(state: Any, only_where: rx.Component) -> rx.Component:
    """What is done with the strengths."""
    methods = {name: words for name, (words, _) in METHODS.items()}
    return card(
        rx.el.div(
            number("all strengths times", "multiplier", state),
            choice("method", "method", state, methods, on_change=state.choose_method),
            rx.el.p(
                rx.match(state.method, *[(name, words) for name, (_, words) in METHODS.items()], ""),
                class_name="tiny faint",
            ),
            class_name="steer-settings",
        ),
        folded(
            "Where and how",
            choice("steered tokens", "positions", state, POSITIONS),
            only_where,
            switch(
                "special tokens too",
                "steer_special_tokens",
                state,
                title="Steer the prompt's special tokens and its first position as well",
            ),
            rx.cond(
                state.method == "SIMPLE_ADDITIVE",
                switch("unit directions", "normalize", state, title="Divide each direction by its norm first"),
            ),
            rx.cond(
                state.method == "ABLATION",
                switch(
                    "keep the SAE's error",
                    "keep_error",
                    state,
                    title="What the SAE does not explain stays; else its reconstruction is used",
                ),
            ),
        ),
        title="Steering",
        class_name="steer-advanced",
    )


def generation_card(state: Any) -> rx.Component:
    """How tokens are chosen."""
    dice = rx.el.button(
        "⚄",
        type="button",
        on_click=state.roll,
        title="Another seed",
        aria_label="Another seed",
        data_key="g",
        data_key_label="another seed",
        class_name="btn small icon quiet",
    )
    return card(
        rx.el.div(
            number("temperature", "temperature", state),
            number("new tokens", "n_tokens", state, step="1"),
            number("seed", "seed", state, step="1", extra=dice),
            class_name="steer-settings",
        ),
        folded(
            "Sampling",
            number("top-p", "top_p", state, step="0.05"),
            number("frequency penalty", "freq_penalty", state),
            rx.el.div(
                rx.el.label("stop at, one a line", html_for="setting-stops"),
                rx.el.textarea(
                    id="setting-stops",
                    default_value=state.stop_words,
                    key=state.stop_words,
                    on_blur=state.set_stops,
                    rows=1,
                    placeholder="\\n",
                    spell_check=False,
                    class_name="textarea",
                ),
                class_name="setting",
            ),
        ),
        title="Generation",
        class_name="steer-advanced",
    )


def folded(title: str, *rows: rx.Component) -> rx.Component:
    """Settings that most people leave alone."""
    return rx.el.details(
        rx.el.summary(title), rx.el.div(*rows, class_name="steer-settings"), class_name="steer-folded"
    )
