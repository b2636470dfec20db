"""A small steering panel for the home page: three features, one slider, two texts that grow side by side."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Any, TypedDict

import reflex as rx
from reflex.event import EventSpec

from memicos_app.components.feature_address import steer_path
from memicos_app.components.figures import number_in
from memicos_app.components.held import held_range
from memicos_app.components.presence import is_here
from memicos_app.components.rights import declares, inside, needs
from memicos_app.components.visible_text import one_line
from memicos_app.library import steer_runs
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, UnavailableError
from memicos_app.library.example_groups import default_strength
from memicos_app.library.showcase import showcase
from memicos_app.library.steering import SteeredFeature, SteerRequest
from memicos_app.library.views import FeatureHit

PROMPT = "The house at the end of the street was"
LONGEST_PROMPT = 400
REACH = 2
"""The slider goes to so many times the usual strength of a feature, both ways."""
TOKENS = 40
FRAME_S = 0.06
TRIES, PAUSE_S = 20, 2.0
"""How often, and how far apart, a model that is still loading is asked again."""


class Choice(TypedDict):
    """A feature to try, and the strength at which it usually shows."""

    label: str
    source: str
    number: int
    usual: float


@declares(Right.READ)
class TeaserState(rx.State):
    """Which feature is turned how far up, and the two texts so far."""

    choices: list[Choice] = []
    picked: int = 0
    strength: float = 1.0
    limit: float = 2.0
    prompt: str = PROMPT
    plain: str = ""
    steered: str = ""
    busy: bool = False
    problem: str = ""
    _model: str = ""

    @rx.var
    def open_href(self) -> str:
        """The steer page with the same feature and strength."""
        if not self.choices:
            return "/"
        choice = self.choices[self.picked]
        return steer_path(self._model, choice["source"], choice["number"], self.strength)

    @inside
    async def show(self, model_id: str, source_id: str) -> None:
        """Take three features of a source; called by the page that shows the panel."""
        if self.choices and self._model == model_id:
            return
        self._model = model_id
        self.choices = [choice_of(hit) for hit in await showcase(model_id, source_id)]
        self._pick(0)

    def _pick(self, place: int) -> None:
        if place < len(self.choices):
            self.picked, self.strength = place, self.choices[place]["usual"]
            self.limit = REACH * self.strength

    @rx.event
    def pick(self, place: int) -> EventSpec | None:
        if not 0 <= place < len(self.choices):
            return None
        self._pick(place)
        return TeaserState.run

    @rx.event
    def slide(self, value: str) -> EventSpec:
        self.strength = round(number_in(value) or 0)
        return TeaserState.run

    @rx.event
    def write(self, form: dict[str, Any]) -> EventSpec:
        self.prompt = str(form.get("prompt", "")).strip()[:LONGEST_PROMPT] or PROMPT
        return TeaserState.run

    @rx.event(background=True, supersedes=True)
    @needs(Right.RUN)
    async def run(self) -> None:
        """Generate both texts; a newer run ends this one, and so does leaving."""
        async with self:
            request = self._request()
            if request is None:
                return
            self.busy, self.problem = True, ""
        for _ in range(TRIES):
            try:
                await self._stream(request)
                break
            except UnavailableError as error:
                if not await self._say(f"{error.message} It is asked again."):
                    break
                await asyncio.sleep(PAUSE_S)
            except LibraryError as error:
                await self._say(error.message)
                break
        async with self:
            self.busy = False

    async def _stream(self, request: SteerRequest) -> None:
        shown = 0.0
        async with aclosing(steer_runs.stream(request)) as answers:
            async for answer in answers:
                if time.monotonic() - shown < FRAME_S and not answer.done:
                    continue
                shown = time.monotonic()
                async with self:
                    self.problem = ""
                    self.plain, self.steered = answer.default.text, answer.steered.text
                    if not is_here(self):
                        return

    async def _say(self, words: str) -> bool:
        """Show what keeps a run; whether somebody is there to read it."""
        async with self:
            self.problem = words
            return is_here(self)

    def _request(self) -> SteerRequest | None:
        if not self.choices:
            return None
        choice = self.choices[self.picked]
        feature = SteeredFeature(self._model, choice["source"], choice["number"], self.strength)
        return SteerRequest(self._model, self.prompt, [feature], n_tokens=TOKENS)


def choice_of(hit: FeatureHit) -> Choice:
    """A feature of the panel out of one of the database."""
    return Choice(
        label=one_line(hit.explanation, 80),
        source=hit.source_id,
        number=hit.index,
        usual=round(default_strength(hit.max_activation) if hit.strength is None else hit.strength),
    )


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
            max_length=LONGEST_PROMPT,
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
        held_range(
            least=-TeaserState.limit,
            most=TeaserState.limit,
            value=TeaserState.strength,
            digits=0,
            pause=120,
            on_move=TeaserState.slide,
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
            rx.cond(
                (text == "") & ~TeaserState.busy,
                rx.el.span("\nMove the slider, or press Run.", class_name="small faint") if name == "steered" else "",
                "",
            ),
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
