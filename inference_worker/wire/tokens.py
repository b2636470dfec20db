"""Text to tokens."""

from __future__ import annotations

from inference_worker.wire.base import Wire


class TokenizeRequest(Wire):
    model: str
    text: str
    prepend_bos: bool | None = None
    """None: as the model wants it. The answer says what was done."""


class TokenizeResponse(Wire):
    tokens: list[int]
    token_strings: list[str]
    prepend_bos: bool
