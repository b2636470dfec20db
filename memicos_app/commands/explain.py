"""`memicos explain`: features of a source explained by a language model, with what it would cost told before."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from memicos_app.commands.terminal import Terminal
from memicos_app.commands.watching import TerminalWatch
from memicos_app.components.figures import money_words
from memicos_app.components.job_words import duration
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.explanations import TOP_TOKENS

console = Terminal()


def explain(
    model: Annotated[str, typer.Argument(help="The source's model.")],
    source: Annotated[str, typer.Argument(help="The source, such as 15-res-4k.")],
    explainer: Annotated[
        str, typer.Option("--model", help="The model that explains: openai:gpt-4o-mini, local:NAME, ...")
    ] = "",
    type_: Annotated[
        str, typer.Option("--type", help="The explainer: np_max-act, eleuther_acts_top20, ..., or top-tokens.")
    ] = "np_max-act",
    indices: Annotated[str, typer.Option(help="Only these features: 0-9,12.")] = "",
    max_features: Annotated[int | None, typer.Option(help="At most so many.", min=1)] = None,
    budget_usd: Annotated[float | None, typer.Option(help="Stop before it costs more than this.")] = None,
    concurrency: Annotated[int, typer.Option(help="Calls side by side.", min=1, max=64)] = 8,
    replace: Annotated[bool, typer.Option("--replace", help="Also what this model has explained before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and do nothing.")] = False,
    job: Annotated[bool, typer.Option("--job", help="Have a job do it, and return at once.")] = False,
) -> None:
    """Explain the features of a source; the same command goes on where it was stopped."""
    asked: dict[str, Any] = {"model": model, "source": source, "type": type_, "explainer": explainer}
    asked |= {"indices": indices, "max_features": max_features, "replace": replace}
    asked |= {"budget_usd": budget_usd, "concurrency": concurrency}
    try:
        migrate.upgrade(session.database_url())
        if type_ == TOP_TOKENS:
            session.run(_top_tokens(model, source))
        elif job:
            session.run(_later(asked))
        else:
            session.run(_explain(asked, dry_run=dry_run))
    except (LibraryError, DatabaseUnusable) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None


async def _explain(asked: dict[str, Any], *, dry_run: bool) -> None:
    from memicos_app.library.autointerp import volume
    from memicos_app.library.autointerp.asked import wanted
    from memicos_app.library.embedders import filling, minilm

    if not asked["explainer"]:
        raise BadInputError(
            "Name the model that explains: --model openai:gpt-4o-mini, or --model local:NAME.", field="model"
        )
    found = wanted(**asked)
    _say_estimate(await volume.estimate(found))
    if dry_run:
        return
    with TerminalWatch(console) as watch:
        done = await volume.run(found, watch)
        if done.explained and minilm.available():
            await filling.embed_explanations(found.model_id, found.source_id, watch=watch)
    cost = "an unknown amount" if done.spent.unpriced else money_words(done.spent.cost_usd)
    console.print(
        f"{done.explained} of {done.total} features explained, {done.failed} failed, {cost} spent "
        f"({done.spent.tokens_in:,} tokens read, {done.spent.tokens_out:,} written).",
        highlight=False,
    )
    if done.asked_again:
        console.print(f"{done.asked_again} calls were asked again, since an earlier run was ended in them.")
    if done.why:
        console.print(f"The budget ended it: {done.why}", markup=False, highlight=False)


def _say_estimate(found: Any) -> None:
    cost = (
        "cost unknown: the model has no price in models.toml"
        if found.cost_usd is None
        else (f"about {money_words(found.cost_usd)}")
    )
    time = "" if found.seconds is None else f", about {duration(found.seconds)}"
    console.print(
        f"{found.features} features: about {found.tokens_in:,} tokens to read and {found.tokens_out:,} to write, "
        f"{cost}{time}.",
        highlight=False,
    )


async def _top_tokens(model: str, source: str) -> None:
    from memicos_app.library import explanations

    with TerminalWatch(console) as watch:
        written = await explanations.write_top_tokens(model, source, watch=watch)
    console.print(f"{written} features explained by their top tokens.", highlight=False)


async def _later(asked: dict[str, Any]) -> None:
    from memicos_app.library.autointerp.asked import explain_later

    job = await explain_later(**asked)
    console.print(f"Job {job.id}: {job.title}. `memicos jobs show {job.id}` tells how far it is.", highlight=False)
