"""An explanation judged by the texts of its feature: drawn, asked, figured, kept.

`score` does all of it; `judge` keeps nothing. Many at once are `volume`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from memicos_app.library import rates
from memicos_app.library.autointerp import sampling
from memicos_app.library.autointerp.questions import Kept, Questions
from memicos_app.library.autointerp.scorers import Scorer, scorer
from memicos_app.library.autointerp.scorers.interface import Work
from memicos_app.library.autointerp.scoring import Scored, drawn, figured
from memicos_app.library.embedders import Embedder, embedders
from memicos_app.library.errors import BadInputError
from memicos_app.library.explanations import TOP_TOKENS
from memicos_app.library.providers import ChatModel, Ledger
from memicos_app.library.scores import Explained, ScoreView, explained, save
from memicos_app.library.top_tokens import named_tokens


async def score(
    explanation_id: str,
    scorer_type: str,
    model: ChatModel | None = None,
    *,
    n: int | None = None,
    seed: int = 0,
    ledger: Ledger | None = None,
    check: bool = True,
) -> ScoreView:
    """Judge an explanation and keep the outcome beside earlier ones, also where too many calls failed for a value.

    Args:
        scorer_type: a name of `scorers.SCORERS`.
        model: who judges; for scorers that compare vectors an embedder by its name, or None for the default.
        n: texts of each kind; None: as many as the scorer takes by itself.
        seed: the same draws the same texts.
        ledger: where calls and costs are written; None: one of its own.
        check: ask the worker that texts in which the feature should be silent are.

    Raises:
        NotFoundError: there is no such explanation.
        BadInputError: no such scorer, no model where one is needed, or too few stored examples.
        ProviderError: no question to this model can be answered.
        BudgetSpent: the next question could cost more than what is left.
    """
    await rates.take("score")
    of = await explained(explanation_id)
    pages = ledger or Ledger("score")
    scored = await judge(of, scorer(scorer_type), model, n=n, seed=seed, ledger=pages, check=check)
    return await save(of, scored, run_id=pages.run_id, person=pages.person)


async def judge(
    of: Explained,
    by: Scorer,
    model: ChatModel | None,
    *,
    n: int | None,
    seed: int,
    ledger: Ledger,
    check: bool,
    kept: Mapping[str, Kept] | None = None,
    free: asyncio.Semaphore | None = None,
    before: Callable[[], Awaitable[None]] | None = None,
) -> Scored:
    """Judge an explanation; as `score`, without keeping anything.

    Args:
        kept, free, before: as `Questions` takes them.
    """
    if by.asks and model is None:
        raise BadInputError(f"{by.title} needs a model that judges.", field="scorer_model")
    wanted = by.per_kind if n is None else n
    sample = await sampling.draw(of.model_id, of.source_id, of.index, n=wanted, seed=seed, check=check)
    questions = None
    if by.asks and model is not None:
        questions = Questions(model, ledger, subject(of, by), seed, kept=kept, free=free, before=before)
    work = Work(_wording(of, by), sample, seed, questions, None if by.asks else await _embedder(model))
    judged = sorted(await by.judge(work), key=lambda one: (-one.context.decile, one.context.origin))
    figure, problem, count, failed = figured(judged, by.figure)
    return Scored(
        type_name=by.name,
        scorer=await scorer_name(by, model),
        prompt=f"{by.prompt.name}.v{by.prompt.version}" if by.prompt else "",
        figure=figure,
        problem=problem,
        n=count,
        n_failed=failed,
        seed=seed,
        settings=drawn(sample, wanted),
        examples=tuple(judged),
        tokens_in=questions.tokens_in if questions else 0,
        tokens_out=questions.tokens_out if questions else 0,
        cost_usd=questions.cost_usd if questions else 0.0,
        calls=tuple(questions.calls) if questions else (),
    )


def subject(of: Explained, by: Scorer) -> str:
    """What a scoring is about, for the ledger."""
    return f"{of.model_id}/{of.source_id}/{of.index} {of.id} {by.name}"


def _wording(of: Explained, by: Scorer) -> str:
    """What is judged: of explanations from top tokens, vectors see the tokens alone, as in search."""
    return named_tokens(of.description) if of.type_name == TOP_TOKENS and not by.asks else of.description


async def scorer_name(by: Scorer, model: ChatModel | None) -> str:
    """Under which name it is kept who judged."""
    return str(model) if by.asks else (await _embedder(model)).name


async def _embedder(model: ChatModel | None) -> Embedder:
    """The embedder of a model's name; without one the default."""
    name, known = model.name if model else "", await embedders()
    if not known:
        raise BadInputError("There is no embedder: its package is not installed, and no endpoint is set.")
    found = next((one for one in known if name in ("", one.name)), None)
    if found is None:
        names = ", ".join(one.name for one in known)
        raise BadInputError(f"There is no embedder {name[:60]!r}; there are {names}.", field="scorer_model")
    return found
