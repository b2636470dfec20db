"""Texts and conversations to tokens."""

from __future__ import annotations

from itertools import accumulate

from inference_worker.engine.chat import Message, render
from inference_worker.engine.chat_sections import Section, sections
from inference_worker.engine.tokens import Tokens
from inference_worker.requests.engine import Engine, require_model, within_limit
from inference_worker.wire.tokens import (
    ApplyChatTemplateRequest,
    ApplyChatTemplateResponse,
    TemplateSpan,
    TokenizeRequest,
    TokenizeResponse,
)


def tokenize(engine: Engine, request: TokenizeRequest) -> TokenizeResponse:
    """Tokens of a text."""
    require_model(engine, request.model)
    tokens = within_limit(engine, engine.model.tokenizer.tokenize(request.text, request.prepend_bos), "text")
    return TokenizeResponse(tokens=tokens.ids, token_strings=tokens.strings, prepend_bos=tokens.prepend_bos)


def apply_chat_template(engine: Engine, request: ApplyChatTemplateRequest) -> ApplyChatTemplateResponse:
    """A conversation as the model reads it, and which message each token belongs to."""
    if request.model is not None:
        require_model(engine, request.model)
    tokenizer, options = engine.model.tokenizer, request.chat_template_kwargs
    goes_on = request.add_generation_prompt
    messages = [Message(each.role, each.content, each.channel) for each in request.messages]
    prompt = render(tokenizer, messages, add_generation_prompt=goes_on, options=options)
    tokens = within_limit(engine, tokenizer.tokenize(prompt, prepend_bos=False), "messages")
    parts = sections(tokenizer, messages, prompt, add_generation_prompt=goes_on, options=options)
    spans = _spans(tokens, tokenizer.begins(prompt), parts, messages)
    return ApplyChatTemplateResponse(prompt=prompt, tokens=tokens.ids, spans=spans)


def _spans(tokens: Tokens, begins: list[int], parts: list[Section], messages: list[Message]) -> list[TemplateSpan]:
    """A token belongs to the section in which it begins."""
    ends = list(accumulate(len(part.text) for part in parts))
    spans, place = [], 0
    for position, (index, string, begin) in enumerate(zip(tokens.ids, tokens.strings, begins, strict=True)):
        while place < len(parts) - 1 and begin >= ends[place]:
            place += 1
        part = parts[place]
        channel = None if part.message is None else messages[part.message].channel
        spans.append(
            TemplateSpan(
                position=position,
                token_id=index,
                token_str=string,
                message_index=part.message,
                role=part.role,
                channel=channel,
                section=part.part,
            )
        )
    return spans
