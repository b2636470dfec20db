"""The steer page: features with sliders on the left, the model's text unsteered and steered on the right."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import reflex as rx

from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.presence import is_here
from memicos_app.components.steer_features import (
    SteeredFeature,
    Suggestion,
    add_box,
    feature_rows,
    later,
    setting,
    settings_card,
    steered_feature,
    with_strength,
)
from memicos_app.components.steer_panes import Run, SweepText, pane, prompt_box, sweep
from memicos_app.components.steer_snippet import python_snippet
from memicos_app.library import catalog, features, steering
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError, UnavailableError
from memicos_app.library.steering import SteerRequest, SteerResult
from memicos_app.library.text_difference import segments

PROMPT = "The house at the end of the street was"
SWEEP = {"−2×": -2.0, "−1×": -1.0, "0": 0.0, "1×": 1.0, "2×": 2.0}
SWEEP_TOKENS = 24
FRAME_S = 0.06
RETRIES_S = (1.0, 2.0, 2.0, 3.0) + (5.0,) * 10
MOST_FEATURES = 8
RANGES = {
    "multiplier": (0.0, 10.0, False),
    "temperature": (0.0, 2.0, False),
    "n_tokens": (1, 256, True),
    "freq_penalty": (-2.0, 2.0, False),
    "seed": (-100_000_000, 100_000_000, True),
}
PLACE = re.compile(r"\s*(?:(?P<source>[\w.-]*-[\w.-]+)|(?P<layer>\d+))\s*[/·: ]\s*(?P<feature>\d+)\s*")


class SteerState(rx.State):
    """What is steered, how, and what the model wrote."""

    prompt: str = PROMPT
    features: list[SteeredFeature] = []
    suggestions: list[Suggestion] = []
    wanted: str = ""
    multiplier: float = 1.0
    temperature: float = 0.5
    n_tokens: int = 64
    freq_penalty: float = 0.5
    seed: int = 16
    asked: str = ""
    default_runs: list[Run] = []
    steered_runs: list[Run] = []
    speed: str = ""
    default_busy: bool = False
    busy: bool = False
    problem: str = ""
    waiting: str = ""
    sweep_texts: list[SweepText] = []
    title: str = "Steer · MemicOS"
    r_model: str = ""
    _number: int = 0
    _default_of: tuple[Any, ...] = ()
    _default_text: str = ""
    _kept: tuple[SteerRequest, SteerResult] | None = None

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Read the address: a saved run, or a feature to begin with."""
        query = self.router.url.query_parameters
        self.reset()
        self.r_model = self.router.url.path.strip("/").split("/")[0]
        self.title = f"Steer {self.r_model} · MemicOS"
        try:
            await catalog.model(self.r_model)
            if saved := query.get("saved"):
                await self._open(saved)
                return
            if query.get("source") and query.get("index"):
                await self._add(query["source"], _whole(query["index"]), _finite(query.get("strength")))
        except LibraryError as error:
            self.problem = error.message
            return
        if self.features:
            yield SteerState.run

    async def _open(self, run_id: str) -> None:
        run = await steering.load_run(run_id)
        asked = run.request
        self.prompt, self.seed, self.n_tokens = asked.prompt, asked.seed, asked.n_tokens
        self.multiplier, self.temperature = asked.strength_multiplier, asked.temperature
        self.freq_penalty, self.asked = asked.freq_penalty, asked.prompt
        for part in asked.features:
            await self._add(part.source_id, part.index, part.strength)
        self._show(run.result)
        self._kept, self._default_of = (asked, run.result), _unsteered(asked)

    async def _add(self, source: str, feature: int, strength: float | None = None) -> None:
        if len(self.features) >= MOST_FEATURES:
            raise BadInputError(f"At most {MOST_FEATURES} features fit here; remove one first.", field="features")
        view = await features.feature(self.r_model, source, feature)
        added = steered_feature(view, strength)
        self.features = [*(item for item in self.features if item["key"] != added["key"]), added]

    @rx.event
    async def add(self, source: str, feature: int) -> Any:
        """Steer one more feature, at its usual strength."""
        return await self._add_and_run(source, feature)

    async def _add_and_run(self, source: str, feature: int) -> Any:
        self.suggestions, self.wanted, self.problem = [], "", ""
        try:
            await self._add(source, int(feature))
        except LibraryError as error:
            self.problem = error.message
            return None
        return SteerState.run

    @rx.event
    async def add_first(self, form: dict[str, Any]) -> Any:
        """Enter in the box: the first suggestion for what is written."""
        words = str(form.get("wanted", ""))[:300]
        await self._suggest(words)
        if self.suggestions:
            return await self._add_and_run(self.suggestions[0]["source"], self.suggestions[0]["feature"])
        if words.strip():
            self.problem = f"No feature of {self.r_model} fits “{words[:80]}”."
        return None

    @rx.event
    async def suggest(self, words: str) -> None:
        """Features that fit what is being typed."""
        self.wanted = words[:300]
        await self._suggest(self.wanted)

    async def _suggest(self, words: str) -> None:
        self.suggestions = []
        try:
            if place := PLACE.fullmatch(words):
                self.suggestions = [await self._at(place)]
            elif len(words.strip()) > 1:
                found = await features.search_text(self.r_model, words, limit=8)
                self.suggestions = [_suggestion(hit.source_id, hit.index, hit.explanation) for hit in found]
        except LibraryError:
            self.suggestions = []

    async def _at(self, place: re.Match[str]) -> Suggestion:
        source = place["source"] or await self._source_at(int(place["layer"]))
        view = await features.feature(self.r_model, source, int(place["feature"]))
        return _suggestion(source, view.index, view.explanations[0].description if view.explanations else "")

    async def _source_at(self, layer: int) -> str:
        """The first browsable source at a layer."""
        sets = await catalog.source_sets(self.r_model)
        ready = [one.id for each in sets for one in each.sources if one.layer == layer and one.state == "ready"]
        if not ready:
            raise NotFoundError(f"No source of {self.r_model} at layer {layer} is imported.", field="layer")
        return ready[0]

    @rx.event
    def remove(self, key: str) -> Any:
        """Take a feature away."""
        self.features = [item for item in self.features if item["key"] != key]
        return SteerState.run

    @rx.event
    def set_strength(self, key: str, value: str) -> Any:
        """A slider moved or a number was typed: steer again with it."""
        strength = _finite(value)
        before = self.features
        if strength is not None:
            self.features = [with_strength(item, strength) if item["key"] == key else item for item in before]
        return SteerState.run if self.features != before else None

    @rx.event
    def set_setting(self, name: str, value: str) -> Any:
        """A number of the settings; out of range goes to the nearest end."""
        number = _finite(value)
        if number is None or name not in RANGES:
            return None
        low, high, whole = RANGES[name]
        kept = min(high, max(low, number))
        before = getattr(self, name)
        setattr(self, name, round(kept) if whole else kept)
        return SteerState.run if getattr(self, name) != before else None

    @rx.event
    def write(self, prompt: str) -> None:
        """The prompt as it is typed."""
        self.prompt = prompt

    @rx.event
    def submit(self, form: dict[str, Any]) -> Any:
        """Run with the prompt as it stands in the field."""
        self.prompt = str(form.get("prompt", self.prompt))
        return SteerState.run

    @rx.event
    def stop(self) -> None:
        """End the run; what is written stays."""
        self._number += 1
        self.busy = self.default_busy = False
        self.waiting = ""

    def _request(self) -> SteerRequest:
        parts = [
            steering.SteeredFeature(self.r_model, item["source"], item["feature"], item["strength"])
            for item in self.features
        ]
        return SteerRequest(
            self.r_model,
            self.prompt,
            parts,
            temperature=self.temperature,
            n_tokens=self.n_tokens,
            freq_penalty=self.freq_penalty,
            seed=self.seed,
            strength_multiplier=self.multiplier,
        )

    @rx.event(background=True, supersedes=True)
    async def run(self) -> None:
        """Write both texts again. An unsteered text that cannot have changed stays where it is."""
        async with self:
            request = self._request()
            self._number += 1
            mine, self.busy, self.problem, self._kept = self._number, True, "", None
            if self._default_of != _unsteered(request):
                self._default_of, self._default_text, self.default_runs = (), "", []
                self.default_busy = True
            self.asked = request.prompt
        for wait in (*RETRIES_S, None):
            try:
                await self._stream(request, mine)
            except UnavailableError as error:
                if await self._patience(error, wait, mine):
                    continue
            except LibraryError as error:
                await self._give_up(error, mine)
            return

    async def _patience(self, error: UnavailableError, wait: float | None, mine: int) -> bool:
        """Say that inference is not there yet and wait a while; False when there is no more sense in it."""
        if wait is None:
            await self._give_up(error, mine)
            return False
        async with self:
            if self._number != mine or not is_here(self):
                return False
            self.waiting = f"{error.message} This page tries again by itself."
        await asyncio.sleep(wait)
        async with self:
            return self._number == mine

    async def _give_up(self, error: LibraryError, mine: int) -> None:
        async with self:
            if self._number == mine:
                self.problem, self.waiting, self.busy, self.default_busy = error.message, "", False, False

    async def _stream(self, request: SteerRequest, mine: int) -> None:
        shown = 0.0
        async with aclosing(steering.stream(request)) as results:
            async for result in results:
                if not result.done and time.monotonic() - shown < FRAME_S:
                    continue
                shown = time.monotonic()
                async with self:
                    if self._number != mine or not is_here(self):
                        return
                    self.waiting = ""
                    self._show(result)
                    if result.done:
                        self._kept, self._default_of = (request, result), _unsteered(request)
                        self.busy = self.default_busy = False

    def _show(self, result: SteerResult) -> None:
        if not self._default_of:
            self._default_text = result.default.text
            self.default_runs = [Run(text=self._default_text, differs=False)]
            self.default_busy = not result.default.finish_reason
        parts = segments(result.steered.text, self._default_text)
        self.steered_runs = [Run(text=part.text, differs=part.differs) for part in parts]
        self.speed = f"{result.tokens_per_second:.0f} tok/s" if result.tokens_per_second else ""

    @rx.event(background=True, supersedes=True)
    async def run_sweep(self) -> None:
        """Five short texts with one seed, generated together."""
        async with self:
            request = self._request()
            self.sweep_texts = [SweepText(label=label, text="", done=False) for label in SWEEP]
        short = replace(request, n_tokens=SWEEP_TOKENS)
        try:
            async with aclosing(steering.sweep(short, list(SWEEP.values()))) as frames:
                async for texts in frames:
                    async with self:
                        self.sweep_texts = [
                            SweepText(label=label, text=text.text, done=bool(text.finish_reason))
                            for label, text in zip(SWEEP, texts, strict=True)
                        ]
        except LibraryError as error:
            async with self:
                self.problem, self.sweep_texts = error.message, []

    @rx.event
    async def share(self) -> AsyncIterator[Any]:
        """Keep this run and copy the address that opens it again."""
        if self._kept is None:
            yield rx.toast.info("Let a run finish first: the link keeps both texts as they are.")
            return
        run_id = await steering.save_run(*self._kept)
        path = f"/{quote(self.r_model, safe='')}/steer?{urlencode({'saved': run_id})}"
        yield rx.call_script(
            f"window.history.replaceState(null, '', {json.dumps(path)});"
            f"navigator.clipboard?.writeText(location.origin + {json.dumps(path)}).catch(() => null)"
        )
        yield rx.toast.success("Run kept, link copied", description=path)

    @rx.event
    def copy_python(self) -> Any:
        """Copy code that makes this run through the public API."""
        return [rx.set_clipboard(python_snippet(self._request(), self.router.url.origin)), rx.toast.success("Copied")]


