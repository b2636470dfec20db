"""Text to tokens."""

from __future__ import annotations

from inference_worker.requests.engine import Engine, require_model, within_limit
from inference_worker.wire.tokens import TokenizeRequest, TokenizeResponse


def tokenize(engine: Engine, request: TokenizeRequest) -> TokenizeResponse:
    """Tokens of a text."""
    require_model(engine, request.model)
    tokens = within_limit(engine, engine.model.tokenizer.tokenize(request.text, request.prepend_bos), "text")
    return TokenizeResponse(tokens=tokens.ids, token_strings=tokens.strings, prepend_bos=tokens.prepend_bos)
