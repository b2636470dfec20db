"""Steered generation: options that completion and chat share, their answers, and what streams carry."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from inference_worker.wire.base import Part, Wire

SteerType = Literal["DEFAULT", "STEERED"]
SteerMethod = Literal["SIMPLE_ADDITIVE", "ORTHOGONAL_DECOMP", "PROJECTION_CAP", "ABLATION"]
SteerPositions = Literal["all", "prompt", "generated"]
Strength = Annotated[float, Field(ge=-10_000, le=10_000)]
Multiplier = Annotated[float, Field(ge=-100, le=100)]


class SteerFeature(Wire):
    """A feature of an SAE; its direction is the row of the decoder."""

    model: str
    source: str
    index: int
    strength: Strength
    steering_vector: list[float] | None = None
    """Ignored: the SAE knows its direction. Published clients send it."""


class SteerVector(Wire):
    """A direction of one's own."""

    steering_vector: list[float]
    """As long as the hook point is wide."""
    strength: Strength
    hook: str
    """TransformerLens's name, for example `blocks.15.hook_resid_post`."""


class SteerCondition(Wire):
    """Steer only at tokens where this feature is more active than `threshold`."""

    source: str
    index: int
    threshold: Annotated[float, Field(ge=-1e9, le=1e9)] = 0.0


class SteerOptions(Wire):
    """What completion and chat have in common. Features come first, then vectors, each in the order given."""

    model: str
    features: Annotated[list[SteerFeature], Field(max_length=32)] = []
    vectors: Annotated[list[SteerVector], Field(max_length=32)] = []
    types: Annotated[list[SteerType], Field(min_length=1, max_length=2)] = ["DEFAULT", "STEERED"]
    n_completion_tokens: Annotated[int, Field(ge=1)] = 64
    temperature: Annotated[float, Field(ge=0, le=100)] = 0.5
    top_p: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Only the likeliest tokens that together have this probability; 0 takes the likeliest."""
    freq_penalty: Annotated[float, Field(ge=-2, le=2)] = 0.0
    """Subtracted from a token's logit once for each time it was generated (OpenAI's definition)."""
    stop: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=8)] = []
    """The text ends before the first of these strings."""
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] = 16
    n_logprobs: Annotated[int, Field(ge=0, le=10)] = 0
    """Log probabilities of the chosen token and of this many of the likeliest, before temperature and penalty."""
    prepend_bos: bool | None = None
    strength_multiplier: Multiplier = 1.0
    sweep: Annotated[list[Multiplier], Field(max_length=16)] = []
    """Several multipliers in place of the one: a STEERED output for each, in this order, generated together."""
    steer_method: SteerMethod = "SIMPLE_ADDITIVE"
    """With `c = strength * multiplier`: add `c` of the direction; multiply the part along it by `c`; let the
    projection on it be at most `c`; take `c` times what the feature contributes out (features only)."""
    normalize_steering: bool = False
    """Divide each direction by its norm before it is added. The other methods do not depend on its length."""
    keep_error: bool = True
    """ABLATION: what the SAE does not explain stays. If false, its reconstruction without the features is used."""
    positions: SteerPositions = "all"
    steer_special_tokens: bool = False
    """Whether the prompt's special tokens and its first position are steered too. Generated tokens always are."""
    condition: SteerCondition | None = None
    stream: bool = False
    stream_format: Literal["cumulative", "text", "delta"] = "cumulative"
    """What a frame holds: the answer so far; the same with log probabilities only of texts that have ended, which
    is a hundredth of it; or what was added."""


class SteerCompletionRequest(SteerOptions):
    prompt: str


class ChatMessage(Wire):
    role: Annotated[str, Field(min_length=1, max_length=64)]
    content: str


class SteerChatRequest(SteerOptions):
    prompt: Annotated[list[ChatMessage], Field(min_length=1, max_length=256)]
    is_assistant_axis: bool = False
    """Not offered: true is refused."""


class TopLogprob(Part):
    token: str
    logprob: float


class TokenLogprob(Part):
    token: str
    logprob: float
    top_logprobs: list[TopLogprob] = []


class SteerOutput(Wire):
    """Generated text of one type, without the prompt."""

    type: SteerType
    strength_multiplier: float | None = None
    """What the strengths of this output were multiplied with; None where it is not steered."""
    output: str
    n_tokens: int = 0
    finish_reason: Literal["length", "stop"] | None = None
    """None while the text is still growing."""
    logprobs: list[TokenLogprob] | None = None


class SteerCompletionResponse(Wire):
    """The whole answer; a cumulative stream sends the same object, with the text so far, in every frame.

    A stream always ends with `event: done` (the complete answer) or `event: error` (a `Problem`).
    """

    outputs: list[SteerOutput]
    prepend_bos: bool = True
    """Whether BOS was added to the prompt."""
    tokens_per_second: float | None = None
    """Tokens of all outputs together, by the time since the prompt was read."""


class ChatInput(Wire):
    """The conversation that was given, and as the model read it."""

    chat_template: list[ChatMessage]
    raw: str


class SteerChatOutput(SteerOutput):
    chat_template: list[ChatMessage]
    """The conversation with the assistant's turn."""
    raw: str
    """What the model read, and what it wrote after it."""


class SteerChatResponse(Wire):
    """As `SteerCompletionResponse`, for a conversation."""

    outputs: list[SteerChatOutput]
    input: ChatInput
    prepend_bos: bool = False
    tokens_per_second: float | None = None


class SteerDelta(Wire):
    """What was added to one output since the last frame."""

    row: int
    """Place of the output in the answer."""
    text: str = ""
    logprobs: list[TokenLogprob] | None = None
    finish_reason: Literal["length", "stop"] | None = None


class SteerDeltas(Wire):
    """A frame of a delta stream."""

    deltas: list[SteerDelta]
