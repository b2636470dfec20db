"""Many features at a glance: for each what its small dashboard shows, read together.

Of each source all features come with one question, and of their examples only the strongest few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from memicos_app.db.text import original, originals
from memicos_app.library import blocks, histograms, sequences
from memicos_app.library.blocks import Block
from memicos_app.library.query import Row, rows
from memicos_app.library.quick_lists import FeatureAddress
from memicos_app.library.views import Histogram

EXAMPLES = 4
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class CardExample:
    """A window of tokens with a value each, and where the largest is."""

    tokens: list[str]
    values: list[float]
    peak: int


@dataclass(frozen=True, slots=True)
class FeatureCard:
    """What the small dashboard of a feature shows."""

    address: FeatureAddress
    explanation: str
    explanation_type: str
    density: float
    max_activation: float
    negative_tokens: list[str]
    negative_values: list[float]
    positive_tokens: list[str]
    positive_values: list[float]
    histogram: Histogram
    """Of its activations."""
    examples: list[CardExample] = field(default_factory=list)


async def feature_cards(
    wanted: Iterable[FeatureAddress], *, examples: int = EXAMPLES
) -> dict[FeatureAddress, FeatureCard]:
    """Cards of those features that have a dashboard.

    Args:
        examples: strongest examples of each.
    """
    of_source: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in wanted:
        of_source[one.model_id, one.source_id].append(one.index)
    found: dict[FeatureAddress, FeatureCard] = {}
    for (model_id, source_id), indices in of_source.items():
        for card in await _of_source(model_id, source_id, indices, examples):
            found[card.address] = card
    return found


async def _of_source(model_id: str, source_id: str, indices: Sequence[int], examples: int) -> list[FeatureCard]:
    for _ in range(_ATTEMPTS):
        found = await rows(_CARDS, model=model_id, source=source_id, indices=list(indices))
        try:
            shown = await _examples(found, examples)
        except sequences.GenerationGone:
            continue
        return [_card(model_id, source_id, one, shown.get(one["index"], [])) for one in found]
    return []


_CARDS = """
    SELECT f.generation_id, f.index, f.density, f.max_activation, f.negative_tokens, f.negative_values,
           f.positive_tokens, f.positive_values, f.histograms, coalesce(l.description, '') AS description,
           coalesce(l.type_name, '') AS type_name, e.block
    FROM sources AS s
    JOIN features AS f ON f.generation_id = s.current_generation AND f.index = ANY(:indices)
    LEFT JOIN feature_labels AS l ON l.generation_id = f.generation_id AND l.index = f.index
    LEFT JOIN feature_examples AS e ON e.generation_id = f.generation_id AND e.index = f.index
    WHERE s.model_id = :model AND s.id = :source
"""


async def _examples(found: Sequence[Row], most: int) -> dict[int, list[CardExample]]:
    decoded = {one["index"]: blocks.decode(bytes(one["block"])) for one in found if one["block"] is not None}
    filled = {index: block for index, block in decoded.items() if len(block)}
    if not filled:
        return {}
    windows = await sequences.windows_of_many(found[0]["generation_id"], list(filled.values()), only=most)
    return {index: _shown(block, tokens) for (index, block), tokens in zip(filled.items(), windows, strict=True)}


def _shown(block: Block, windows: Sequence[list[str]]) -> list[CardExample]:
    """The first examples that fire; they are stored strongest first."""
    columns = zip(windows, block.values(), block.peaks(), block.maxima(), strict=False)
    return [CardExample(tokens, values, peak) for tokens, values, peak, largest in columns if largest > 0]


def _card(model_id: str, source_id: str, one: Row, examples: list[CardExample]) -> FeatureCard:
    activations, _ = histograms.unpack(bytes(one["histograms"]))
    return FeatureCard(
        address=FeatureAddress(model_id, source_id, one["index"]),
        explanation=original(one["description"]),
        explanation_type=original(one["type_name"]),
        density=one["density"],
        max_activation=one["max_activation"],
        negative_tokens=originals(one["negative_tokens"]),
        negative_values=list(one["negative_values"]),
        positive_tokens=originals(one["positive_tokens"]),
        positive_values=list(one["positive_values"]),
        histogram=activations,
        examples=examples,
    )
