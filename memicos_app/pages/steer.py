"""The steer page: features with sliders on the left, the model's text unsteered and steered on the right."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlencode

import reflex as rx

from memicos_app.components.layout import card, crumbs, page, page_head
from memicos_app.components.steer_features import (
    add_box,
    feature_rows,
    later,
    setting,
    settings_card,
)
from memicos_app.components.steer_panes import pane, prompt_box, sweep
from memicos_app.components.steer_picked import PickedFeatures, finite
from memicos_app.components.steer_snippet import python_snippet
from memicos_app.components.steer_writing import SteerWriting, unsteered
from memicos_app.library import catalog, saved_runs, steering
from memicos_app.library.errors import LibraryError
from memicos_app.library.steering import SteerRequest

PROMPT = "The house at the end of the street was"
RANGES = {
    "multiplier": (0.0, 10.0, False),
    "temperature": (0.0, 2.0, False),
    "n_tokens": (1, 256, True),
    "freq_penalty": (-2.0, 2.0, False),
    "seed": (-100_000_000, 100_000_000, True),
}


class SteerState(PickedFeatures, SteerWriting, rx.State):
    """What is steered, how, and what the model wrote."""

    prompt: str = PROMPT
    multiplier: float = 1.0
    temperature: float = 0.5
    n_tokens: int = 64
    freq_penalty: float = 0.5
    seed: int = 16
    title: str = "Steer · MemicOS"

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
                await self._add(query["source"], _whole(query["index"]), finite(query.get("strength")))
        except LibraryError as error:
            self.problem = error.message
            return
        if self.features:
            yield SteerState.run

    async def _open(self, run_id: str) -> None:
        run = await saved_runs.load_run(run_id)
        asked = run.request
        self.prompt, self.seed, self.n_tokens = asked.prompt, asked.seed, asked.n_tokens
        self.multiplier, self.temperature = asked.strength_multiplier, asked.temperature
        self.freq_penalty, self.asked = asked.freq_penalty, asked.prompt
        for part in asked.features:
            await self._add(part.source_id, part.index, part.strength)
        self._show(run.result)
        self._kept, self._default_of = (asked, run.result), unsteered(asked)

    @rx.event
    def set_setting(self, name: str, value: str) -> Any:
        """A number of the settings; out of range goes to the nearest end."""
        number = finite(value)
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

    @rx.event
    async def share(self) -> AsyncIterator[Any]:
        """Keep this run and copy the address that opens it again."""
        if self._kept is None:
            yield rx.toast.info("Let a run finish first: the link keeps both texts as they are.")
            return
        run_id = await saved_runs.save_run(*self._kept)
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
                SteerState.turn,
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
