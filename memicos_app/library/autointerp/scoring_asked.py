"""Scoring of many explanations as commands, forms and jobs ask for it: plain data, checked, put into the queue."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from memicos_app.library import jobs
from memicos_app.library.autointerp.many import checked_plain
from memicos_app.library.autointerp.scorers import scorer
from memicos_app.library.autointerp.scoring_choosing import KIND, Wanted
from memicos_app.library.indices import indices_of
from memicos_app.library.job_views import JobView
from memicos_app.library.providers import ChatModel, chat_model

EMBEDDER = "embedder"


class Asked(BaseModel):
    """A run in plain data, as a job's arguments hold it."""

    model_config = ConfigDict(extra="forbid")

    model: str
    source: str
    type: str = "eleuther_recall"
    scorer: str = ""
    """The model that judges, such as openai:gpt-4o-mini; of scorers that compare vectors an embedder or nothing."""
    n: int | None = None
    seed: int = 0
    check: bool = True
    explanation_types: str = ""
    """Names with commas between them."""
    indices: str = ""
    max_explanations: int | None = None
    again: bool = False
    budget_usd: float | None = None
    concurrency: int = 8


def wanted(**values: Any) -> Wanted:
    """What is asked for, from outside.

    Raises:
        BadInputError: it cannot be right; `field` names what.
        NotFoundError: there is no such provider.
    """
    asked = checked_plain(Asked, values)
    found = Wanted(
        model_id=asked.model,
        source_id=asked.source,
        type_name=asked.type,
        model=judging_model(asked.type, asked.scorer),
        n=asked.n,
        seed=asked.seed,
        check=asked.check,
        explanation_types=tuple(name for one in asked.explanation_types.split(",") if (name := one.strip())),
        indices=tuple(indices_of(asked.indices, field="indices")) if asked.indices.strip() else (),
        max_explanations=asked.max_explanations,
        again=asked.again,
        budget_usd=asked.budget_usd,
        concurrency=asked.concurrency,
    )
    found.require()
    return found


def judging_model(type_name: str, name: str) -> ChatModel | None:
    """Who judges, by the name that a person gives; None where none is given.

    Raises:
        BadInputError: it is no name of a model, or there is no such scorer.
        NotFoundError: there is no such provider.
    """
    if not name.strip():
        return None
    return chat_model(name) if scorer(type_name).asks else ChatModel(EMBEDDER, name.strip())


async def score_later(**values: Any) -> JobView:
    """Have a job do it. Raises as `wanted`."""
    found = wanted(**values)
    by = f" by {found.model.name}" if found.model else ""
    title = f"Score explanations of {found.subject}{by} ({scorer(found.type_name).title.lower()})"
    return await jobs.ask(KIND, values, title=title, subject=found.subject)
