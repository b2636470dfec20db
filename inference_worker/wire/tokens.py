"""Text to tokens."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

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


class TemplateMessage(Wire):
    role: Annotated[str, Field(min_length=1, max_length=64)]
    content: str
    channel: str | None = None


class ApplyChatTemplateRequest(Wire):
    messages: Annotated[list[TemplateMessage], Field(min_length=1, max_length=256)]
    add_generation_prompt: bool = True
    """Whether the text ends with what makes the model answer."""
    chat_template_kwargs: dict[str, Any] = {}
    """What the template itself understands, for example `enable_thinking`."""
    model: str | None = None


class TemplateSpan(Wire):
    """One token of a rendered conversation."""

    position: int
    token_id: int
    token_str: str
    message_index: int | None = None
    """None: what the template adds of its own, such as BOS, a default system text, the prompt to go on."""
    role: str | None = None
    channel: str | None = None
    section: Literal["header", "content", "footer", "scaffold"]


class ApplyChatTemplateResponse(Wire):
    prompt: str
    tokens: list[int]
    spans: list[TemplateSpan]
