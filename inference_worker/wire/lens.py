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
    num_completion_tokens: Annotated[int, Field(ge=0)] = 0
    """Tokens that the model goes on with; each is read like those of the text."""
    temperature: Annotated[float, Field(ge=0, le=100)] = 1.0
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] = 16
    enable_thinking: bool = False
    """Of a chat: what its template is told, where it knows of thinking."""
    preserve_thinking: bool = True
    """Of a chat: whether earlier turns of the assistant keep their `<think>` parts."""
    cached_token_ids: list[Annotated[int, Field(ge=0, lt=2**31)]] = []
    """Tokens that were read before: where the text begins with the same ones, they are not listed again."""
    max_seq_len: Annotated[int, Field(ge=1)] | None = None
    """A longer text is refused, and none is written beyond it."""
    fail_if_busy: bool = False
    """Refuse instead of waiting where others are being served."""
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
    temperature: float = 1.0
    prepend_bos: bool
    """Whether BOS was added."""
    reuse_len: int = 0
    """Tokens at the beginning that are not listed, since they were read before."""


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
    """What the model went on with."""


class LensPromptResponse(LensFrame):
    """The whole answer, where it is not streamed."""

    meta: LensMeta
    prompt: LensPrompt
    tokens: list[LensToken]
    done: LensDone | None = None
    """None while it is being read."""
