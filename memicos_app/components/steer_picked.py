"""Which features the steer page steers: finding, adding, removing them, and their strengths."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import reflex as rx

from memicos_app.components.rights import declares
from memicos_app.components.steer_features import (
    SteeredFeature,
    Suggestion,
    kept_vector,
    scaled,
    steered_feature,
    steered_vector,
    with_strength,
)
from memicos_app.library import catalog, features, steering, vectors
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import BadInputError, LibraryError, NotFoundError
from memicos_app.library.steering import SteeredFeature as AskedFeature
from memicos_app.library.steering import SteeredVector

MOST_FEATURES = 8
REACH = {"ORTHOGONAL_DECOMP": (20.0, 0.0), "ABLATION": (2.0, 1.0)}
"""Limit of the slider and strength to begin with, where a method does not read strengths as activations."""
PLACE = re.compile(r"\s*(?:(?P<source>[\w.-]*-[\w.-]+)|(?P<layer>\d+))\s*[/·: ]\s*(?P<feature>\d+)\s*")


@declares(Right.READ)
class PickedFeatures(rx.State, mixin=True):
    """Features with their strengths; the page that mixes this in has `run`, which steers with them."""

    features: list[SteeredFeature] = []
    suggestions: list[Suggestion] = []
    turn: int = 0
    method: str = "SIMPLE_ADDITIVE"
    _taken: str = ""
    _vectors: dict[str, SteeredVector] = {}
    problem: str = ""
    r_model: str = ""

    def _again(self) -> Any:
        """The event that steers with the features as they are now."""
        return type(self).event_handlers["run"]

    async def _add(self, source: str, feature: int, strength: float | None = None) -> None:
        if len(self.features) >= MOST_FEATURES:
            raise BadInputError(f"At most {MOST_FEATURES} features fit here; remove one first.", field="features")
        if vectors.is_vector(source):
            vector = await vectors.get(self.r_model, source, feature)
            added = steered_vector(vector, strength)
            self._hold(added["key"], SteeredVector(vector.values, 0.0, vector.hook_name, vector.label))
        else:
            added = steered_feature(await features.feature(self.r_model, source, feature), strength)
        if self.method in REACH and strength is None:
            added = scaled(added, *REACH[self.method])
        self._put(added)

    def _put(self, added: SteeredFeature) -> None:
        self.features = [*(item for item in self.features if item["key"] != added["key"]), added]

    def _hold(self, key: str, vector: SteeredVector) -> None:
        self._vectors = {**self._vectors, key: vector}

    def _add_kept(self, vector: SteeredVector) -> None:
        """Steer with a vector that a saved run holds."""
        key = f"kept/{len(self._vectors)}"
        self._hold(key, vector)
        self._put(kept_vector(key, vector))

    def _picked(self) -> tuple[list[AskedFeature], list[SteeredVector]]:
        """Features and vectors as a request has them."""
        found = [
            AskedFeature(self.r_model, one["source"], one["feature"], one["strength"])
            for one in self.features
            if not one["vector"]
        ]
        held = [
            replace(self._vectors[one["key"]], strength=one["strength"]) for one in self.features if one["vector"]
        ]
        return found, held

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
        self.suggestions = await self._found(words)
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
            self.suggestions = await self._found(words[:300])

    async def _found(self, words: str) -> list[Suggestion]:
        """What fits words or a place; nothing where the database does not answer."""
        try:
            if place := PLACE.fullmatch(words):
                return [await self._at(place)]
            if len(words.strip()) < 2:
                return []
            found = await features.search_text(self.r_model, words, limit=8)
            own = await self._own(words.strip().lower())
        except LibraryError:
            return []
        return [*own, *(_suggestion(hit.source_id, hit.index, hit.explanation) for hit in found)][:8]

    async def _own(self, words: str) -> list[Suggestion]:
        """Vectors of one's own whose names hold the words."""
        owned = [one for one in await vectors.owned(self.r_model) if words in one.label.lower()]
        return [
            Suggestion(source=one.source_id, feature=one.index, label=one.label, place="vector") for one in owned[:3]
        ]

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
    def choose_method(self, method: str) -> Any:
        """Steer by another method; where it reads strengths differently they begin anew."""
        before, self.method = self.method, method
        if before != method and (before in REACH or method in REACH):
            self.features = [scaled(item, *_reach(item, method)) for item in self.features]
        return self._again() if before != method else None

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


def _reach(item: SteeredFeature, method: str) -> tuple[float, float]:
    return REACH.get(method, (2.5 * item["usual"], item["usual"]))


def _suggestion(source: str, feature: int, label: str) -> Suggestion:
    place = f"{source.partition('-')[0]} · {feature}"
    return Suggestion(source=source, feature=feature, label=label or f"feature {feature}", place=place)


def finite(value: object) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if abs(number) <= steering.STRONGEST else None
