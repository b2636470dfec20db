"""What the address of a contrastive search asks for: the texts of both sides and how they are compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from memicos_app.components.text_asked import addressed, listed, with_source
from memicos_app.library.contrast import MAX_SIDE, MEASURES, Measure

LONGEST = 800
"""Characters of one text that an address carries."""
Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContrastAsked:
    """Two sides of texts over the sources of a set; the model and set may be left open."""

    first: Texts = ()
    second: Texts = ()
    model_id: str = ""
    set_name: str = ""
    source_ids: tuple[str, ...] = ()
    """None: those of the set that have dashboards here."""
    measure: Measure = "peak"
    dense: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """Out of a query; what makes no sense is left out."""
        measure = parameters.get("measure", "")
        return cls(
            first=side(parameters.get("first", "")),
            second=side(parameters.get("second", "")),
            model_id=parameters.get("modelId", "")[:200],
            set_name=parameters.get("sourceSet", "")[:200],
            source_ids=tuple(one for one in listed(parameters.get("selectedLayers", "")) if isinstance(one, str)),
            measure=next((one for one in MEASURES if one == measure), "peak"),
            dense=parameters.get("dense", "") == "true",
        )

    @property
    def address(self) -> str:
        """The page that shows this; defaults are left out of it."""
        return addressed(
            "/search-contrast",
            modelId=self.model_id,
            first=written(self.first),
            second=written(self.second),
            sourceSet=self.set_name,
            selectedLayers=json.dumps(self.source_ids) if self.source_ids else "",
            measure="" if self.measure == "peak" else self.measure,
            dense="true" if self.dense else "",
        )

    @property
    def is_complete(self) -> bool:
        """Whether there is a text on either side."""
        return bool(self.first and self.second)

    def asking(self, first: Sequence[str], second: Sequence[str]) -> Self:
        """Other texts; empty ones are left out."""
        return replace(self, first=kept(first), second=kept(second))

    def swapped(self) -> Self:
        """The sides changed over."""
        return replace(self, first=self.second, second=self.first)

    def with_source(self, source_id: str, chosen: Sequence[str]) -> Self:
        """A source taken to those that are chosen, or left out; the last one stays."""
        return replace(self, source_ids=with_source(source_id, chosen))


def side(text: str) -> Texts:
    """The texts of one side: a list written as JSON, or the one text itself."""
    texts = [one for one in listed(text) if isinstance(one, str)]
    return kept(texts or [text])


def kept(texts: Sequence[str]) -> Texts:
    return tuple(one[:LONGEST] for one in texts if one.strip())[:MAX_SIDE]


def written(texts: Texts) -> str:
    """As `side` reads it; a single text stands for itself."""
    single = len(texts) == 1 and not listed(texts[0])
    return "".join(texts) if single or not texts else json.dumps(texts, ensure_ascii=False)
