"""Explanations as a feature's page shows them: words, addresses and figures made once from `ExplanationView`s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from memicos_app.components.visible_text import one_line
from memicos_app.library.explanations import BY_HAND
from memicos_app.library.views import ExplanationView

LONGEST = 2000
"""Characters of an explanation that a page shows."""


@dataclass(frozen=True, slots=True)
class ScoreChip:
    """A score in a few signs; `words` say it whole, `id` opens its details where they are kept here."""

    name: str
    value: str
    words: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class ExplanationLine:
    """An explanation with who made it, how it scored, and what may be done with it."""

    text: str
    kind: str
    by: str
    notes: str
    scores: list[ScoreChip]
    id: str = ""
    kind_href: str = ""
    version: str = ""
    """Of the prompt."""
    like_href: str = ""
    """Where explanations that mean much the same are found."""
    made_here: bool = False
    by_hand: bool = False
    """Written here by a person."""
    own: bool = False
    votes: int = 0
    """What people's votes come to."""


def explanation_line(view: ExplanationView) -> ExplanationLine:
    by = view.model_name or view.author
    return ExplanationLine(
        text=one_line(view.description, LONGEST),
        kind=one_line(view.type_display_name or view.type_name, 60),
        by=one_line(by or "", 100),
        notes=one_line(view.notes or "", LONGEST),
        scores=[score_chip(score) for score in view.scores],
        id=view.id,
        kind_href=type_path(view.type_name) if view.type_name else "",
        version=prompt_version(view.extra),
        like_href=f"/search-explanations?{urlencode({'like': view.id})}",
        made_here=view.made_here,
        by_hand=view.made_here and view.type_name == BY_HAND,
        own=view.own,
        votes=view.votes,
    )


def type_path(name: str) -> str:
    """Path of the page of a way of explaining."""
    return f"/explanation-type/{quote(name, safe='')}"


def score_type_path(name: str) -> str:
    """Path of the page of a way of scoring."""
    return f"/score-type/{quote(name, safe='')}"


def prompt_version(extra: dict[str, Any]) -> str:
    """`v1`, where it is known which prompt was asked with."""
    version = extra.get("promptVersion")
    return f"v{version}".partition("+")[0] if isinstance(version, int | str) and str(version) else ""


def score_chip(score: dict[str, Any]) -> ScoreChip:
    """A score's kind and value, with its interval and sample size where they are known."""
    name = str(score.get("explanationScoreTypeName") or score.get("type_name") or score.get("type") or "score")
    found = score.get("value")
    text = f"{found:.2f}" if isinstance(found, (int, float)) else str(found)
    if isinstance(score.get("error"), (int, float)):
        text += f" ± {score['error']:.2f}"
    if isinstance(score.get("low"), (int, float)) and isinstance(score.get("high"), (int, float)):
        text += f" ({score['low']:.2f}–{score['high']:.2f})"
    text = f"{text} n={score['n']}" if score.get("n") else text
    judge = score.get("explanationScoreModelName")
    failed = f"; {score['nFailed']} without a judgement" if score.get("nFailed") else ""
    return ScoreChip(
        one_line(name, 60),
        one_line(text, 60),
        words=one_line(f"judged by {judge}{failed}" if judge else "", 200),
        id=str(score["id"]) if score.get("id") and "seed" in score else "",
    )
