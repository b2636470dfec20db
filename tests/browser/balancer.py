"""A balancer as small as can be: passes bytes to one of several sites, and to another when told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Balancer:
    """Listens on a port of its own; `port` is where it passes connections on to, from now on."""

    port: int
    address: str = ""
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, in both directions until either side ends it."""
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.close()
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(_pass(reader, there_writer))
            group.create_task(_pass(there_reader, writer))


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def balancing(port: int) -> AsyncIterator[Balancer]:
    """A balancer until the block ends, which begins with the site on `port`."""
    balancer = Balancer(port)
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
    balancer.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield balancer
    finally:
        server.close()
