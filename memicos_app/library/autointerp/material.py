"""What explainers see of a feature: its strongest different texts and the tokens that it makes likelier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from memicos_app.db.text import originals
from memicos_app.library import blocks, catalog, sequences, vectors
from memicos_app.library.activation_views import activation_views
from memicos_app.library.errors import BadInputError, NotFoundError, UnavailableError
from memicos_app.library.query import row
from memicos_app.library.token_text import readable
from memicos_app.library.views import ActivationView

SCALE = 10
"""Activations are shown as 0 to 10, 10 being the strongest that the explainer sees of the feature."""
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class FeatureName:
    """A feature by its address."""

    model_id: str
    source_id: str
    index: int

    def __str__(self) -> str:
        return f"{self.model_id}/{self.source_id}/{self.index}"


@dataclass(frozen=True, slots=True)
class Text:
    """A text in which the feature fires."""

    tokens: tuple[str, ...]
    values: tuple[float, ...]
    peak: int
    source: int | None = None
    """Position of the token that gave most to the activation at `target`; only of attention layers' features."""
    target: int | None = None

    def window(self, around: int) -> range:
        """Positions at most `around` from the peak."""
        return range(max(0, self.peak - around), min(len(self.tokens), self.peak + around + 1))


@dataclass(frozen=True, slots=True)
class Material:
    """Everything explainers look at."""

    name: FeatureName
    texts: tuple[Text, ...]
    """Strongest first, each different text once, only those in which it fires."""
    likelier: tuple[str, ...]
    """Tokens whose logit the feature raises most."""

    def level(self, value: float) -> int:
        """An activation on the scale from 0 to 10; what fires at all is at least 1."""
        if value <= 0 or not self.texts:
            return 0
        return max(1, min(SCALE, round(SCALE * value / max(self.texts[0].values))))


async def material(name: FeatureName) -> Material:
    """What is stored of a feature.

    Raises:
        NotFoundError: there is no such feature.
        BadInputError: it has no examples, or is somebody's vector, which has none that count.
        UnavailableError: its source is being replaced.
    """
    if vectors.is_vector(name.source_id):
        raise BadInputError("A vector of one's own is named by its label.", field="source_id")
    for _ in range(_ATTEMPTS):
        try:
            return await _read(name)
        except sequences.GenerationGone:
            continue
    raise UnavailableError("The source is being replaced; try again in a moment.", retry_after=5)


async def _read(name: FeatureName) -> Material:
    found = await row(
        """
        SELECT f.generation_id, f.positive_tokens, e.block
        FROM sources AS s JOIN features AS f ON f.generation_id = s.current_generation AND f.index = :index
        LEFT JOIN feature_examples AS e ON e.generation_id = f.generation_id AND e.index = f.index
        WHERE s.model_id = :model AND s.id = :source
        """,
        model=name.model_id,
        source=name.source_id,
        index=name.index,
    )
    if found is None:
        await catalog.source(name.model_id, name.source_id)
        raise NotFoundError(f"There is no feature {name} here.", field="index")
    views: list[ActivationView] = []
    if found["block"] is not None:
        block = blocks.decode(bytes(found["block"]))
        views = activation_views(block, await sequences.windows(found["generation_id"], block), str(name))
    texts = _texts(views)
    if not texts:
        raise BadInputError(f"Feature {name} has no stored example in which it fires.", field="index")
    return Material(name, texts, tuple(readable(originals(found["positive_tokens"]))))


def _texts(views: Sequence[ActivationView]) -> tuple[Text, ...]:
    firing = sorted((one for one in views if one.max_value > 0), key=lambda one: -one.max_value)
    unique = {tuple(one.tokens): one for one in reversed(firing)}
    kept = sorted(unique.values(), key=lambda one: -one.max_value)
    return tuple(_text(one) for one in kept)


def _text(one: ActivationView) -> Text:
    tokens, values = tuple(readable(one.tokens)), tuple(one.values)
    dfa: Any = one.dfa_values
    known = bool(dfa) and len(dfa) == len(tokens) and one.dfa_target_index is not None
    return Text(
        tokens,
        values,
        one.max_value_token_index,
        source=max(range(len(dfa)), key=dfa.__getitem__) if known else None,
        target=one.dfa_target_index if known and 0 <= (one.dfa_target_index or 0) < len(tokens) else None,
    )
