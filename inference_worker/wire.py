"""What goes over the wire between the site and the inference worker: types only, nothing that runs.

Requests accept camelCase and snake_case; answers are written in camelCase. Field names follow the
published reference inference server. Positions always count every token that the answer lists.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

SECRET_HEADER = "X-SECRET-KEY"
SteerType = Literal["DEFAULT", "STEERED"]
SteerMethod = Literal["SIMPLE_ADDITIVE"]


class Wire(BaseModel):
    """Base of every request and answer: both casings in, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        protected_namespaces=(),
        allow_inf_nan=False,
    )


class Problem(Wire):
    """The one shape of an error: `error` is a stable code, `message` a sentence, `field` the request's field."""

    error: str
    message: str
    field: str | None = None
    position: int | None = None
    retry_after: float | None = None


class Health(Wire):
    """Liveness: the process answers. Says nothing of the model."""

    status: Literal["ok"] = "ok"


class Readiness(Wire):
    """Whether inference can be asked for, and if not, what is missing."""

    ready: bool
    state: Literal["starting", "loading", "ready", "failed"]
    detail: str = ""
    model: str
    sources: list[str] = []
    queue_length: int = 0
    device: str = "cpu"
    dtype: str = "float32"


class Capabilities(Wire):
    """What this worker serves and within which limits."""

    model: str
    device: str
    dtype: str
    n_layers: int
    d_model: int
    context_length: int
    token_limit: int
    max_completion_tokens: int
    inference_queue: int
    sources: list[str]
    steer_methods: list[SteerMethod] = ["SIMPLE_ADDITIVE"]
    prepends_bos: bool
    """Whether BOS is added where a request leaves `prepend_bos` open."""


class TokenizeRequest(Wire):
    model: str
    text: str
    prepend_bos: bool | None = None
    """None: as the model wants it. The answer says what was done."""


class TokenizeResponse(Wire):
    tokens: list[int]
    token_strings: list[str]
    prepend_bos: bool


class ActivationSingleRequest(Wire):
    model: str
    source: str
    index: int | str
    """An integer, or its text, as published clients send it."""
    prompt: str | None = None
    tokens: list[int] | None = None
    """Exact token ids instead of a prompt; BOS must be in them if it is wanted."""
    prepend_bos: bool | None = None


class Activation(Wire):
    """Activations of one feature, one value a token of the answer's `tokens`."""

    values: list[float]
    max_value: float
    max_value_index: int
    min_value: float


class ActivationSingleResponse(Wire):
    activation: Activation
    tokens: list[str]
    token_ids: list[int]
    tokens_is_special: list[bool]
    """True where a position does not count: a special token or an attention sink; its value is 0."""
    prepend_bos: bool
    hook_name: str
    dtype: str


class SteerFeature(Wire):
    model: str
    source: str
    index: int
    strength: Annotated[float, Field(ge=-10_000, le=10_000)]


class SteerCompletionRequest(Wire):
    model: str
    prompt: str
    features: Annotated[list[SteerFeature], Field(max_length=32)]
    types: Annotated[list[SteerType], Field(min_length=1, max_length=2)] = ["DEFAULT", "STEERED"]
    n_completion_tokens: Annotated[int, Field(ge=1)] = 64
    temperature: Annotated[float, Field(ge=0, le=100)] = 0.5
    strength_multiplier: Annotated[float, Field(ge=-100, le=100)] = 1.0
    sweep: Annotated[list[Annotated[float, Field(ge=-100, le=100)]], Field(max_length=16)] = []
    """Several multipliers in place of the one: a STEERED output for each, in this order, generated together."""
    freq_penalty: Annotated[float, Field(ge=-2, le=2)] = 0.0
    """Subtracted from a token's logit once for each time it was generated (OpenAI's definition)."""
    seed: int = 16
    steer_method: SteerMethod = "SIMPLE_ADDITIVE"
    normalize_steering: bool = False
    n_logprobs: Annotated[int, Field(ge=0, le=10)] = 0
    prepend_bos: bool | None = None
    stream: bool = False


class TopLogprob(Wire):
    token: str
    logprob: float


class TokenLogprob(Wire):
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
    """The whole answer; a stream sends the same object, with the text so far, in every frame.

    A stream's frames are `data: {…}`; it always ends with `event: done` (the complete answer again)
    or `event: error` (a `Problem`).
    """

    outputs: list[SteerOutput]
    prepend_bos: bool = True
    """Whether BOS was added to the prompt."""
    tokens_per_second: float | None = None
    """Tokens of all outputs together, by the time since the prompt was read."""


class FeatureVectorRequest(Wire):
    model: str
    source: str
    index: int


class FeatureVectorResponse(Wire):
    """Decoder direction of a feature: what steering adds, `[d_model]`, and its norm."""

    vector: list[float]
    norm: float
    hook_name: str
