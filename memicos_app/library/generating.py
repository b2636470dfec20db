"""The dashboard generator as a process of its own: started, listened to, ended when its watch says so.

It brings torch and a model with it, which neither the site nor a job process should; what it has done lies in files,
so that one that was ended goes on when it is started again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from memicos_app.library import beside
from memicos_app.library.errors import LibraryError
from memicos_app.library.watch import Watch


class GenerationFailed(LibraryError):
    """The generator ended without dashboards; the sentence is its own."""

    code = "generation_failed"


async def generate(arguments: Sequence[str], watch: Watch) -> Path:
    """Run `memicos generate` with these arguments; the folder of the dashboards.

    Raises:
        GenerationFailed: it cannot be done; the sentence says why.
        UnavailableError: somebody killed the generator, such as a machine that is out of memory.
        Stopped: the watch asked for it; started again it goes on.
    """
    asked = ("generate", *arguments, "--json-progress")
    try:
        told = await beside.run("memicos_app.cli", asked, watch, name="The generator")
    except beside.Refused as error:
        raise GenerationFailed(error.message) from error
    if not told.get("folder"):
        raise GenerationFailed("The generator ended and named no folder.")
    return Path(str(told["folder"]))
