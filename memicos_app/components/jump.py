"""The jump box: an index, `layer/index`, an address or words, with suggestions while you type."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.empty import Suggestion
from memicos_app.components.rights import declares
from memicos_app.components.visible_text import one_line
from memicos_app.library import catalog, embedders, features
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.settings import get_settings

PLACEHOLDER = "Jump to, or search explanations"
SUGGESTED = 7
LATE_S = 3.0


@declares(Right.READ)
class JumpState(rx.State):
    """Where bare numbers and words lead, and what is suggested for the words so far."""

    suggestions: list[Suggestion] = []
    chosen: int = -1
    round: int = 0
    home_model: str = get_settings().model_id
    _left: tuple[str, float] = ("", 0.0)
    """The words with which somebody went on, and when: what is suggested for them comes late."""

    @rx.event
    async def suggest(self, words: str) -> None:
        """Suggest what `words` could mean in the model that is on screen."""
        embedders.warm_soon()
        gone_on, when = self._left
        if words == gone_on and time.time() - when < LATE_S:
            return
        self.chosen = -1
        model_id, source_id = await self._place()
        self.suggestions = await suggestions(words, model_id, source_id)

    @rx.event
    def move(self, key: str) -> None:
        """Move through the suggestions; Escape closes them."""
        if key == "Escape":
            self.suggestions = []
        elif self.suggestions:
            step = 1 if key == "ArrowDown" else -1
            self.chosen = (self.chosen + step + (self.chosen < 0 > step)) % len(self.suggestions)

    @rx.event
    async def go(self, form: dict[str, Any]) -> list[EventSpec]:
        """Open the chosen suggestion, or what the words mean."""
        words = str(form.get("jump", ""))
        self._left = (words, time.time())
        model_id, source_id = await self._place()
        href = address(words, model_id, source_id)
        if 0 <= self.chosen < len(self.suggestions):
            href = self.suggestions[self.chosen]["href"]
        self._close()
        return [rx.redirect(href)]

    @rx.event
    def close(self) -> None:
        self._close()

    def _close(self) -> None:
        self.suggestions, self.chosen = [], -1
        self.round += 1

    async def _place(self) -> tuple[str, str]:
        """Model and source that bare numbers mean: those on screen, else the defaults."""
        shown = [part for part in self.router.url.path.split("/") if part]
        models = {model.id: model.default_source_id or "" for model in await catalog.models()}
        model_id = shown[0] if shown and shown[0] in models else self.home_model
        source_id = shown[1] if len(shown) > 1 and re.match(r"\d+-", shown[1]) else models.get(model_id, "")
        return model_id, source_id


async def suggestions(words: str, model_id: str, source_id: str) -> list[Suggestion]:
    """The address that `words` name, then explanations that hold them, then the search page."""
    words = words.strip()[:200]
    if not words:
        return []
    href = address(words, model_id, source_id)
    if not href.startswith("/search-explanations"):
        return [Suggestion(words=f"Go to {href.strip('/').replace('/', ' › ')}", note="", href=href)]
    try:
        found = await features.search_text(model_id, words, SUGGESTED)
    except LibraryError:
        found = []
    rows = [
        Suggestion(
            words=one_line(hit.explanation, 120),
            note=f"{hit.source_id}/{hit.index}",
            href=place(hit.model_id, hit.source_id, str(hit.index)),
        )
        for hit in found
    ]
    return [*rows, Suggestion(words=f"Search explanations for “{words}”", note="", href=href)]


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
        case [index] if number(index):
            return place(model_id, source_id, index)
        case [layer, index] if number(layer) and number(index):
            return place(model_id, f"{layer}-{set_name}", index)
        case [source, index] if re.match(r"\d+-", source) and number(index):
            return place(model_id, source, index)
        case [_, _, index] if number(index):
            return place(*parts)
        case [_, _] if not words.startswith("http") or len(parts) == 2:
            return place(*parts)
        case [model] if "/" in words or model == model_id:
            return place(model)
    return search_address(words)


def number(text: str) -> bool:
    """Whether `text` is an index: digits that a person types, not every digit Unicode knows."""
    return text.isascii() and text.isdigit() and len(text) < 10


def path_of(text: str) -> str:
    """The path of a URL, or the text itself."""
    return urlsplit(text).path if re.match(r"https?://", text) else text


def place(*parts: str) -> str:
    """A path of our own out of its parts."""
    return "/" + "/".join(quote(part, safe="") for part in parts if part)


def outside(url: str) -> str:
    """`url` if it leads to a web page, else nothing: a dataset may hold any text there."""
    return url if re.match(r"https?://[^\s]+$", url) else ""


def search_address(words: str) -> str:
    return f"/search-explanations?{urlencode({'q': words})}"


def jump_box() -> rx.Component:
    """The box of the nav bar; `/` focuses it."""
    return rx.el.form(
        rx.el.input(
            key=JumpState.round.to_string(),
            name="jump",
            type="search",
            placeholder=PLACEHOLDER,
            auto_complete="off",
            enter_key_hint="go",
            max_length=500,
            role="combobox",
            aria_label=PLACEHOLDER,
            aria_expanded=JumpState.suggestions.length() > 0,
            aria_controls="jump-list",
            aria_activedescendant=rx.cond(JumpState.chosen >= 0, f"jump-{JumpState.chosen}", ""),
            aria_autocomplete="list",
            data_key="/",
            data_key_label="jump to a feature, or search",
            on_change=JumpState.suggest.debounce(120),
            on_key_down=lambda key: rx.cond(
                (key == "ArrowDown") | (key == "ArrowUp") | (key == "Escape"), JumpState.move(key), rx.noop()
            ),
            class_name="input",
        ),
        rx.el.kbd("/", class_name="kbd hide-phone", aria_hidden="true"),
        rx.cond(
            JumpState.suggestions.length() > 0,
            rx.el.div(
                rx.foreach(JumpState.suggestions, option),
                id="jump-list",
                role="listbox",
                aria_label="Suggestions",
                on_mouse_down=rx.prevent_default,
                class_name="pop",
            ),
            rx.fragment(),
        ),
        on_submit=JumpState.go,
        role="search",
        class_name="search nav-jump",
    )


def option(one: rx.Var[Suggestion], place_in_list: rx.Var[int]) -> rx.Component:
    return rx.el.a(
        rx.el.bdi(one["words"], class_name="clip grow"),
        rx.el.span(one["note"], class_name="faint tiny mono"),
        href=one["href"],
        id=f"jump-{place_in_list}",
        role="option",
        tab_index=-1,
        aria_selected=JumpState.chosen == place_in_list,
        on_click=JumpState.close,
    )
