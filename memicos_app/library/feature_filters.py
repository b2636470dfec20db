"""What a list of a source's features may be narrowed to; how it is done is in `facets.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from memicos_app.library.errors import BadInputError

LONGEST_QUERY = 200


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high`, both included; None is open."""

    low: float | None = None
    high: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether it leaves nothing out."""
        return self.low is None and self.high is None

    def check(self, field: str) -> None:
        """Raises `BadInputError` for ends that are no numbers, or the wrong way round."""
        ends = [end for end in (self.low, self.high) if end is not None]
        if any(end - end != 0 for end in ends):
            raise BadInputError(f"{field} is between two finite numbers.", field=field)
        if len(ends) == 2 and ends[0] > ends[1]:
            raise BadInputError(f"{field} ends before it begins.", field=field)


OPEN = Span()


@dataclass(frozen=True, slots=True)
class FeatureFilter:
    """Which features a list keeps: those that fulfil every part; an empty part leaves nothing out."""

    query: str = ""
    """Words that explanations hold, beginnings of words too; or the number of a feature."""
    density: Span = OPEN
    max_activation: Span = OPEN
    score_type: str = ""
    score: Span = OPEN
    """Of the best score of `score_type` that an explanation of the feature has."""
    types: tuple[str, ...] = ()
    """Types of explanation, one of which it has."""
    explainers: tuple[str, ...] = ()
    """Models that explained it, one of them."""
    explained: bool | None = None
    live: bool | None = None
    """Whether it ever fired."""

    @property
    def is_empty(self) -> bool:
        """Whether it leaves nothing out."""
        return replace(self, query=self.query.strip(), score_type="") == FeatureFilter()

    def check(self) -> None:
        """Raises `BadInputError` for what cannot be meant; its field names the part."""
        for name in ("density", "max_activation", "score"):
            span: Span = getattr(self, name)
            span.check(name)
        if not self.score.is_open and not self.score_type:
            raise BadInputError("score needs score_type.", field="score_type")


EVERYTHING = FeatureFilter()
