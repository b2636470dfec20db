"""Conversations through the model's own chat template: rendered once, tokenised with nothing put before."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError

from inference_worker.engine.errors import BadInput
from inference_worker.engine.tokens import Tokenizer

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)\s*", re.DOTALL)
_ENDS_THINKING = re.compile(r".*</think>\s*", re.DOTALL)
_OPENED = re.compile(r"<think>\s*\Z")


@dataclass(frozen=True, slots=True)
class Message:
    """A turn of a conversation."""

    role: str
    content: str
    channel: str | None = None


def render(
    tokenizer: Tokenizer,
    messages: Sequence[Message],
    *,
    add_generation_prompt: bool = True,
    options: Mapping[str, Any] | None = None,
) -> str:
    """The text that a model reads for a conversation.

    Args:
        options: what the template itself understands beyond messages, for example `enable_thinking`.

    Raises:
        BadInput: the model has no chat template, or its template refuses this conversation.
    """
    if tokenizer.hf.chat_template is None:
        raise BadInput(
            "This model has no chat template: give a text to /v1/steer/completion instead.", field="messages"
        )
    reserved = inspect.signature(tokenizer.hf.apply_chat_template).parameters.keys() | {"conversations"}
    if reserved & (options or {}).keys():
        refused = min(reserved & (options or {}).keys())
        raise BadInput(f"{refused} is no option of the template.", field=f"chat_template_kwargs.{refused}")
    turns = [_turn(message) for message in messages]
    try:
        text = tokenizer.hf.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=add_generation_prompt, **(options or {})
        )
    except (TemplateError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise BadInput(f"The chat template refuses this conversation: {error}", field="messages") from error
    return str(text)


def without_thinking(message: Message) -> Message:
    """The message; of an assistant's only the answer, since models are not shown what they thought before."""
    if message.role != "assistant":
        return message
    return Message(message.role, _ENDS_THINKING.sub("", _THOUGHT.sub("", message.content)), message.channel)


def opened_thinking(rendered: str) -> str:
    """The `<think>` that a template ends with: it belongs to the turn that the model goes on writing."""
    found = _OPENED.search(rendered)
    return found[0] if found else ""


def _turn(message: Message) -> dict[str, str]:
    turn = {"role": message.role, "content": message.content}
    return turn if message.channel is None else {**turn, "channel": message.channel}