def _suggestion(source: str, feature: int, label: str) -> Suggestion:
    place = f"{source.partition('-')[0]} · {feature}"
    return Suggestion(source=source, feature=feature, label=label or f"feature {feature}", place=place)


def _unsteered(request: SteerRequest) -> tuple[Any, ...]:
    """Everything that the unsteered text depends on."""
    return (
        request.model_id,
        request.prompt,
        request.temperature,
        request.n_tokens,
        request.freq_penalty,
        request.seed,
    )


def _finite(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if abs(number) <= steering.STRONGEST else None


def _whole(value: str) -> int:
    return int(value) if value.isdigit() and len(value) < 10 else -1


def notices() -> rx.Component:
    return rx.el.div(
        rx.cond(SteerState.problem != "", rx.el.p(SteerState.problem, class_name="notice amber", role="alert")),
        rx.cond(SteerState.waiting != "", rx.el.p(SteerState.waiting, class_name="notice", role="status")),
        class_name="steer-notices",
    )


def left() -> list[rx.Component]:
    return [
        card(
            add_box(
                SteerState.wanted,
                SteerState.suggestions,
                on_change=later(SteerState.suggest, 160),
                on_submit=SteerState.add_first,
                on_add=SteerState.add,
            ),
            feature_rows(
                SteerState.features,
                on_slide=SteerState.set_strength,
                on_type=SteerState.set_strength,
                on_remove=SteerState.remove,
            ),
            title="Features",
            class_name="open",
        ),
        settings_card(
            "Steering",
            setting(
                "all strengths times",
                "multiplier",
                SteerState.multiplier,
                step="0.1",
                on_change=SteerState.set_setting,
            ),
        ),
        settings_card(
            "Generation",
            setting(
                "temperature", "temperature", SteerState.temperature, step="0.1", on_change=SteerState.set_setting
            ),
            setting("new tokens", "n_tokens", SteerState.n_tokens, step="1", on_change=SteerState.set_setting),
            setting(
                "frequency penalty",
                "freq_penalty",
                SteerState.freq_penalty,
                step="0.1",
                on_change=SteerState.set_setting,
            ),
            setting("seed", "seed", SteerState.seed, step="1", on_change=SteerState.set_setting),
        ),
        card(
            rx.el.div(
                rx.el.button(
                    "Copy as Python", type="button", on_click=SteerState.copy_python, class_name="btn small"
                ),
                class_name="card-body row wrap",
            ),
            title="Reproduce",
        ),
    ]


def right() -> list[rx.Component]:
    return [
        rx.el.section(
            prompt_box(
                SteerState.prompt,
                on_change=SteerState.write,
                on_run=SteerState.submit,
                on_stop=SteerState.stop,
                busy=SteerState.busy,
            ),
            class_name="card",
            aria_label="Prompt",
        ),
        rx.el.div(
            pane(
                "As it is",
                SteerState.asked,
                SteerState.default_runs,
                speed="",
                busy=SteerState.default_busy,
                live=False,
            ),
            pane(
                "Steered",
                SteerState.asked,
                SteerState.steered_runs,
                speed=SteerState.speed,
                busy=SteerState.busy,
                live=True,
            ),
            class_name="steer-panes",
        ),
        sweep(SteerState.sweep_texts, on_run=SteerState.run_sweep, features=SteerState.features),
    ]


@rx.page(route="/[model_id]/steer", title=SteerState.title, on_load=SteerState.load)
def steer() -> rx.Component:
    return page(
        page_head(
            crumbs((SteerState.r_model, "/" + SteerState.r_model), ("Steer", "")),
            rx.el.button(
                "Share",
                type="button",
                on_click=SteerState.share,
                class_name="btn",
                data_key="c",
                data_key_label="keep this run and copy its link",
            ),
        ),
        rx.el.h1("Steer " + SteerState.r_model, class_name="sr"),
        notices(),
        rx.el.div(
            rx.el.div(*left(), class_name="side"), rx.el.div(*right(), class_name="stack"), class_name="cols steer"
        ),
        active="steer",
    )
