"""Answers of the API: JSON written once and fast, files to keep, and streams of events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from memicos_app.library.feature_json import encode

NEXT_CURSOR = "Next-Cursor"
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class Json(Response):
    """JSON of plain data; numbers that JSON has no word for become null."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return encode(content)


def listing(content: list[Any], cursor: str | None) -> Json:
    """A list that clients want bare; what leads to those that follow stands in a header."""
    return Json(content, headers={NEXT_CURSOR: cursor} if cursor else {})


def attachment(content: Any, name: str) -> Json:
    """JSON that a browser saves as `name`, which holds only characters safe in a file name."""
    safe = "".join(sign if (sign.isascii() and sign.isalnum()) or sign in "-_." else "_" for sign in name)
    return Json(content, headers={"Content-Disposition": f'attachment; filename="{safe}"'})


def frame(content: Any, event: str | None = None) -> bytes:
    """One server-sent event; JSON never holds a bare line break."""
    head = f"event: {event}\n".encode() if event else b""
    return head + b"data: " + encode(content) + b"\n\n"


def stream(frames: AsyncIterator[bytes]) -> StreamingResponse:
    """An event stream that proxies pass on frame by frame."""
    return StreamingResponse(frames, media_type="text/event-stream", headers=STREAM_HEADERS)
