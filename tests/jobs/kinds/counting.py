"""A kind for tests: writes the numbers below `to`, one a transaction, and goes on where the table ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from memicos_app.library.query import row, run_in, writing
from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    found = await row(
        "SELECT coalesce(max(number) + 1, 0) AS next FROM counted WHERE name = :name", name=_name(arguments)
    )
    start = int(found["next"]) if found else 0
    watch.log(f"from {start}")
    for number in range(start, arguments["to"]):
        watch.tell("counting", number, arguments["to"], "numbers")
        await watch.checkpoint()
        async with writing() as writer:
            await run_in(
                writer,
                "INSERT INTO counted (name, number) VALUES (:name, :number)",
                name=_name(arguments),
                number=number,
            )
            await writer.commit()
        await asyncio.sleep(arguments.get("pause", 0))
    return {"counted": arguments["to"]}
