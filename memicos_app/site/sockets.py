"""What comes over the event socket, looked at before Reflex reads it.

Reflex writes into its log what it cannot read, prompts and all. Here only events that there are pass; the rest is
dropped and counted in words of ours.
"""

from __future__ import annotations

import logging
import zlib
from typing import Any

import reflex as rx
from reflex_base.registry import RegistrationContext
from uvicorn.protocols.websockets import wsproto_impl
from wsproto.extensions import PerMessageDeflate

from memicos_app.library.errors import LibraryError
from memicos_app.site.payloads import clean

logger = logging.getLogger(__name__)
QUICK = 4
"""How hard the sockets' zlib tries: page state takes a third of the time that it takes at 6, for 4 % more bytes."""
LONGEST_NAME = 300


class QuickDeflate(PerMessageDeflate):
    """Compression of a socket's frames that would rather be done soon than save the last byte."""

    def frame_outbound(self, proto: Any, opcode: Any, rsv: Any, data: bytes, fin: bool) -> tuple[Any, bytes]:
        if self._compressor is None:
            self._compressor = zlib.compressobj(QUICK, zlib.DEFLATED, -int(self.server_max_window_bits))
        return super().frame_outbound(proto, opcode, rsv, data, fin)


def compress_quickly() -> None:
    """Have the server's sockets compress that way; there is no setting for it."""
    wsproto_impl.PerMessageDeflate = QuickDeflate  # type: ignore[attr-defined]


def guard(app: rx.App) -> None:
    """Have the app's socket pass readable events of known handlers only."""
    namespace = app.event_namespace
    if namespace is None:
        return
    inner = namespace.on_event

    async def on_event(sid: str, data: Any) -> None:
        event = readable(data)
        if event is None:
            logger.info("an event that is none of ours was dropped")
            return
        await inner(sid, event)

    namespace.on_event = on_event  # type: ignore[method-assign]


def readable(data: Any) -> dict[str, Any] | None:
    """The event, its text storable; None where it is none."""
    if not isinstance(data, dict):
        return None
    name, payload, place = data.get("name"), data.get("payload", {}), data.get("router_data", {})
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        return None
    if not isinstance(payload, dict) or not isinstance(place, dict):
        return None
    if name not in RegistrationContext.get().event_handlers or not all(isinstance(key, str) for key in payload):
        return None
    try:
        return {**data, "router_data": plain_place(place)}
    except LibraryError:
        return None


def plain_place(place: dict[str, Any]) -> dict[str, Any]:
    """Where the browser says it is: texts, and texts by name."""
    cleaned = clean(place)
    kept: dict[str, Any] = {}
    for name, value in cleaned.items():
        if isinstance(value, dict):
            kept[name] = {key: each for key, each in value.items() if isinstance(each, str | list)}
        elif isinstance(value, str):
            kept[name] = value
    return kept
