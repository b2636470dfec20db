"""Typed failures of the engine. Each names what is wrong and, where a request caused it, the request's field."""

from __future__ import annotations


class EngineError(Exception):
    """A failure with a sentence for people; `field` is the part of the request that caused it."""

    code = "engine_error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class BadInput(EngineError):
    """The request cannot be right: empty or too long text, a token id that does not exist."""

    code = "bad_input"


class Unknown(EngineError):
    """A model, source or feature that is not here."""

    code = "not_found"


class Diverged(EngineError):
    """The model's logits are no numbers any more, nearly always because the steering is far too strong."""

    code = "diverged"


class Unusable(EngineError):
    """A model or SAE folder that cannot be loaded, with the reason."""

    code = "unusable"


class Pending(EngineError):
    """Something that is being fetched and will be here later; `retry_after` seconds are a good time to ask again."""

    code = "not_ready"

    def __init__(self, message: str, *, retry_after: float, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.retry_after = retry_after


class OutOfMemory(EngineError):
    """There was not enough memory for this request; others are not touched by it."""

    code = "out_of_memory"
