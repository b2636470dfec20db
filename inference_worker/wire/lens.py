"""What the model would say after each layer. Frames and answers are written in snake_case, as in the reference."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from inference_worker.wire.base import Wire
from inference_worker.wire.tokens import TemplateMessage

LensType = Literal["LOGIT_LENS", "JACOBIAN_LENS"]


class LensPromptRequest(Wire):
    """A text, a chat, or token ids; exactly one of them."""

    model: str
    type: Annotated[list[LensType], Field(min_length=1, max_length=2)] = ["LOGIT_LENS"]
    """The logit lens is served; the Jacobian lens is refused with a sentence."""
    prompt: str | None = None
    chat: Annotated[list[TemplateMessage], Field(min_length=1, max_length=200)] | None = None
    input_token_ids: list[int] | None = None
    """Taken as they are: put BOS among them if it is wanted."""
    top_n: Annotated[int, Field(ge=1, le=100)] = 10
    layers: list[int] = []
    """Layers that are read, each after its last operation; empty: all. The last one is always read."""
    prepend_bos: bool | None = None
    filter_non_word_tokens: bool = True
    """List only tokens with a letter or digit; what the model itself says next is listed in any case."""
    stream: bool = True
    """One JSON a line as it is ready, or one answer."""


class LensFrame(BaseModel):
    """Base of what a lens answers."""

    model_config = ConfigDict(protected_namespaces=(), use_attribute_docstrings=True)


class LensMeta(LensFrame):
    """First: what is coming."""

    kind: Literal["meta"] = "meta"
    model: str
    types: list[LensType]
    layers_by_type: dict[str, list[int]]
    top_n: int
    prompt_len: int
    num_completion_tokens: int = 0
    prepend_bos: bool
    """Whether BOS was added."""
    reuse_len: int = 0


class LensPromptToken(LensFrame):
    position: int
    token: str
    id: int


class LensPrompt(LensFrame):
    """Second: the text's tokens."""

    kind: Literal["prompt"] = "prompt"
    tokens: list[LensPromptToken]


class LensReadout(LensFrame):
    """What each layer says at one position: `[layer][n]`, the likeliest first, with probabilities of all tokens."""

    type: LensType
    top_tokens: list[list[str]]
    top_probs: list[list[float]]


class LensToken(LensFrame):
    """Then one for each position."""

    kind: Literal["token"] = "token"
    position: int
    token: str
    id: int
    is_generated: bool = False
    results: list[LensReadout]


class LensDone(LensFrame):
    """Last of a good answer."""

    kind: Literal["done"] = "done"
    seq_len: int
    prompt_len: int
    vocab_size: int
    completion: str = ""


class LensPromptResponse(LensFrame):
    """The whole answer, where it is not streamed."""

    meta: LensMeta
    prompt: LensPrompt
    tokens: list[LensToken]
    done: LensDone | None = None
    """None while it is being read."""
