"""`memicos embed` and `memicos reindex`: vectors that are missing, and the indexes over them."""

from __future__ import annotations

from typing import Annotated

import typer

from memicos_app.commands.jobs import ask, failing_clearly, say
from memicos_app.commands.terminal import Terminal
from memicos_app.commands.watching import TerminalWatch
from memicos_app.library import jobs
from memicos_app.library.embedders import filling, indexes
from memicos_app.library.embedders.known import known

console = Terminal()
Name = Annotated[str, typer.Option("--embedder", help="Name of an embedder; empty: the packaged one.")]
AnyName = Annotated[str, typer.Option("--embedder", help="Name of an embedder; empty: each that has vectors.")]
AsJob = Annotated[bool, typer.Option("--job", help="Have a job process do it, and return at once.")]


def embed(
    model: Annotated[str, typer.Argument(help="Only explanations of this model.")] = "",
    source: Annotated[str, typer.Argument(help="Only those of this source of it.")] = "",
    embedder: Name = "",
    job: AsJob = False,
    status: Annotated[bool, typer.Option("--status", help="Only say how many explanations have vectors.")] = False,
) -> None:
    """Make the vectors that explanations lack, for search by meaning; what is done stays when it is stopped."""
    with failing_clearly():
        if status:
            return _say(ask(_coverage()))
        if job:
            arguments = {"model": model, "source": source, "embedder": embedder}
            where = "/".join(part for part in (model, source) if part)
            title = f"Index explanations of {where}" if where else filling.ALL_TITLE
            return say(ask(jobs.ask("embed", arguments, title=title, subject=where or filling.ALL)))
        with TerminalWatch(console) as watch:
            done = ask(_embed(model, source, embedder, watch))
    console.print(f"{done:,} explanations embedded.", highlight=False)
    return None


def reindex(embedder: AnyName = "", job: AsJob = False) -> None:
    """Build the indexes over vectors anew; searches go on meanwhile."""
    with failing_clearly():
        if job:
            title = f"Build the index of {embedder or 'every embedder'}"
            return say(ask(jobs.ask("reindex", {"embedder": embedder}, title=title, subject="index")))
        with TerminalWatch(console) as watch:
            built = ask(indexes.rebuild_all(embedder, watch))
    for one in built:
        console.print(f"{one.name}: {one.vectors:,} vectors, {one.size}.", highlight=False, markup=False)
    return None


async def _embed(model: str, source: str, name: str, watch: TerminalWatch) -> int:
    return await filling.embed_explanations(model, source, embedder=await filling.named(name), watch=watch)


async def _coverage() -> list[tuple[str, int, int]]:
    """Each embedder with how many explanations have a vector of it, and how many lack one."""
    return [(one.name, *await filling.coverage(one.id)) for one in await known()]


def _say(coverage: list[tuple[str, int, int]]) -> None:
    for name, have, lack in coverage:
        console.print(f"{name}: {have:,} of {have + lack:,} explanations.", highlight=False, markup=False)
