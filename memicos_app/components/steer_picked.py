"""Which features the steer page steers: finding, adding, removing them, and their strengths."""

from __future__ import annotations

import re
from typing import Any

import reflex as rx

from memicos_app.components.steer_features import SteeredFeature, Suggestion, steered_feature, with_strength
from memicos_app.library import catalog, features, steering
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError

MOST_FEATURES = 8
PLACE = re.compile(r"\s*(?:(?P<source>[\w.-]*-[\w.-]+)|(?P<layer>\d+))\s*[/·: ]\s*(?P<feature>\d+)\s*")


class PickedFeatures(rx.State, mixin=True):
    """Features with their strengths; the page that mixes this in has `run`, which steers with them."""

    features: list[SteeredFeature] = []
    suggestions: list[Suggestion] = []
    turn: int = 0
    _taken: str = ""
    problem: str = ""
    r_model: str = ""

    def _again(self) -> Any:
        """The event that steers with the features as they are now."""
        return type(self).event_handlers["run"]

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
        self.suggestions, self.problem = [], ""
        self.turn += 1
        try:
            await self._add(source, int(feature))
        except LibraryError as error:
            self.problem = error.message
            return None
        return self._again()

    @rx.event
    async def add_first(self, form: dict[str, Any]) -> Any:
        """Enter in the box: the first suggestion for what is written."""
        words = str(form.get("wanted", ""))[:300]
        self._taken = words
        await self._suggest(words)
        if self.suggestions:
            return await self._add_and_run(self.suggestions[0]["source"], self.suggestions[0]["feature"])
        if words.strip():
            self.problem = f"No feature of {self.r_model} fits “{words[:80]}”."
        return None

    @rx.event
    async def suggest(self, words: str) -> None:
        """Features that fit what is being typed."""
        taken, self._taken = self._taken, ""
        if words != taken:
            await self._suggest(words[:300])

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
        return self._again()

    @rx.event
    def set_strength(self, key: str, value: str) -> Any:
        """A slider moved or a number was typed: steer again with it."""
        strength = finite(value)
        before = self.features
        if strength is not None:
            self.features = [with_strength(item, strength) if item["key"] == key else item for item in before]
        return self._again() if self.features != before else None


def _suggestion(source: str, feature: int, label: str) -> Suggestion:
    place = f"{source.partition('-')[0]} · {feature}"
    return Suggestion(source=source, feature=feature, label=label or f"feature {feature}", place=place)


def finite(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if abs(number) <= steering.STRONGEST else None
