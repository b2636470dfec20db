"""Which features of a source a run explains, with what, and what that would take: known before anything is asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from memicos_app.db.text import storable
from memicos_app.library.autointerp import explaining
from memicos_app.library.autointerp.explainers import explainer
from memicos_app.library.autointerp.many import BYTES_A_TOKEN, check_limits, earlier
from memicos_app.library.autointerp.material import FeatureName
from memicos_app.library.autointerp.prompts import prompt
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.explanations import CURRENT
from memicos_app.library.providers import ChatModel, prices
from memicos_app.library.query import row

KIND = "explain"
SAMPLED = 16
GUESSED_ANSWER = 40


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be explained, and how."""

    model_id: str
    source_id: str
    type_name: str
    model: ChatModel
    indices: tuple[int, ...] = ()
    """Only these features; none named: all live ones."""
    max_features: int | None = None
    replace: bool = False
    """Also features that this explainer and model have explained here; theirs are replaced."""
    budget_usd: float | None = None
    concurrency: int = 8

    @property
    def subject(self) -> str:
        """The source."""
        return f"{self.model_id}/{self.source_id}"

    @property
    def same(self) -> dict[str, Any]:
        """What tells this run from others: with the same it is gone on with."""
        known = asdict(self)
        return {name: value for name, value in known.items() if name not in ("budget_usd", "concurrency")}

    def require(self) -> None:
        """Raises `BadInputError` that names the field, or `NotFoundError`."""
        explainer(self.type_name)
        prompt(self.type_name)
        check_limits(self.concurrency, self.budget_usd)
        if self.max_features is not None and self.max_features < 1:
            raise BadInputError("At least one feature has to be explained.", field="max_features")


async def chosen(wanted: Wanted) -> list[int]:
    """Indices of the features that are live, have examples, and are not explained so yet, ascending.

    Raises:
        NotFoundError: nothing of this source is imported.
    """
    found = await row(
        f"""
        SELECT s.current_generation AS generation, coalesce(array_agg(f.index ORDER BY f.index)
            FILTER (WHERE f.index IS NOT NULL), '{{}}') AS indices
        FROM sources AS s LEFT JOIN features AS f ON f.generation_id = s.current_generation AND f.max_activation > 0
            AND (CAST(:only AS integer[]) = '{{}}' OR f.index = ANY (CAST(:only AS integer[])))
            AND EXISTS (
                SELECT FROM feature_examples AS e WHERE e.generation_id = f.generation_id AND e.index = f.index
            )
            AND (:replace OR NOT EXISTS (
                SELECT FROM explanations AS x WHERE x.model_id = s.model_id AND x.source_id = s.id
                    AND x.index = f.index AND {CURRENT} AND x.type_name = :type AND x.explainer = :explainer
            ))
        WHERE s.model_id = :model AND s.id = :source GROUP BY s.current_generation
        """,
        model=wanted.model_id,
        source=wanted.source_id,
        only=list(wanted.indices),
        replace=wanted.replace,
        type=wanted.type_name,
        explainer=storable(wanted.model.name),
    )
    if found is None or found["generation"] is None:
        raise NotFoundError(f"Source {wanted.subject} is not imported.", field="source_id")
    indices: list[int] = found["indices"]
    return indices if wanted.max_features is None else indices[: wanted.max_features]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take, before it is begun."""

    features: int
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    """None where the price is unknown."""
    seconds: float | None
    """None where this model has not been asked here yet."""
    measured: bool
    """Whether earlier answers of this model tell how long they are; else they are guessed."""


async def estimate(wanted: Wanted) -> Estimate:
    """Tokens, cost and time of a run, from questions about some of its features and earlier answers of the model.

    Raises:
        BadInputError, NotFoundError: it cannot be done as asked.
    """
    wanted.require()
    indices = await chosen(wanted)
    step = max(1, len(indices) // SAMPLED)
    sizes = [await _size(wanted, index) for index in indices[::step][:SAMPLED]]
    known = await earlier(KIND, wanted.model)
    each_in = sum(sizes) / len(sizes) / BYTES_A_TOKEN if sizes else 0.0
    each_out = known.tokens_out if known else GUESSED_ANSWER
    price = prices.price(wanted.model.provider, wanted.model.name)
    read, written = round(each_in * len(indices)), round(each_out * len(indices))
    return Estimate(
        features=len(indices),
        tokens_in=read,
        tokens_out=written,
        cost_usd=price.of(read, written) if price else None,
        seconds=known.seconds * len(indices) / wanted.concurrency if known else None,
        measured=known is not None,
    )


async def _size(wanted: Wanted, index: int) -> int:
    """Bytes of the question about a feature."""
    name = FeatureName(wanted.model_id, wanted.source_id, index)
    asked = await explaining.question(name, wanted.type_name)
    return sum(len(one.text.encode()) for one in asked.messages)
