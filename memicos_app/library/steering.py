"""Steer a model with features: what may be asked, and the run as it grows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from inference_worker.wire.steering import SteerCompletionRequest, SteerCompletionResponse, SteerFeature, SteerOutput
from memicos_app.library.errors import BadInputError
from memicos_app.library.inference import inference, require_text
from memicos_app.settings import get_settings

LONGEST_PROMPT = 2048
MOST_FEATURES = 32
MOST_SWEPT = 8
STRONGEST = 10_000.0
METHODS = ("SIMPLE_ADDITIVE",)
_FIELDS = {"source": "source_id", "model": "model_id", "n_completion_tokens": "n_tokens"}


@dataclass(frozen=True, slots=True)
class SteeredFeature:
    """A feature and how strongly it is added, in units of its activation."""

    model_id: str
    source_id: str
    index: int
    strength: float


@dataclass(frozen=True, slots=True)
class SteerRequest:
    """What is asked of a run; with the same seed the same request gives the same texts."""

    model_id: str
    prompt: str
    features: Sequence[SteeredFeature]
    temperature: float = 0.5
    n_tokens: int = 48
    freq_penalty: float = 1.0
    """Subtracted from a token's logit once for every time it was generated."""
    seed: int = 16
    strength_multiplier: float = 1.0
    steer_method: str = "SIMPLE_ADDITIVE"
    normalize_steering: bool = False
    """Divide every direction by its norm first, so that the strength is the length that is added."""
    n_logprobs: int = 0
    prepend_bos: bool | None = None


@dataclass(frozen=True, slots=True)
class SteerText:
    """What the model wrote, without the prompt."""

    text: str = ""
    n_tokens: int = 0
    finish_reason: str | None = None
    """`length` or `stop`; None while it grows."""
    logprobs: list[dict[str, Any]] | None = None
    """Per token: token, logprob, top_logprobs [{token, logprob}]; None where they were not asked for."""


@dataclass(frozen=True, slots=True)
class SteerResult:
    """A run so far: unsteered and steered text side by side."""

    default: SteerText
    steered: SteerText
    prepend_bos: bool
    tokens_per_second: float | None
    """Of both texts together."""

    @property
    def done(self) -> bool:
        """Whether both texts are complete."""
        return bool(self.default.finish_reason and self.steered.finish_reason)


async def stream(request: SteerRequest) -> AsyncGenerator[SteerResult, None]:
    """Run a request; yields the texts so far, and last the complete ones. Closing the generator stops the run.

    Raises:
        BadInputError, NotFoundError: the request cannot be right; `field` names what.
        UnavailableError: the worker is down, loading or busy.
    """
    check(request)
    with inference(_FIELDS) as client:
        async with aclosing(client.steer(_wire(request))) as answers:
            async for answer in answers:
                yield _result(answer)


async def complete(request: SteerRequest) -> SteerResult:
    """Run a request to its end. Raises as `stream`."""
    check(request)
    with inference(_FIELDS) as client:
        return _result(await client.complete(_wire(request)))


async def sweep(request: SteerRequest, multipliers: Sequence[float]) -> AsyncGenerator[list[SteerText], None]:
    """The steered text at several multiples of the strengths, generated together; yields them as they grow.

    Raises as `stream`.
    """
    check(request)
    if not 1 <= len(multipliers) <= MOST_SWEPT:
        raise BadInputError(f"A sweep has 1 to {MOST_SWEPT} multipliers.", field="multipliers")
    asked = _wire(request).model_copy(update={"types": ["STEERED"], "sweep": list(multipliers)})
    with inference(_FIELDS) as client:
        async with aclosing(client.steer(asked)) as answers:
            async for answer in answers:
                yield [_text(output) for output in answer.outputs]


def check(request: SteerRequest) -> None:
    """The limits of a run. Raises `BadInputError` with the field at fault."""
    most = get_settings().max_completion_tokens
    require_text(request.prompt, LONGEST_PROMPT, "prompt")
    _within("temperature", request.temperature, 0, 2)
    _within("n_tokens", request.n_tokens, 1, most)
    _within("freq_penalty", request.freq_penalty, -2, 2)
    _within("seed", request.seed, -100_000_000, 100_000_000)
    _within("strength_multiplier", request.strength_multiplier, 0, 10)
    _within("n_logprobs", request.n_logprobs, 0, 10)
    if request.steer_method not in METHODS:
        raise BadInputError(f"{request.steer_method} is not offered; use {METHODS[0]}.", field="steer_method")
    if len(request.features) > MOST_FEATURES:
        raise BadInputError(f"At most {MOST_FEATURES} features can be steered at once.", field="features")
    for number, feature in enumerate(request.features):
        _within(f"features.{number}.index", feature.index, 0, 2**31 - 1)
        _within(f"features.{number}.strength", feature.strength, -STRONGEST, STRONGEST)


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise BadInputError(f"{name} must be between {least:g} and {most:g}.", field=name)


def _wire(request: SteerRequest) -> SteerCompletionRequest:
    return SteerCompletionRequest(
        model=request.model_id,
        prompt=request.prompt,
        features=[
            SteerFeature(model=each.model_id, source=each.source_id, index=each.index, strength=each.strength)
            for each in request.features
        ],
        n_completion_tokens=request.n_tokens,
        temperature=request.temperature,
        strength_multiplier=request.strength_multiplier,
        freq_penalty=request.freq_penalty,
        seed=request.seed,
        normalize_steering=request.normalize_steering,
        n_logprobs=request.n_logprobs,
        prepend_bos=request.prepend_bos,
    )


def _result(answer: SteerCompletionResponse) -> SteerResult:
    texts = {output.type: _text(output) for output in answer.outputs}
    return SteerResult(texts["DEFAULT"], texts["STEERED"], answer.prepend_bos, answer.tokens_per_second)


def _text(output: SteerOutput) -> SteerText:
    logprobs = None if output.logprobs is None else [one.model_dump() for one in output.logprobs]
    return SteerText(output.output, output.n_tokens, output.finish_reason, logprobs)
