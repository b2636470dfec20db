"""Presets on the steer page: begin with one, and keep what is set as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypedDict

import reflex as rx

from memicos_app.components.rights import declares, needs
from memicos_app.components.steer_features import SteeredFeature
from memicos_app.library import ownership, preset_text, presets, vectors
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError
from memicos_app.library.presets import Preset, PresetFeature
from memicos_app.library.steering import SteerCondition

Var: TypeAlias = Any
Handler: TypeAlias = Any
VECTOR = "vector:"
"""Before a vector's source and index, where a preset's alias would stand."""


class PresetName(TypedDict):
    """A preset as it is chosen."""

    alias: str
    name: str


@declares(Right.READ)
class SteerPresets(rx.State, mixin=True):
    """Which presets there are; the page that mixes this in has features, options and `run`."""

    prompt_presets: list[PresetName] = []
    feature_presets: list[PresetName] = []
    own_vectors: list[PresetName] = []
    may_edit: bool = False
    features: list[SteeredFeature] = []
    problem: str = ""
    r_model: str = ""

    def _put_words(self, words: str) -> None:
        raise NotImplementedError

    async def _add(self, source: str, feature: int, strength: float | None = None) -> None:
        raise NotImplementedError

    def _set_options(self, options: dict[str, presets.Option]) -> None:
        raise NotImplementedError

    def _options(self) -> dict[str, presets.Option]:
        """What is set, by the names that a request has for it."""
        raise NotImplementedError

    def _stops(self) -> list[str]:
        raise NotImplementedError

    def _set_stops(self, stops: Sequence[str]) -> None:
        raise NotImplementedError

    def _only_where(self) -> SteerCondition | None:
        raise NotImplementedError

    async def _recall_condition(self, condition: SteerCondition | None) -> None:
        raise NotImplementedError

    async def _list_presets(self) -> None:
        found = await presets.of_model(self.r_model)
        named = {kind: [PresetName(alias=o.alias, name=o.name) for o in found if o.kind == kind] for kind in KINDS}
        self.prompt_presets, self.feature_presets = named["prompt"], named["features"]
        self.own_vectors = [
            PresetName(alias=f"{VECTOR}{one.source_id}/{one.index}", name=one.label)
            for one in await vectors.owned(self.r_model)
        ]
        self.may_edit = ownership.may_edit()

    @rx.event
    async def begin_with(self, alias: str) -> Any:
        """Put a preset in place of what is there, or a vector beside it, and steer."""
        self.problem = ""
        try:
            await self._begin_with(alias)
        except LibraryError as error:
            self.problem = error.message
            return None
        return type(self).event_handlers["run"]

    async def _begin_with(self, alias: str) -> None:
        if alias.startswith(VECTOR):
            source, _, index = alias.removeprefix(VECTOR).partition("/")
            await self._add(source, int(index))
            return
        chosen = await presets.by_alias(self.r_model, alias)
        if chosen.prompt:
            self._put_words(chosen.prompt)
        if chosen.kind == "prompt":
            return
        self._set_options(chosen.options)
        self._set_stops(chosen.stop)
        await self._recall_condition(chosen.condition)
        self.features = []
        for one in chosen.features:
            await self._add(one.source, one.index, one.strength)

    @rx.event
    @needs(Right.MANAGE)
    async def keep_preset(self, form: dict[str, Any]) -> Any:
        """Keep the features and options as they are under a name."""
        name = str(form.get("name", "")).strip()[: presets.LONGEST_NAME]
        try:
            ownership.require_owner()
            taken = [one["alias"] for one in (*self.prompt_presets, *self.feature_presets)]
            parts = [PresetFeature(one["source"], one["feature"], one["strength"]) for one in self.features]
            alias, options = preset_text.alias_of(name, taken), self._options()
            kept = Preset(self.r_model, alias, name, features=parts, options=options, rank=100)
            kept = await presets.save(replace(kept, stop=self._stops(), condition=self._only_where()))
            await self._list_presets()
        except LibraryError as error:
            return rx.toast.error(error.message)
        return rx.toast.success("Preset kept", description=f"/{self.r_model}/steer?preset={kept.alias}")


KINDS = ("prompt", "features")


def preset_select(prompts: Var, features: Var, own: Var, *, on_pick: Handler) -> rx.Component:
    """The presets as a select whose first line is its name."""
    return rx.el.select(
        rx.el.option("Presets", value="", hidden=True),
        group("Features", features),
        group("Prompts", prompts),
        group("Your vectors", own),
        value="",
        on_change=on_pick,
        aria_label="Begin with a preset",
        class_name="select small steer-presets",
    )


def group(title: str, items: Var) -> rx.Component:
    options = rx.foreach(items, lambda one: rx.el.option(one["name"], value=one["alias"]))
    return rx.cond(items.length() > 0, rx.el.optgroup(options, label=title))


def keep_form(*, on_keep: Handler) -> rx.Component:
    """A name, and the features are a preset."""
    return rx.el.form(
        rx.el.input(
            name="name",
            placeholder="Name of a preset",
            aria_label="Name of the preset",
            auto_complete="off",
            max_length=presets.LONGEST_NAME,
            class_name="input small",
        ),
        rx.el.button("Keep", type="submit", class_name="btn small"),
        on_submit=on_keep,
        reset_on_submit=True,
        class_name="row",
    )
