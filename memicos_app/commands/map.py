"""`memicos map`: the features of a source, or of several together, laid out on a plane."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from memicos_app.commands.terminal import Terminal
from memicos_app.commands.watching import TerminalWatch
from memicos_app.db import migrate, session
from memicos_app.db.errors import DatabaseUnusable
from memicos_app.library.errors import LibraryError

console = Terminal()


class By(StrEnum):
    """What decides who is near whom."""

    EXPLANATIONS = "explanations"
    DECODER = "decoder"


def map_(
    model: Annotated[str, typer.Argument(help="The model of the sources.")],
    sources: Annotated[list[str], typer.Argument(help="A source, such as 15-res-4k; several make one map together.")],
    by: Annotated[By, typer.Option(help="Near each other is what means the same, or what writes the same.")] = (
        By.EXPLANATIONS
    ),
) -> None:
    """Make the map of a source; of several sources, one map that holds them all."""
    try:
        migrate.upgrade(session.database_url())
        done = session.run(_make(model, sources, by))
    except (LibraryError, DatabaseUnusable) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    console.print(
        f"{done['points']} features in {done['clusters']} clusters: /{model}/{sources[0]}/map",
        highlight=False,
        markup=False,
    )


async def _make(model: str, sources: list[str], by: By) -> dict[str, Any]:
    from memicos_app.library.maps import making  # brings numpy

    with TerminalWatch(console) as watch:
        return await making.make(model, sources, by.value, watch)
