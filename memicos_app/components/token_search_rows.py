"""A search token by token as its page shows it: a row a token, and a row a feature of the whole text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import TypedDict

from memicos_app.components.feature_address import feature_path, with_text
from memicos_app.components.figures import share, value
from memicos_app.components.text_asked import Order, TokensAsked
from memicos_app.components.visible_text import one_line
from memicos_app.library.inference_search import TokenFeature, TokenSearch
from memicos_app.library.token_text import readable

SHOWN = 60
"""Features in the list of all."""


class Top(TypedDict):
    """A feature at one token."""

    index: str
    words: str
    value: float
    said: str
    href: str


class TokenRow(TypedDict):
    """A token with its strongest features."""

    place: str
    token: str
    special: bool
    tops: list[Top]


class WholeFeature(TypedDict):
    """A feature over the whole text."""

    index: str
    words: str
    count: str
    strongest: str
    density: str
    href: str


class OrderLink(TypedDict):
    """A way to sort the list of all features."""

    words: str
    href: str
    current: str


def token_rows(found: TokenSearch, text: str) -> list[TokenRow]:
    strings = readable(found.tokens)
    return [
        TokenRow(
            place=str(one.position),
            token=strings[one.position],
            special=one.is_special,
            tops=[top(found, feature, text) for feature in one.features],
        )
        for one in found.results
    ]


def top(found: TokenSearch, one: TokenFeature, text: str) -> Top:
    return Top(
        index=str(one.index),
        words=one_line(one.facts.explanation, 80) or f"feature {one.index}",
        value=round(one.value, 4),
        said=value(one.value),
        href=address(found, one.index, text),
    )


def address(found: TokenSearch, index: int, text: str) -> str:
    return feature_path(found.model_id, found.source_id, index) + with_text({}, text)


def whole_features(found: TokenSearch, order: Order, text: str) -> list[WholeFeature]:
    """Features that are among the strongest of any token, in the order that was asked for."""
    of_feature: dict[int, list[TokenFeature]] = defaultdict(list)
    for one in found.results:
        for feature in one.features:
            of_feature[feature.index].append(feature)
    ranked = sorted(of_feature.values(), key=KEYS[order])
    return [
        WholeFeature(
            index=str(each[0].index),
            words=one_line(each[0].facts.explanation, 120) or f"feature {each[0].index}",
            count=str(len(each)),
            strongest=value(max(one.value for one in each)),
            density="" if each[0].facts.density is None else share(each[0].facts.density),
            href=address(found, each[0].index, text),
        )
        for each in ranked[:SHOWN]
    ]


def strongest(each: list[TokenFeature]) -> float:
    return max(one.value for one in each)


KEYS: dict[Order, Callable[[list[TokenFeature]], tuple[float, float]]] = {
    "frequency": lambda each: (-len(each), -strongest(each)),
    "strength": lambda each: (-strongest(each), -len(each)),
    "density": lambda each: (each[0].facts.density if each[0].facts.density is not None else 2.0, -strongest(each)),
}


def order_link(asked: TokensAsked, order: Order) -> OrderLink:
    return OrderLink(
        words=order.capitalize(), href=replace(asked, order=order).address, current=str(order == asked.order).lower()
    )
