"""A small crowd before a site that is about to be harmed: ten read, two steer; each thing that they see is kept.

Used by `benchmarks/drills.py`. A reader opens a page with its socket as a browser does, and asks the API for a
feature (its first packets are recorded from Chromium).
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx

from benchmarks.page_sockets import COMPLETE, Packets, opened

READERS, STEERING = 10, 2
MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"
PAGES = ("/", f"/{MODEL}", f"/{MODEL}/{SOURCE}", f"/{MODEL}/{SOURCE}/12", f"/{MODEL}/{SOURCE}/1000")
STEER = {
    "modelId": MODEL,
    "prompt": "The history of the city begins with",
    "features": [{"modelId": MODEL, "layer": SOURCE, "index": 100, "strength": 40}],
    "temperature": 0.5,
    "n_tokens": 48,
    "freq_penalty": 0,
    "strength_multiplier": 1,
    "stream": True,
}
PATIENCE_S = {"page": 20.0, "api": 20.0, "stream": 90.0}
Kind = Literal["page", "api", "stream"]
Outcome = Literal["whole", "told", "lost"]
"""As it should be; a sentence in its place; neither."""


@dataclass(frozen=True)
class Event:
    """One thing that somebody asked for, in seconds of the clock."""

    kind: Kind
    began: float
    ended: float
    outcome: Outcome
    words: str = ""


@dataclass
class Crowd:
    """Who asks, of which site, and what came of it."""

    url: str
    packets: Packets
    events: list[Event] = field(default_factory=list)
    writing: dict[int, float] = field(default_factory=dict)
    """Streams that have begun to write, and since when they are asked for."""

    async def note(self, kind: Kind, asked: Any) -> None:
        """Wait for what was asked, and keep what came of it."""
        began = time.monotonic()
        outcome: Outcome = "lost"
        words = ""
        try:
            async with asyncio.timeout(PATIENCE_S[kind]):
                outcome, words = await asked
        except Exception as error:
            words = f"{type(error).__name__} {error}".strip()[:200]
        self.events.append(Event(kind, began, time.monotonic(), outcome, words))

    async def page(self, http: httpx.AsyncClient, address: str) -> tuple[Outcome, str]:
        """A page until it is complete, or says why it is not."""
        (await http.get(address)).raise_for_status()
        said = asyncio.Queue[str]()
        socket = await opened(self.url, self.packets[address], said.put_nowait)
        try:
            told = ""
            while True:
                update = await said.get()
                if "does not answer" in update or "went wrong" in update:
                    told = sentence(update)
                if COMPLETE in update:
                    return ("told", told) if told else ("whole", "")
        finally:
            with suppress(Exception):
                await socket.disconnect()

    async def feature(self, http: httpx.AsyncClient) -> tuple[Outcome, str]:
        """A feature as the API tells it."""
        answer = await http.get(f"/api/feature/{MODEL}/{SOURCE}/{random.randrange(3000)}")
        return judged(answer.status_code, answer.text)

    async def stream(self, http: httpx.AsyncClient, n: int) -> tuple[Outcome, str]:
        """A text that is steered, from its first piece to its end."""
        began = time.monotonic()
        try:
            async with http.stream("POST", "/api/steer", json={**STEER, "seed": random.randrange(10**8)}) as answer:
                text = ""
                async for piece in answer.aiter_text():
                    text += piece
                    self.writing[n] = began
        finally:
            self.writing.pop(n, None)
        if answer.status_code != 200:
            return judged(answer.status_code, text)
        if "event: error" in text:
            return "told", str(json.loads(text.rpartition("data: ")[2])["message"])
        return ("whole", "") if "shareUrl" in text and "event: done" in text else ("lost", text[-150:])


def sentence(update: str) -> str:
    """The words around what a page says of an error."""
    at = max(update.find("does not answer"), update.find("went wrong"))
    return update[max(0, at - 60) : at + 60]


def judged(status: int, text: str) -> tuple[Outcome, str]:
    """A JSON answer: as it should be, in the shape of every error, or anything else."""
    if status == 200:
        return "whole", ""
    with suppress(ValueError, KeyError, TypeError):
        return ("told" if status in (429, 503) else "lost"), f"{status} {json.loads(text)['message']}"
    return "lost", f"{status} {text[:150]}"


@asynccontextmanager
async def crowd(url: str, packets: Packets) -> AsyncIterator[Crowd]:
    """Everybody at once until the block ends."""
    seen = Crowd(url, packets)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
        people = [asyncio.create_task(read(seen, http, n)) for n in range(READERS)]
        people += [asyncio.create_task(steer(seen, http, n)) for n in range(STEERING)]
        try:
            yield seen
        finally:
            for one in people:
                one.cancel()
            await asyncio.gather(*people, return_exceptions=True)


async def read(seen: Crowd, http: httpx.AsyncClient, n: int) -> None:
    """One person who reads page after page."""
    chance = random.Random(n)
    while True:
        await asyncio.sleep(chance.uniform(0.5, 2.5))
        await seen.note("page", seen.page(http, chance.choice(PAGES)))
        await seen.note("api", seen.feature(http))


async def steer(seen: Crowd, http: httpx.AsyncClient, n: int) -> None:
    """One person who has text after text written."""
    while True:
        await seen.note("stream", seen.stream(http, n))
        await asyncio.sleep(0.5)
