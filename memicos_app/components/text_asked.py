"""What the addresses of the two searches by text ask for, under the parameters of the reference system."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, get_args
from urllib.parse import urlencode

DENSE = 0.01
"""Features that fire on a larger share of tokens are hidden unless they are asked for."""
LONGEST = 2000
"""Characters of a text that an address carries."""
Order = Literal["frequency", "strength", "density"]
ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True, slots=True)
class SearchAsked:
    """Features of a text over the sources of a set; the model and set may be left open."""

    text: str = ""
    model_id: str = ""
    set_name: str = ""
    source_ids: tuple[str, ...] = ()
    """None: those of the set that have dashboards here."""
    sort_by: tuple[int, ...] = ()
    ignore_bos: bool = True
    dense: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """Out of a query; what makes no sense is left out."""
        positions = [place for place in listed(parameters.get("sortIndexes", "")) if type(place) is int]
        return cls(
            text=parameters.get("q", "")[:LONGEST],
            model_id=parameters.get("modelId", "")[:200],
            set_name=parameters.get("sourceSet", "")[:200],
            source_ids=tuple(one for one in listed(parameters.get("selectedLayers", "")) if isinstance(one, str)),
            sort_by=tuple(sorted({place for place in positions if place >= 0})),
            ignore_bos=parameters.get("ignoreBos", "") != "false",
            dense=parameters.get("dense", "") == "true",
        )

    @property
    def address(self) -> str:
        """The page that shows this; defaults are left out of it."""
        return addressed(
            "/search",
            modelId=self.model_id,
            q=self.text,
            sourceSet=self.set_name,
            selectedLayers=json.dumps(self.source_ids) if self.source_ids else "",
            sortIndexes=json.dumps(self.sort_by) if self.sort_by else "",
            ignoreBos="" if self.ignore_bos else "false",
            dense="true" if self.dense else "",
        )

    def asking(self, text: str) -> Self:
        """Another text; tokens that were sorted by belong to the one before."""
        return replace(self, text=text[:LONGEST], sort_by=() if text != self.text else self.sort_by)

    def with_source(self, source_id: str, chosen: Sequence[str]) -> Self:
        """A source taken to those that are chosen, or left out; the last one stays."""
        return replace(self, source_ids=with_source(source_id, chosen))

    def with_token(self, place: int) -> Self:
        """A token sorted by, or no longer."""
        return replace(self, sort_by=tuple(sorted(set(self.sort_by) ^ {place})))


@dataclass(frozen=True, slots=True)
class TokensAsked:
    """The strongest features of one source at each token of a text."""

    text: str = ""
    model_id: str = ""
    source_id: str = ""
    ignore_bos: bool = True
    density: float = DENSE
    """0: dense features are shown."""
    order: Order = "frequency"

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Self:
        """Out of a query; what makes no sense is left out."""
        order = parameters.get("sortBy", "")
        return cls(
            text=parameters.get("text", "")[:LONGEST],
            model_id=parameters.get("modelId", "")[:200],
            source_id=parameters.get("source", "")[:200],
            ignore_bos=parameters.get("ignoreBos", "") != "false",
            density=share(parameters.get("densityThreshold", ""), DENSE),
            order=next((one for one in ORDERS if one == order), "frequency"),
        )

    @property
    def address(self) -> str:
        """The page that shows this; defaults are left out of it."""
        return addressed(
            "/search-topk-by-token",
            modelId=self.model_id,
            source=self.source_id,
            text=self.text,
            ignoreBos="" if self.ignore_bos else "false",
            densityThreshold="" if self.density == DENSE else f"{self.density:g}",
            sortBy="" if self.order == "frequency" else self.order,
        )


def addressed(path: str, **parameters: str) -> str:
    query = urlencode({name: value for name, value in parameters.items() if value})
    return f"{path}?{query}" if query else path


def with_source(source_id: str, chosen: Sequence[str]) -> tuple[str, ...]:
    """A source taken to those that are chosen, or left out; the last one stays."""
    kept = [one for one in chosen if one != source_id]
    return tuple(kept or chosen) if source_id in chosen else (*chosen, source_id)


def listed(text: str) -> list[object]:
    """A list written as JSON; none where it is something else."""
    try:
        found = json.loads(text)
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def share(text: str, usual: float) -> float:
    try:
        found = float(text)
    except ValueError:
        return usual
    return found if 0 <= found <= 1 else usual
