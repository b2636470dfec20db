"""What a score is: texts judged one by one, calls that failed counted apart, a figure with its interval.

Each way of judging is a module in `scorers/`; here is what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from memicos_app.library.autointerp.figures import Figure
from memicos_app.library.autointerp.sampling import FEWEST, Context, Sample

MOST_FAILED = 0.2
"""Share of texts without a judgement above which there is no score."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A text and what was said of it."""

    context: Context
    said: bool | None = None
    """Whether the judge says that it fits; None: nobody said, or not in these words."""
    reason: str = ""
    marked: tuple[int, ...] = ()
    """Tokens that were shown as marked."""
    similarity: float | None = None
    simulated: tuple[float, ...] | None = None
    """One activation a token, 0 to 10."""
    failure: str = ""
    """Why there is no judgement."""

    def as_json(self) -> dict[str, Any]:
        """Everything that is known of it, as it is kept."""
        known = {
            "reason": self.reason,
            "marked": list(self.marked),
            "similarity": self.similarity,
            "simulated": None if self.simulated is None else list(self.simulated),
            "failure": self.failure,
        }
        return {
            "tokens": list(self.context.tokens),
            "values": [round(value, 4) for value in self.context.values],
            "decile": self.context.decile,
            "origin": self.context.origin,
            "fires": self.context.fires,
            "said": self.said,
            **{name: value for name, value in known.items() if value not in ("", [], None)},
        }


@dataclass(frozen=True, slots=True)
class Scored:
    """One scoring of one explanation."""

    type_name: str
    scorer: str
    """The model that judged."""
    prompt: str
    """Name and version of what it was asked with; empty where nothing was asked."""
    figure: Figure | None
    """None where too many calls failed for a score; `problem` says so."""
    problem: str
    n: int
    """Texts that were judged."""
    n_failed: int
    """Texts whose call failed: they count for nothing."""
    seed: int
    settings: dict[str, Any]
    examples: tuple[Judged, ...]
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    calls: tuple[int, ...] = field(default=(), compare=False)
    """Numbers of its calls in the ledger."""


def drawn(sample: Sample, n: int) -> dict[str, Any]:
    """How the texts were drawn, to be kept with a score."""
    return {"n": n, "checked": sample.checked, "mayFire": round(sample.may_fire, 4), "maximum": sample.maximum}


def figured(
    judged: Sequence[Judged], figure: Callable[[Sequence[Judged]], Figure]
) -> tuple[Figure | None, str, int, int]:
    """The figure of what was judged, or why there is none; how many texts were judged, and how many failed."""
    good = [one for one in judged if not one.failure]
    failed = [one for one in judged if one.failure]
    firing = sum(one.context.fires for one in good)
    counts = len(good), len(failed)
    if len(failed) > MOST_FAILED * len(judged) or min(firing, len(good) - firing) < FEWEST:
        kinds = list(dict.fromkeys(one.failure for one in failed))
        return None, f"{len(failed)} of {len(judged)} texts have no judgement: {'; '.join(kinds[:3])}", *counts
    return figure(good), "", *counts
