"""A steering run as server-sent events: the answer so far in every frame, or what was added since the last."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Literal, TypeAlias

from memicos_app.api.answers import frame
from memicos_app.api.problems import told
from memicos_app.api.steer_answers import logprob_json
from memicos_app.library import readiness
from memicos_app.library.saved_runs import Kept
from memicos_app.library.side_by_side import Wish
from memicos_app.library.steering import SteerResult, SteerText

logger = logging.getLogger(__name__)
Format = Literal["cumulative", "delta"]
Render: TypeAlias = Callable[[Kept, str | None, str], dict[str, Any]]
"""A run, its id once it is kept, and the site's address, to an answer."""


async def frames(
    wish: Wish,
    first: SteerResult,
    results: AsyncGenerator[SteerResult, None],
    form: Format,
    render: Render,
    last: Callable[[Kept], Awaitable[dict[str, Any]]],
    fields: dict[str, str],
) -> AsyncIterator[bytes]:
    """Events of a run: `data` as it grows, then `done` or `error`. Closing this stops the run."""
    events = Deltas() if form == "delta" else Cumulative(wish, render)
    async with aclosing(results):
        try:
            result = first
            for event in events.of(first):
                yield event
            async for result in results:
                if not result.done:
                    readiness.go_on()
                if not result.done or form == "delta":
                    for event in events.of(result):
                        yield event
            whole = await last(Kept(wish.request, result, wish.default_chat))
            for event in events.end(whole):
                yield event
        except Exception as error:
            logger.warning("a steering stream ended early: %s", error)
            yield frame(told(error, fields), "error")


class Cumulative:
    """Every frame is the whole answer so far; the last comes unnamed too, for clients of the reference."""

    def __init__(self, wish: Wish, render: Render) -> None:
        self._wish, self._render = wish, render

    def of(self, result: SteerResult) -> list[bytes]:
        """The event of a result."""
        kept = Kept(self._wish.request, result, self._wish.default_chat)
        return [frame(self._render(kept, None, ""))]

    def end(self, whole: dict[str, Any]) -> list[bytes]:
        """The last events."""
        return [frame(whole), frame(whole, "done")]


class Deltas:
    """Numbered frames with what was added to each text."""

    def __init__(self) -> None:
        self._sent: dict[str, SteerText] = {}
        self._number = 0

    def of(self, result: SteerResult) -> list[bytes]:
        """The event of a result, if anything was added."""
        found = [self._delta("DEFAULT", result.default), self._delta("STEERED", result.steered)]
        deltas = [one for one in found if one]
        if not deltas:
            return []
        self._number += 1
        return [f"id: {self._number}\n".encode() + frame({"deltas": deltas})]

    def end(self, whole: dict[str, Any]) -> list[bytes]:
        """The last event."""
        return [frame(whole, "done")]

    def _delta(self, side: str, text: SteerText) -> dict[str, Any] | None:
        before = self._sent.get(side, SteerText())
        self._sent[side] = text
        added = text.text[len(before.text) :]
        logprobs = (text.logprobs or [])[len(before.logprobs or []) :]
        reason = text.finish_reason if before.finish_reason is None else None
        if not (added or logprobs or reason):
            return None
        return {
            "type": side,
            "text": added,
            "logprobs": [logprob_json(one) for one in logprobs],
            "finishReason": reason,
        }
