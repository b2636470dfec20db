"""`memicos score`: explanations of a source judged, with what it would cost told before."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from memicos_app.commands.datasets import clearly
from memicos_app.commands.terminal import Terminal
from memicos_app.commands.watching import TerminalWatch
from memicos_app.components.figures import money_words
from memicos_app.components.job_words import duration
from memicos_app.db import session

console = Terminal()
_SHOWN = 5


@clearly
def score(
    model: Annotated[str, typer.Argument(help="The source's model.")],
    source: Annotated[str, typer.Argument(help="The source, such as 15-res-4k.")],
    scorer: Annotated[
        str, typer.Option("--model", help="The model that judges: openai:gpt-4o-mini, local:NAME, ...")
    ] = "",
    type_: Annotated[
        str,
        typer.Option(
            "--type",
            help="The scorer: recall_alt, eleuther_recall (detection), eleuther_fuzz, simulation, or "
            "eleuther_embedding, which needs no model.",
        ),
    ] = "eleuther_recall",
    n: Annotated[int | None, typer.Option(help="Texts of each kind; without it as many as the scorer takes.")] = None,
    seed: Annotated[int, typer.Option(help="The same draws the same texts.")] = 0,
    check: Annotated[
        bool, typer.Option(help="Have the worker measure that a feature is silent in the texts without it.")
    ] = True,
    explanation_types: Annotated[str, typer.Option(help="Only explanations made so: np_max-act,...")] = "",
    indices: Annotated[str, typer.Option(help="Only these features: 0-9,12.")] = "",
    max_explanations: Annotated[int | None, typer.Option(help="At most so many.", min=1)] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what has such a score already.")] = False,
    budget_usd: Annotated[float | None, typer.Option(help="Stop before it costs more than this.")] = None,
    concurrency: Annotated[int, typer.Option(help="Calls side by side.", min=1, max=64)] = 8,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and do nothing.")] = False,
    job: Annotated[bool, typer.Option("--job", help="Have a job do it, and return at once.")] = False,
) -> None:
    """Judge the explanations of a source; the same command goes on where it was stopped."""
    asked: dict[str, Any] = {"model": model, "source": source, "type": type_, "scorer": scorer, "n": n, "seed": seed}
    asked |= {"check": check, "explanation_types": explanation_types, "indices": indices, "again": again}
    asked |= {"max_explanations": max_explanations, "budget_usd": budget_usd, "concurrency": concurrency}
    session.run(_later(asked) if job else _score(asked, dry_run=dry_run))


async def _score(asked: dict[str, Any], *, dry_run: bool) -> None:
    from memicos_app.library.autointerp import scoring_volume
    from memicos_app.library.autointerp.scoring_asked import wanted
    from memicos_app.library.autointerp.scoring_estimate import estimate

    found = wanted(**asked)
    _say_estimate(await estimate(found))
    if dry_run:
        return
    with TerminalWatch(console) as watch:
        done = await scoring_volume.run(found, watch)
    mean = "" if done.mean is None else f", mean {done.mean:.3f}"
    cost = "an unknown amount" if done.spent.unpriced else money_words(done.spent.cost_usd)
    _say(f"{done.scored} of {done.total} explanations have a score{mean}; {done.failed} have none; {cost} spent.")
    for problem in done.problems[:_SHOWN]:
        _say(f"  {problem}")
    if done.asked_again:
        _say(f"{done.asked_again} calls were asked again, since an earlier run was ended in them.")
    if done.why:
        _say(f"The budget ended it: {done.why}")


def _say_estimate(found: Any) -> None:
    if not found.calls:
        _say(f"{found.explanations} explanations; no language model is asked.")
        return
    cost = "cost unknown: the model has no price in models.toml"
    if found.cost_usd is not None:
        cost = f"about {money_words(found.cost_usd)}"
    time = "" if found.seconds is None else f", about {duration(found.seconds)}"
    _say(
        f"{found.explanations} explanations, {found.calls} calls: about {found.tokens_in:,} tokens to read and "
        f"{found.tokens_out:,} to write, {cost}{time}."
    )


async def _later(asked: dict[str, Any]) -> None:
    from memicos_app.library.autointerp.scoring_asked import score_later

    job = await score_later(**asked)
    _say(f"Job {job.id}: {job.title}. `memicos jobs show {job.id}` tells how far it is.")


def _say(text: str) -> None:
    console.print(text, markup=False, highlight=False)
