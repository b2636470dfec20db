"""A kind for tests: writes the numbers below `to`, one a transaction, and goes on where the table ends.

`failing` is what happens first, each time: a refusal, or a failure of the net that passes after the first attempts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from memicos_app.library.errors import BadInputError
from memicos_app.library.query import row, run_in, writing
from memicos_app.library.watch import Watch


async def run(watch: Watch, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if arguments.get("grouped"):
        async with asyncio.TaskGroup() as group:
            group.create_task(run(watch, {**arguments, "grouped": False}))
        return {}
    name = str(arguments.get("name", ""))
    await fail(name, arguments.get("failing", ""))
    found = await row("SELECT coalesce(max(number) + 1, 0) AS next FROM counted WHERE name = :name", name=name)
    start = int(found["next"]) if found else 0
    watch.log(f"from {start}")
    for number in range(start, arguments["to"]):
        watch.tell("counting", number, arguments["to"], "numbers")
        await watch.checkpoint()
        await write(name, number)
        await asyncio.sleep(arguments.get("pause", 0))
    return {"counted": arguments["to"]}


async def fail(name: str, failing: str) -> None:
    if failing == "refusal":
        raise BadInputError("Nothing here can be counted.")
    if failing == "fault":
        raise ValueError("counted wrongly")
    found = await row("SELECT count(*) AS n FROM counted WHERE name = :name", name=f"{name} failures")
    if failing == "net" and found is not None and found["n"] < 2:
        await write(f"{name} failures", found["n"])
        raise ConnectionResetError("the other side hung up")
    if failing == "always":
        raise TimeoutError


async def write(name: str, number: int) -> None:
    sql = "INSERT INTO counted (name, number) VALUES (:name, :number)"
    async with writing() as writer:
        await run_in(writer, sql, name=name, number=number)
        await writer.commit()
