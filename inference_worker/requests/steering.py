"""Steered generation: a request checked and turned into rows, and its answer as it grows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from inference_worker.engine.errors import BadInput, Unknown
from inference_worker.engine.generate import generation
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.sampling import Logprob, Output, Sampling
from inference_worker.engine.steer import Steering, steering
from inference_worker.engine.together import Steps
from inference_worker.engine.tokens import Tokens
from inference_worker.requests.engine import Engine, require_model, within_limit
from inference_worker.wire.steering import (
    SteerCompletionRequest,
    SteerCompletionResponse,
    SteerFeature,
    SteerOutput,
    SteerType,
    TokenLogprob,
    TopLogprob,
)


@dataclass(frozen=True, slots=True)
class Completion:
    """A steering request that was found good: what is left is to generate."""

    request: SteerCompletionRequest
    multipliers: list[float | None]
    """Of each output; None: not steered."""
    tokens: Tokens
    rows: list[Steering]
    sampling: Sampling


def prepare(engine: Engine, request: SteerCompletionRequest) -> Completion:
    """Check a steering request and turn it into tokens and vectors, before anything is generated."""
    require_model(engine, request.model)
    parts = _parts(engine, request)
    multipliers = _multipliers(request)
    special = engine.model.special_ids
    rows = [
        steering(
            ((hook, v, m * s) for hook, v, s in parts), normalize=request.normalize_steering, special_ids=special
        )
        if m is not None
        else Steering()
        for m in multipliers
    ]
    return Completion(request, multipliers, _prompt(engine, request), rows, _sampling(engine, request))


def complete(engine: Engine, completion: Completion) -> Steps[SteerCompletionResponse]:
    """Generate text unsteered and steered; yields the answer so far after every step, last the complete one."""
    began: float | None = None
    first = 0

    def so_far(outputs: Sequence[Output]) -> SteerCompletionResponse:
        nonlocal began, first
        written = sum(len(output.ids) for output in outputs)
        if began is None and written:
            began, first = time.monotonic(), written
        return SteerCompletionResponse(
            outputs=[_output(completion, number, output) for number, output in enumerate(outputs)],
            prepend_bos=completion.tokens.prepend_bos,
            tokens_per_second=_rate(written - first, began),
        )

    return generation(engine.model, completion.tokens.ids, completion.rows, completion.sampling, so_far)


def _prompt(engine: Engine, request: SteerCompletionRequest) -> Tokens:
    if not request.prompt:
        raise BadInput("The prompt is empty.", field="prompt")
    return within_limit(engine, engine.model.tokenizer.tokenize(request.prompt, request.prepend_bos), "prompt")


def _multipliers(request: SteerCompletionRequest) -> list[float | None]:
    steered: list[float | None] = [*(request.sweep or [request.strength_multiplier])]
    kinds: dict[SteerType, list[float | None]] = {"DEFAULT": [None], "STEERED": steered}
    return [multiplier for name in dict.fromkeys(request.types) for multiplier in kinds[name]]


def _parts(engine: Engine, request: SteerCompletionRequest) -> list[tuple[str, torch.Tensor, float]]:
    """Hook name, direction and strength of every feature."""
    parts = []
    for number, feature in enumerate(request.features):
        require_model(engine, feature.model, f"features.{number}.model")
        loaded, direction = _direction(engine, feature, number)
        parts.append((loaded.steer_hook_name, direction, feature.strength))
    return parts


def _direction(engine: Engine, feature: SteerFeature, number: int) -> tuple[LoadedSae, torch.Tensor]:
    try:
        loaded = engine.saes.get(feature.source)
        return loaded, loaded.direction(feature.index)
    except Unknown as error:
        raise Unknown(error.message, field=f"features.{number}.{error.field}") from None


def _sampling(engine: Engine, request: SteerCompletionRequest) -> Sampling:
    if request.n_completion_tokens > engine.max_completion_tokens:
        raise BadInput(
            f"At most {engine.max_completion_tokens} tokens are generated, not {request.n_completion_tokens}.",
            field="n_completion_tokens",
        )
    return Sampling(
        max_tokens=request.n_completion_tokens,
        temperature=request.temperature,
        freq_penalty=request.freq_penalty,
        seed=request.seed,
        n_logprobs=request.n_logprobs,
    )


def _output(completion: Completion, number: int, output: Output) -> SteerOutput:
    return SteerOutput(
        type="DEFAULT" if completion.multipliers[number] is None else "STEERED",
        strength_multiplier=completion.multipliers[number],
        output=output.text,
        n_tokens=len(output.ids),
        finish_reason=output.finish_reason,
        logprobs=[_logprob(one) for one in output.logprobs] if completion.request.n_logprobs else None,
    )


def _logprob(one: Logprob) -> TokenLogprob:
    top = [TopLogprob(token=token, logprob=value) for token, value in one.top]
    return TokenLogprob(token=one.token, logprob=one.logprob, top_logprobs=top)


def _rate(written: int, began: float | None) -> float | None:
    seconds = time.monotonic() - began if began is not None else 0.0
    return written / seconds if written > 0 and seconds > 0 else None
