"""Which explanations of a source a run judges, and with what."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from memicos_app.db.text import original, storable
from memicos_app.library.autointerp import sampling
from memicos_app.library.autointerp.many import check_limits
from memicos_app.library.autointerp.score import scorer_name
from memicos_app.library.autointerp.scorers import scorer
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.explanations import CURRENT
from memicos_app.library.providers import ChatModel
from memicos_app.library.query import row, rows
from memicos_app.library.scores import Explained

KIND = "score"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which explanations are to be judged, and how."""

    model_id: str
    source_id: str
    type_name: str
    """A name of `scorers.SCORERS`."""
    model: ChatModel | None = None
    """Who judges; None for scorers that ask nobody."""
    n: int | None = None
    seed: int = 0
    check: bool = True
    explanation_types: tuple[str, ...] = ()
    """Only explanations that were made so; none named: all."""
    indices: tuple[int, ...] = ()
    """Only explanations of these features; none named: of all."""
    max_explanations: int | None = None
    again: bool = False
    """Also those that have such a score already."""
    budget_usd: float | None = None
    concurrency: int = 8
    """Questions under way at once."""

    @property
    def subject(self) -> str:
        """The source."""
        return f"{self.model_id}/{self.source_id}"

    @property
    def same(self) -> dict[str, Any]:
        """What tells this run from others: with the same it is gone on with."""
        return {name: value for name, value in asdict(self).items() if name not in ("budget_usd", "concurrency")}

    def require(self) -> None:
        """Raises `BadInputError` that names the field."""
        by = scorer(self.type_name)
        if by.asks and self.model is None:
            raise BadInputError(f"{by.title} needs a model that judges.", field="scorer_model")
        sampling.check_size(by.per_kind if self.n is None else self.n)
        check_limits(self.concurrency, self.budget_usd)
        if self.max_explanations is not None and self.max_explanations < 1:
            raise BadInputError("At least one explanation has to be judged.", field="max_explanations")


async def chosen(wanted: Wanted, run_id: int | None = None) -> list[Explained]:
    """The explanations to judge: those that readers see and that have no such score of this wording yet.

    Args:
        run_id: those that this run has dealt with are left out.

    Raises:
        NotFoundError: nothing of this source is imported.
    """
    source = await row(
        "SELECT current_generation AS g FROM sources WHERE model_id = :model AND id = :source",
        model=wanted.model_id,
        source=wanted.source_id,
    )
    if source is None or source["g"] is None:
        raise NotFoundError(f"Source {wanted.subject} is not imported.", field="source_id")
    found = await rows(
        _CHOSEN,
        model=wanted.model_id,
        source=wanted.source_id,
        only=list(wanted.indices),
        types=list(map(storable, wanted.explanation_types)),
        type=wanted.type_name,
        scorer=storable(await scorer_name(scorer(wanted.type_name), wanted.model)),
        again=wanted.again,
        run=run_id,
    )
    texts = ("id", "description", "type_name")
    return [Explained(**{**one, **{name: original(one[name]) for name in texts}}) for one in found]


_CHOSEN = f"""
    SELECT x.id, x.model_id, x.source_id, x.index, x.description, coalesce(x.type_name, '') AS type_name
    FROM explanations AS x JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
    JOIN features AS f ON f.generation_id = s.current_generation AND f.index = x.index AND f.max_activation > 0
    WHERE x.model_id = :model AND x.source_id = :source AND {CURRENT}
        AND (CAST(:only AS integer[]) = '{{}}' OR x.index = ANY(CAST(:only AS integer[])))
        AND (CAST(:types AS text[]) = '{{}}' OR x.type_name = ANY(CAST(:types AS text[])))
        AND NOT EXISTS (
            SELECT FROM explanation_scores AS c
            WHERE c.model_id = x.model_id AND c.source_id = x.source_id AND c.explanation_id = x.id
                AND c.type_name = :type AND c.description = x.description AND (
                    (c.run_id = CAST(:run AS bigint))
                    OR (NOT :again AND c.scorer = :scorer AND c.value IS NOT NULL)
                )
        )
    ORDER BY x.index, x.number
"""
