"""What the address of a search by explanation asks for: words or an explanation, where to look, what to leave out.

Parameters that the reference system has keep its names: `q`, `releaseName`, `modelId`, `sources`, `embed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from memicos_app.components.text_asked import addressed, listed
from memicos_app.library.explanation_search import Filters, Scope, Way
from memicos_app.library.explanation_search.asked import WAYS, Bounds

PATH = "/search-explanations"
LONGEST = 200
"""Characters of a query."""
OPEN: Bounds = (None, None)
BOUNDED = ("density", "score", "activation")
"""Names in addresses: `minDensity`, `maxDensity`, `minScore`…"""
SCALE = {"density": 100}
"""People type a density in per cent."""
NAMED = ("models", "sets", "types", "explainers")
MOST = 200
"""Names or layers that a filter has."""


@dataclass(frozen=True, slots=True)
class ExplanationsAsked:
    """Features by what they mean; everything but the words may be left open."""

    query: str = ""
    like: str = ""
    """Id of an explanation whose like is looked for, instead of words."""
    release: str = ""
    model_id: str = ""
    source_ids: tuple[str, ...] = ()
    way: Way = "hybrid"
    models: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    layers: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    explainers: tuple[str, ...] = ()
    density: Bounds = OPEN
    score: Bounds = OPEN
    activation: Bounds = OPEN
    embed: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """Out of a query; what makes no sense is left out."""
        way = parameters.get("way", "")
        rest: dict[str, Any] = {name: names(parameters.get(name, "")) for name in NAMED}
        rest |= {name: bounds_of(parameters, name) for name in BOUNDED}
        return cls(
            query=parameters.get("q", "").strip()[:LONGEST],
            like=parameters.get("like", "")[:200],
            release=parameters.get("releaseName", "")[:200],
            model_id=parameters.get("modelId", "")[:200],
            source_ids=names(parameters.get("sources", "")),
            way=next((one for one in WAYS if one == way), "hybrid"),
            layers=layers_of(parameters.get("layers", "")),
            embed=parameters.get("embed", "") == "true",
            **rest,
        )

    @property
    def address(self) -> str:
        """The page that shows this; defaults are left out of it."""
        bounds = {
            f"{side}{name.capitalize()}": "" if bound is None else f"{bound:.10g}"
            for name in BOUNDED
            for side, bound in zip(("min", "max"), getattr(self, name), strict=True)
        }
        return addressed(
            PATH,
            q=self.query,
            like=self.like,
            releaseName=self.release,
            modelId=self.model_id,
            sources=written(self.source_ids),
            way="" if self.way == "hybrid" else self.way,
            layers=layers_text(self.layers).replace(" ", ""),
            **{name: written(getattr(self, name)) for name in NAMED},
            **bounds,
            embed="true" if self.embed else "",
        )

    @property
    def is_asking(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.query or self.like)

    @property
    def scope(self) -> Scope:
        """Where to look: a release goes before a model, sources belong to a model."""
        if self.release:
            return Scope("release", release=self.release)
        if self.model_id and self.source_ids:
            return Scope("sources", model_id=self.model_id, source_ids=self.source_ids)
        return Scope("model", model_id=self.model_id) if self.model_id else Scope("all")

    @property
    def filters(self) -> Filters:
        """What to leave out."""
        return Filters(
            models=self.models,
            sets=self.sets,
            layers=self.layers,
            types=self.types,
            explainers=self.explainers,
            density=self.density,
            score=self.score,
            max_activation=self.activation,
        )

    def asking(self, words: str) -> Self:
        """Other words, looked for in the same places."""
        return replace(self, query=words.strip()[:LONGEST], like="")

    def alike(self, explanation_id: str) -> Self:
        """What is like an explanation, in the same places."""
        return replace(self, query="", like=explanation_id)

    def within(self, where: str) -> Self:
        """Another scope, named as `scope_name` names it: `all`, `release:X`, `model:X`."""
        kind, _, name = where.partition(":")
        release, model_id = (name if kind == one else "" for one in ("release", "model"))
        return replace(self, release=release, model_id=model_id, source_ids=(), models=())

    @property
    def scope_name(self) -> str:
        if self.release:
            return f"release:{self.release}"
        return f"model:{self.model_id}" if self.model_id else "all"

    def bounded(self, name: str, side: str, text: str) -> Self:
        """A filter's `min` or `max` as it was typed; nothing, and what is no number, opens it."""
        low, high = getattr(self, name)
        typed = number(text)
        bound = None if typed is None else typed / SCALE.get(name, 1)
        both: dict[str, Any] = {name: (bound, high) if side == "min" else (low, bound)}
        return replace(self, **both)

    def unfiltered(self) -> ExplanationsAsked:
        """Without any filter."""
        return ExplanationsAsked(
            self.query, self.like, self.release, self.model_id, self.source_ids, self.way, embed=self.embed
        )


def search_in(words: str = "", **parameters: str) -> str:
    """The address of a search; parameters are those of the address."""
    return ExplanationsAsked.of({"q": words, **parameters}).address


def names(text: str) -> tuple[str, ...]:
    """A list of names as JSON, or one name by itself."""
    found = [one[:200] for one in listed(text) if isinstance(one, str) and one]
    return tuple(dict.fromkeys(found or ([text[:200]] if text and not text.startswith(("[", "{")) else [])))[:MOST]


def written(each: Sequence[str]) -> str:
    return json.dumps(each, ensure_ascii=False) if each else ""


def layers_of(text: str) -> tuple[int, ...]:
    """`7, 10-12` as layers in order; anything else is left out."""
    found: set[int] = set()
    for low, high in re.findall(r"(?<![\d-])(\d{1,4})(?:\s*[-–]\s*(\d{1,4}))?", text, re.ASCII):
        found.update(range(int(low), int(high or low) + 1))
    return tuple(sorted(found))[:MOST]


def layers_text(layers: Sequence[int]) -> str:
    """Layers as `layers_of` reads them, neighbours together."""
    stretches: list[list[int]] = []
    for layer in sorted(set(layers)):
        if stretches and layer == stretches[-1][-1] + 1:
            stretches[-1].append(layer)
        else:
            stretches.append([layer])
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]}-{one[-1]}" for one in stretches)


def bounds_of(parameters: Mapping[str, str], name: str) -> Bounds:
    low, high = (number(parameters.get(f"{side}{name.capitalize()}", "")) for side in ("min", "max"))
    return low, high


def number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if abs(found) < 1e30 else None
