"""Runs as commands, forms and jobs ask for them: in plain words and numbers, checked, and put into the queue."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from memicos_app.library import jobs
from memicos_app.library.autointerp.choosing import KIND, Wanted
from memicos_app.library.autointerp.many import checked_plain
from memicos_app.library.errors import ConflictError
from memicos_app.library.indices import indices_of
from memicos_app.library.job_views import JobView
from memicos_app.library.providers import chat_model


class Asked(BaseModel):
    """A run in plain data, as a job's arguments hold it."""

    model_config = ConfigDict(extra="forbid")

    model: str
    source: str
    type: str = "np_max-act"
    explainer: str
    """Such as openai:gpt-4o-mini."""
    indices: str = ""
    max_features: int | None = None
    replace: bool = False
    budget_usd: float | None = None
    concurrency: int = 8


def wanted(**values: Any) -> Wanted:
    """What is asked for, from outside.

    Raises:
        BadInputError: it cannot be right; `field` names what.
        NotFoundError: there is no such explainer or provider.
    """
    asked = checked_plain(Asked, values)
    found = Wanted(
        model_id=asked.model,
        source_id=asked.source,
        type_name=asked.type,
        model=chat_model(asked.explainer),
        indices=tuple(indices_of(asked.indices, field="indices")) if asked.indices.strip() else (),
        max_features=asked.max_features,
        replace=asked.replace,
        budget_usd=asked.budget_usd,
        concurrency=asked.concurrency,
    )
    found.require()
    return found


async def explain_later(**values: Any) -> JobView:
    """Have a job do it; one that was asked for in just these words already goes on. Raises as `wanted`.

    Raises:
        ConflictError: a job explains this source in another way.
    """
    found = wanted(**values)
    others = await jobs.jobs(states=("waiting", "running", "paused"), kind=KIND, subject=found.subject)
    if other := next((one for one in others if dict(one.arguments) != values), None):
        words = f"Job {other.id} ({other.title}) explains this source already: wait for its end, or cancel it."
        raise ConflictError(words, field="source")
    title = f"Explain {found.subject} with {found.model.name} ({found.type_name})"
    return await jobs.ask(KIND, values, title=title, subject=found.subject)


async def embed_later(found: Wanted) -> JobView:
    """Have a job make what was explained known to search."""
    arguments = {"model": found.model_id, "source": found.source_id}
    return await jobs.ask("embed", arguments, title=f"Index explanations of {found.subject}", subject=found.subject)
