"""Parts of presets as people write them in a form, and their names in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from memicos_app.library.errors import BadInputError
from memicos_app.library.presets import PresetFeature
from memicos_app.library.steering import SteerCondition

_PLACE = r"([\w.-]{1,100})\s*[/:]\s*(\d{1,9})"
_NUMBER = r"([-−+]?\d+(?:\.\d+)?)"


def parse_features(text: str) -> list[PresetFeature]:
    """Features, one a line: `15-res-4k/53 120`.

    Raises:
        BadInputError: a line is not of this form.
    """
    features = []
    for number, line in enumerate(filter(str.strip, text.splitlines())):
        found = re.fullmatch(rf"\s*{_PLACE}\s+{_NUMBER}\s*", line)
        if found is None:
            raise BadInputError(
                f"Line {number + 1} should be a source, an index and a strength, as in 15-res-4k/53 120.",
                field="features",
            )
        features.append(PresetFeature(found[1], int(found[2]), _number(found[3])))
    return features


def features_text(features: Iterable[PresetFeature]) -> str:
    """What `parse_features` reads."""
    return "\n".join(f"{one.source}/{one.index} {one.strength:g}" for one in features)


def parse_condition(text: str) -> SteerCondition | None:
    """A feature that decides, and the value it has to exceed: `15-res-4k/53 > 2`; None where nothing is written.

    Raises:
        BadInputError: it is not of this form.
    """
    if not text.strip():
        return None
    found = re.fullmatch(rf"\s*{_PLACE}\s*(?:>\s*{_NUMBER})?\s*", text)
    if found is None:
        raise BadInputError(
            "The condition should be a source, an index and a value, as in 15-res-4k/53 > 2.", field="condition"
        )
    return SteerCondition(found[1], int(found[2]), _number(found[3] or "0"))


def condition_text(condition: SteerCondition | None) -> str:
    """What `parse_condition` reads."""
    return f"{condition.source_id}/{condition.index} > {condition.threshold:g}" if condition else ""


def parse_stops(text: str) -> list[str]:
    """Stop strings, one a line; `\\n` in one is a line break."""
    return [line.replace("\\n", "\n") for line in text.replace("\r\n", "\n").split("\n") if line]


def stops_text(stops: Sequence[str]) -> str:
    """What `parse_stops` reads."""
    return "\n".join(one.replace("\n", "\\n") for one in stops)


def alias_of(name: str, taken: Iterable[str] = ()) -> str:
    """A name for addresses out of one for people."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "preset"
    used, number, alias = set(taken), 1, base
    while alias in used:
        number += 1
        alias = f"{base}-{number}"
    return alias


def _number(text: str) -> float:
    return float(text.replace("−", "-"))
