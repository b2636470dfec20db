"""An origin looked through: its models and the sources of each, with their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """`origin`; how many models and sources it holds.

    Raises:
        LibraryError: it cannot be asked; what was known of it stays.
    """
    from memicos_app.library.datasets import upstream

    return await upstream.survey(arguments["origin"], watch)
