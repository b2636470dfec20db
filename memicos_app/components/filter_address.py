"""The filters of a feature list in its address: `density=0.001..0.01&type=np_max-act&fires=yes`, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from urllib.parse import quote, unquote

from memicos_app.library.feature_filters import OPEN, FeatureFilter, Span

LONGEST = 200
YES_NO = {"yes": True, "no": False}
PARAMETERS = ("density", "activation", "scoreType", "score", "type", "explainer", "explained", "fires")


def filters_of(parameters: Mapping[str, str]) -> FeatureFilter:
    """What the parameters of an address ask for; what makes no sense there leaves nothing out."""
    kind = parameters.get("scoreType", "").strip()[:LONGEST]
    return FeatureFilter(
        density=span_of(parameters.get("density", "")),
        max_activation=span_of(parameters.get("activation", "")),
        score_type=kind,
        score=span_of(parameters.get("score", "")) if kind else OPEN,
        types=names_of(parameters.get("type", "")),
        explainers=names_of(parameters.get("explainer", "")),
        explained=YES_NO.get(parameters.get("explained", "")),
        live=YES_NO.get(parameters.get("fires", "")),
    )


def parameters_of(wanted: FeatureFilter) -> dict[str, str]:
    """The same as parameters; empty parts are empty texts."""
    said = {True: "yes", False: "no", None: ""}
    return {
        "density": span_words(wanted.density),
        "activation": span_words(wanted.max_activation),
        "scoreType": wanted.score_type,
        "score": span_words(wanted.score),
        "type": names_words(wanted.types),
        "explainer": names_words(wanted.explainers),
        "explained": said[wanted.explained],
        "fires": said[wanted.live],
    }


def span_of(text: str) -> Span:
    """`0.1..2`, `..2` or `0.1..`; everything else is open."""
    low, dots, high = text.partition("..")
    if not dots:
        return OPEN
    ends = (number(low), number(high))
    if any(end is None and part.strip() for end, part in zip(ends, (low, high), strict=True)):
        return OPEN
    span = Span(*ends)
    return OPEN if span.low is not None and span.high is not None and span.low > span.high else span


def number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and "_" not in text else None


def span_words(span: Span) -> str:
    return "" if span.is_open else "..".join("" if end is None else f"{end:.9g}" for end in (span.low, span.high))


def names_of(text: str) -> tuple[str, ...]:
    """Names with commas between them; a comma within a name is escaped."""
    return tuple(dict.fromkeys(unquote(one)[:LONGEST] for one in text.split(",")[:50] if one))


def names_words(names: tuple[str, ...]) -> str:
    return ",".join(quote(name, safe=" /:()[]@") for name in names)
