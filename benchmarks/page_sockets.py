"""Pages opened as browsers open them, without a browser for each: what one sends first is recorded from Chromium."""

from __future__ import annotations

import asyncio
import json
import shutil
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import socketio  # type: ignore[import-untyped]
from playwright.async_api import WebSocket, async_playwright

Packets = dict[str, tuple[str, Any]]
"""By page: the room of the socket that a browser enters first, and what it says there."""
ENTERS = "40/"
COMPLETE = '"is_hydrated_rx_state_": true'
"""Stands in the update that makes a page complete."""
PATIENCE_S = 30.0


async def recorded(url: str, pages: Sequence[str]) -> Packets:
    """What a browser sends first on each page's socket."""
    packets: Packets = {}
    async with async_playwright() as playwright:
        path = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for address in pages:
            page = await browser.new_page()

            def follow(socket: WebSocket, address: str = address) -> None:
                socket.on("framesent", lambda frame: keep(address, frame))

            def keep(address: str, frame: str | bytes) -> None:
                if isinstance(frame, str) and frame.startswith(ENTERS):
                    room, _, packet = frame.removeprefix("40").partition(",")
                    packets.setdefault(address, (room, json.loads(packet)))

            page.on("websocket", follow)
            await page.goto(url + address)
            async with asyncio.timeout(PATIENCE_S):
                while address not in packets:
                    await page.wait_for_timeout(50)
            await page.close()
        await browser.close()
    return packets


async def opened(url: str, entering: tuple[str, Any], on_update: Callable[[str], None]) -> socketio.AsyncClient:
    """A page's socket in a tab of its own; `on_update` gets each update as JSON."""
    room, packet = entering
    socket = socketio.AsyncClient(reconnection=False)
    socket.on("event", lambda update: on_update(json.dumps(update)), namespace=room)
    await socket.connect(
        f"{url}/?token={uuid.uuid4()}",
        headers={"Origin": url},
        auth=packet,
        transports=["websocket"],
        namespaces=[room],
        socketio_path="_rx/_event",
        wait_timeout=20,  # as browsers wait
    )
    return socket
