"""A line to the site on which everything takes its time, as to a server on another continent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from playwright.async_api import Page, WebSocketRoute

Message = str | bytes


@asynccontextmanager
async def slow_line(page: Page, seconds: float = 0.4) -> AsyncIterator[None]:
    """Have what pages that are opened from now on hear over their sockets come that much later, all in its order."""
    pumps: list[asyncio.Task[None]] = []
    clock = asyncio.get_running_loop()

    def later(deliver: Callable[[Message], None]) -> Callable[[Message], None]:
        waiting: asyncio.Queue[tuple[float, Message]] = asyncio.Queue()

        async def pump() -> None:
            while True:
                due, message = await waiting.get()
                await asyncio.sleep(due - clock.time())
                deliver(message)

        pumps.append(asyncio.create_task(pump()))
        return lambda message: waiting.put_nowait((clock.time() + seconds, message))

    def open_line(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(later(socket.send))

    await page.route_web_socket(re.compile("/_event"), open_line)
    yield
    for task in pumps:
        task.cancel()
