"""A small steering panel for the home page: three features, one slider, two texts that grow side by side."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import quote, urlencode

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.steer_features import slider_marks
from memicos_app.components.visible_text import one_line
from memicos_app.library import steering
from memicos_app.library.errors import LibraryError
from memicos_app.library.showcase import showcase
from memicos_app.library.steering import SteeredFeature, SteerRequest, SteerResult

PROMPT = "The house at the end of the street was"
LIMIT = 150
START = 90
TOKENS = 40


class Choice(TypedDict):
    """A feature to try."""

    label: str
    source: str
    number: int


class TeaserState(rx.State):
    """Which feature is turned how far up, and the two texts so far."""

    choices: list[Choice] = []
    picked: int = 0
    strength: float = START
    prompt: str = PROMPT
    plain: str = ""
    steered: str = ""
    busy: bool = False
    problem: str = ""
    speed: str = ""
    _model: str = ""

    @rx.var
    def marks(self) -> dict[str, str]:
        low, high = slider_marks(self.strength, LIMIT)
        return {"--lo": low, "--hi": high}

    @rx.var
    def open_href(self) -> str:
        """The steer page with the same feature and strength."""
        if not self.choices:
            return f"/{self._model}/steer"
        choice = self.choices[self.picked]
        query = {"source": choice["source"], "index": choice["number"], "strength": f"{self.strength:g}"}
        return f"/{quote(self._model, safe='')}/steer?{urlencode(query)}"

    async def show(self, model_id: str, source_id: str) -> None:
        """Take three features of a source; called by the page that shows the panel."""
        if self.choices and self._model == model_id:
            return
        rows = await showcase(model_id, source_id, 3)
        self._model = model_id
        self.choices = [
            Choice(label=one_line(row.explanation, 80), source=source_id, number=row.index) for row in rows
        ]
        self.picked = 0

    @rx.event
    def pick(self, place: int) -> EventSpec:
        self.picked = place
        return TeaserState.run

    @rx.event
    def slide(self, value: str) -> EventSpec:
        self.strength = round(float(value))
        return TeaserState.run

    @rx.event
    def write(self, form: dict[str, str]) -> EventSpec:
        self.prompt = form.get("prompt", "").strip()[:400] or PROMPT
        return TeaserState.run

    @rx.event(background=True, supersedes=True)
    async def run(self) -> None:
        """Generate both texts; a newer run ends this one."""
        async with self:
            request = self._request()
            if request is None:
                return
            self.busy, self.problem, self.speed = True, "", ""
        try:
            async for answer in steering.stream(request):
                async with self:
                    self._show_answer(answer)
        except LibraryError as error:
            async with self:
                self.problem = error.message
        async with self:
            self.busy = False

    def _request(self) -> SteerRequest | None:
        if not self.choices:
            return None
        choice = self.choices[self.picked]
        feature = SteeredFeature(self._model, choice["source"], choice["number"], self.strength)
        return SteerRequest(self._model, self.prompt, [feature], n_tokens=TOKENS)

    def _show_answer(self, answer: SteerResult) -> None:
        self.plain, self.steered = answer.default.text, answer.steered.text
        self.speed = f"{answer.tokens_per_second:.1f} tok/s" if answer.tokens_per_second else ""


def teaser() -> rx.Component:
    """The panel; it stands in its full height from the beginning, so that nothing jumps."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Turn a feature up"),
            rx.el.a(
                "Open in Steer ",
                rx.el.kbd("s", class_name="kbd hide-phone", aria_hidden="true"),
                href=TeaserState.open_href,
                data_key="s",
                data_key_label="open in Steer",
                class_name="btn small",
            ),
            class_name="card-head",
        ),
        rx.el.div(picks(), prompt_line(), slider_line(), class_name="card-body stack teaser"),
        rx.el.div(
            text_pane("As it is", TeaserState.plain, "plain"),
            text_pane("Steered", TeaserState.steered, "steered"),
            class_name="teaser-texts",
        ),
        class_name=rx.cond(TeaserState.busy, "card is-live", "card"),
        aria_label="Steering, in small",
    )


def picks() -> rx.Component:
    return rx.el.div(
        rx.foreach(
            TeaserState.choices,
            lambda choice, place: rx.el.button(
                rx.el.bdi(choice["label"], class_name="clip"),
                type="button",
                aria_pressed=TeaserState.picked == place,
                on_click=TeaserState.pick(place),
                title=choice["label"],
            ),
        ),
        role="group",
        aria_label="Feature",
        class_name="seg teaser-picks",
    )


def prompt_line() -> rx.Component:
    return rx.el.form(
        rx.el.input(
            name="prompt",
            default_value=PROMPT,
            max_length=400,
            aria_label="Prompt",
            spell_check=False,
            class_name="input grow",
        ),
        rx.el.button("Run ", rx.el.span("⏎", aria_hidden="true"), type="submit", class_name="btn primary"),
        on_submit=TeaserState.write,
        class_name="row",
    )


def slider_line() -> rx.Component:
    return rx.el.label(
        rx.el.span("Strength", class_name="label"),
        rx.el.input(
            type="range",
            min=-LIMIT,
            max=LIMIT,
            step=5,
            default_value=START,
            on_change=TeaserState.slide.throttle(120),
            style=TeaserState.marks,
            class_name="range grow",
        ),
        rx.el.output(TeaserState.strength, class_name="num strong teaser-strength"),
        class_name="row",
    )


def text_pane(title: str, text: rx.Var[str], name: str) -> rx.Component:
    return rx.el.div(
        rx.el.h3(title, class_name="label"),
        rx.el.p(
            rx.el.span(TeaserState.prompt, class_name="faint"),
            rx.el.span(text, class_name=rx.cond(TeaserState.busy, "streaming", "")),
            data_pane=name,
            aria_live="polite",
            aria_busy=TeaserState.busy,
            class_name="iso prewrap large",
        ),
        rx.cond(
            (TeaserState.problem != "") & (name == "steered"),
            rx.el.p(TeaserState.problem, class_name="notice amber", role="status"),
            rx.fragment(),
        ),
    )
