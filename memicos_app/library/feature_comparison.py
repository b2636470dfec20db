"""Two features side by side: how alike their directions are, what they share, and whether they fire together."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from memicos_app.library import activations, features
from memicos_app.library.activations import ActivationTest
from memicos_app.library.errors import BadInputError
from memicos_app.library.feature_cards import FeatureCard, feature_cards
from memicos_app.library.quick_lists import FeatureAddress
from memicos_app.library.token_text import readable

EXAMPLES = 12
"""Strongest examples of each, whose peaks are compared and of which some are shown."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Tokens that both features have among the first of a list."""

    name: str
    tokens: list[str]
    n_first: int
    n_second: int


@dataclass(frozen=True, slots=True)
class Together:
    """Both features on one text."""

    first: ActivationTest
    second: ActivationTest
    correlation: float | None
    """Pearson's, over the tokens that count; None where one of them is the same everywhere."""
    n_tokens: int
    problem: str = ""
    """Why there is no correlation."""


async def cards(first: FeatureAddress, second: FeatureAddress) -> dict[FeatureAddress, FeatureCard]:
    """Both small dashboards; a feature without one is left out."""
    return await feature_cards([first, second], examples=EXAMPLES)


def shared_tokens(first: FeatureCard, second: FeatureCard) -> list[Shared]:
    """What both push up, push down, and fire on the most, in the first one's order."""
    lists = (
        ("fires on", peaks(first), peaks(second)),
        ("pushes up", readable(first.positive_tokens), readable(second.positive_tokens)),
        ("pushes down", readable(first.negative_tokens), readable(second.negative_tokens)),
    )
    return [
        Shared(name, [token for token in dict.fromkeys(one) if token in set(other)], len(set(one)), len(set(other)))
        for name, one, other in lists
    ]


def peaks(card: FeatureCard) -> list[str]:
    """The strongest tokens of a feature's examples, the most frequent first."""
    counted = Counter(readable(example.tokens)[example.peak] for example in card.examples)
    return [token for token, _ in counted.most_common()]


async def decoder_cosine(first: FeatureAddress, second: FeatureAddress) -> float:
    """Cosine of the two decoder directions.

    Raises:
        BadInputError: they belong to different models, or do not live in one space; the message says which.
        NotFoundError: no such feature.
        UnavailableError: the worker is needed and down.
    """
    if first.model_id != second.model_id:
        raise BadInputError("Directions of different models cannot be compared.", field="b")
    one, other = await asyncio.gather(
        *(features.vector(at.model_id, at.source_id, at.index) for at in (first, second))
    )
    spaces = (one.space or one.hook_name, other.space or other.hook_name)
    if (spaces[0] != spaces[1] and one.hook_name != other.hook_name) or len(one.vector) != len(other.vector):
        sizes = f"{len(one.vector)} and {len(other.vector)} dimensions"
        raise BadInputError(f"Their directions live in {spaces[0]} and {spaces[1]} ({sizes}).", field="b")
    length = math.hypot(*one.vector) * math.hypot(*other.vector)
    product = math.fsum(a * b for a, b in zip(one.vector, other.vector, strict=True))
    return max(-1.0, min(1.0, product / length)) if length > 0 else 0.0


async def on_text(first: FeatureAddress, second: FeatureAddress, text: str) -> Together:
    """Both features on a text.

    Raises:
        BadInputError, NotFoundError: what was asked for cannot be right; `field` names it.
        UnavailableError: the worker is down, loading or busy.
    """
    one, other = await asyncio.gather(
        *(activations.test(at.model_id, at.source_id, at.index, text) for at in (first, second))
    )
    if one.token_ids != other.token_ids:
        return Together(one, other, None, 0, "The two models read the text as different tokens.")
    counts = [
        place
        for place, (special, also) in enumerate(zip(one.tokens_is_special, other.tokens_is_special, strict=True))
        if not (special or also)
    ]
    correlation = pearson([one.values[place] for place in counts], [other.values[place] for place in counts])
    problem = "" if correlation is not None else "One of them has the same value on every token."
    return Together(one, other, correlation, len(counts), problem)


def pearson(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Pearson's correlation of two lists of the same length; None where one does not vary."""
    n = len(first)
    if n < 2:
        return None
    mean, other_mean = math.fsum(first) / n, math.fsum(second) / n
    ahead, also = [value - mean for value in first], [value - other_mean for value in second]
    length = math.hypot(*ahead) * math.hypot(*also)
    if length <= 1e-12 * (1 + abs(mean)) * (1 + abs(other_mean)):
        return None
    product = math.fsum(a * b for a, b in zip(ahead, also, strict=True))
    return max(-1.0, min(1.0, product / length))
