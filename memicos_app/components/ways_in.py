"""Ways into the features from any page: a search box, one by chance, the steer page."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.explanations_asked import search_in
from memicos_app.components.jump import place, search_address
from memicos_app.components.keys import kbd
from memicos_app.components.layout import card
from memicos_app.components.rights import declares
from memicos_app.library import embedders, features
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError

SCOPE = ("modelId", "sources")
"""Fields of the search box that say where to look, named as in the address."""


@declares(Right.READ)
class WaysState(rx.State):
    """Turns what was asked for into an address."""

    @rx.event
    def open(self) -> None:
        """Get ready for a search: somebody is about to ask for one."""
        embedders.warm_soon()

    @rx.event
    def search(self, form: dict[str, Any]) -> EventSpec:
        """Open the search by explanation, in the places that the form names."""
        places = {name: str(form.get(name) or "") for name in SCOPE}
        return rx.redirect(search_in(str(form.get("words", "")), **places))

    @rx.event
    async def draw(self, model_id: str, source_id: str) -> EventSpec | None:
        """Open a feature by chance; stays where it is when there is none."""
        try:
            found = await features.random_feature(model_id or None, source_id or None)
        except LibraryError:
            return None
        return rx.redirect(place(found[0], found[1], str(found[2])))


def search_card(
    *examples: str, model_id: rx.Var[str] | str = "", sources: rx.Var[str] | str = "", within: str = ""
) -> rx.Component:
    """A box for what an explanation should mean; `examples` are links that show what to ask.

    Args:
        model_id: look only in this model, or
        sources: only in these sources of it: one by its name, several as a JSON list.
        within: says so in the title.
    """
    tried = [rx.el.a(words, href=search_address(words), class_name="link try-word") for words in examples]
    return card(
        rx.el.form(
            rx.el.input(
                name="words",
                type="search",
                placeholder="What should a feature mean?",
                aria_label="Search explanations",
                enter_key_hint="search",
                on_focus=WaysState.open,
                class_name="input",
            ),
            *(
                rx.el.input(type="hidden", name=name, value=held, read_only=True)
                for name, held in zip(SCOPE, (model_id, sources), strict=True)
            ),
            *([rx.el.p("Try ", *tried, class_name="small faint")] if tried else []),
            rx.el.p(
                "Or find features ",
                rx.el.a("by a text", href="/search", class_name="link"),
                " they are active on, ",
                rx.el.a("token by token", href="/search-topk-by-token", class_name="link"),
                ", or ",
                rx.el.a("two texts apart", href="/search-contrast", class_name="link"),
                ".",
                class_name="small faint",
            ),
            on_submit=WaysState.search,
            class_name="card-body stack tight",
        ),
        title=f"Search explanations {within}".strip(),
    )


def random_button(model_id: rx.Var[str], source_id: rx.Var[str] | str = "") -> rx.Component:
    """Opens a feature of the model, or of the source, by chance."""
    return rx.el.button(
        "Random ",
        kbd("r"),
        type="button",
        on_click=WaysState.draw(model_id, source_id),
        data_key="r",
        data_key_label="a random feature",
        class_name="btn",
    )


def steer_link(href: rx.Var[str]) -> rx.Component:
    return rx.el.a("Steer ", kbd("s"), href=href, data_key="s", data_key_label="steer", class_name="btn")


def facts_card(title: str, facts: rx.Var[list[tuple[str, str]]], *more: rx.Component) -> rx.Component:
    """Names and figures, one a line."""
    return card(
        rx.el.div(rx.el.dl(rx.foreach(facts, fact), class_name="kv facts"), *more, class_name="card-body stack"),
        title=title,
    )


def fact(one: rx.Var[tuple[str, str]]) -> rx.Component:
    return rx.el.div(rx.el.dt(one[0]), rx.el.dd(rx.el.bdi(one[1])), class_name="spread")
