"""What each kind of request means: from the wire's types to the engine and back. Runs in the model's thread."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from inference_worker import wire
from inference_worker.engine.encode import counted, encode
from inference_worker.engine.errors import BadInput, Unknown
from inference_worker.engine.generate import Logprob, Output, Sampling, generate
from inference_worker.engine.model import LanguageModel, load_model, token_rows
from inference_worker.engine.saes import LoadedSae, SaeShelf
from inference_worker.engine.steer import Steering, steering
from inference_worker.engine.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Engine:
    """A loaded model with its SAEs, and the limits of what is asked of it."""

    model: LanguageModel
    saes: SaeShelf
    token_limit: int
    max_completion_tokens: int


def load_engine(
    model_id: str,
    *,
    models_dir: Path,
    sae_dirs: Sequence[Path],
    sae_sets: Sequence[str],
    device: str,
    dtype: str,
    token_limit: int,
    max_completion_tokens: int,
) -> Engine:
    """Load the model; SAEs follow when they are asked for."""
    model = load_model(model_id, models_dir=models_dir, device=device, dtype=getattr(torch, dtype))
    shelf = SaeShelf(sae_dirs, model.name, model.d_model, sets=sae_sets, device=device)
    return Engine(model, shelf, token_limit, max_completion_tokens)


def tokenize(engine: Engine, request: wire.TokenizeRequest) -> wire.TokenizeResponse:
    """Tokens of a text."""
    _require_model(engine, request.model)
    tokens = _within_limit(engine, engine.model.tokenizer.tokenize(request.text, request.prepend_bos), "text")
    return wire.TokenizeResponse(tokens=tokens.ids, token_strings=tokens.strings, prepend_bos=tokens.prepend_bos)


def activation(engine: Engine, request: wire.ActivationSingleRequest) -> wire.ActivationSingleResponse:
    """Activations of one feature on a text."""
    _require_model(engine, request.model)
    loaded = engine.saes.get(request.source)
    index = _index(request.index)
    loaded.require(index)
    tokens = _activation_tokens(engine, request)
    ids = token_rows([tokens.ids], engine.model.n_vocab)
    residual = engine.model.capture(ids, [loaded.hook_name])[loaded.hook_name]
    values = encode(residual, ids, loaded, engine.model.special_ids, features=[index])[0, :, 0]
    special = ~counted(residual, ids, loaded, engine.model.special_ids)[0]
    return wire.ActivationSingleResponse(
        activation=_activation(values),
        tokens=tokens.strings,
        token_ids=tokens.ids,
        tokens_is_special=special.tolist(),
        prepend_bos=tokens.prepend_bos,
        hook_name=loaded.hook_name,
        dtype=_dtype_name(engine),
    )


def vector(engine: Engine, request: wire.FeatureVectorRequest) -> wire.FeatureVectorResponse:
    """What steering with a feature adds."""
    _require_model(engine, request.model)
    loaded = engine.saes.get(request.source)
    direction = loaded.direction(request.index)
    return wire.FeatureVectorResponse(
        vector=direction.tolist(), norm=float(direction.norm()), hook_name=loaded.steer_hook_name
    )


@dataclass(frozen=True, slots=True)
class Completion:
    """A steering request that was found good: what is left is to generate."""

    request: wire.SteerCompletionRequest
    multipliers: list[float | None]
    """Of each output; None: not steered."""
    tokens: Tokens
    rows: list[Steering]
    sampling: Sampling


def prepare(engine: Engine, request: wire.SteerCompletionRequest) -> Completion:
    """Check a steering request and turn it into tokens and vectors, before anything is generated."""
    _require_model(engine, request.model)
    parts = _parts(engine, request)
    multipliers = _multipliers(request)
    rows = [
        steering(((hook, v, m * s) for hook, v, s in parts), normalize=request.normalize_steering)
        if m is not None
        else Steering()
        for m in multipliers
    ]
    return Completion(request, multipliers, _prompt(engine, request), rows, _sampling(engine, request))


def complete(engine: Engine, completion: Completion) -> Iterator[wire.SteerCompletionResponse]:
    """Generate text unsteered and steered; yields the answer so far after every step, last the complete one."""
    began: float | None = None
    first = 0
    for outputs in generate(engine.model, completion.tokens.ids, completion.rows, completion.sampling):
        written = sum(len(output.ids) for output in outputs)
        if began is None and written:
            began, first = time.monotonic(), written
        yield wire.SteerCompletionResponse(
            outputs=[_output(completion, number, output) for number, output in enumerate(outputs)],
            prepend_bos=completion.tokens.prepend_bos,
            tokens_per_second=_rate(written - first, began),
        )


def capabilities(engine: Engine, queue_limit: int) -> wire.Capabilities:
    """What is served, within which limits."""
    model = engine.model
    return wire.Capabilities(
        model=model.name,
        device=str(model.device),
        dtype=_dtype_name(engine),
        n_layers=model.n_layers,
        d_model=model.d_model,
        context_length=model.context_length,
        token_limit=engine.token_limit,
        max_completion_tokens=engine.max_completion_tokens,
        inference_queue=queue_limit,
        sources=engine.saes.sources(),
        prepends_bos=model.tokenizer.prepends_bos,
    )


def _require_model(engine: Engine, name: str, field: str = "model") -> None:
    if name != engine.model.name:
        raise Unknown(f"This worker serves {engine.model.name}, not {name}.", field=field)


def _within_limit(engine: Engine, tokens: Tokens, field: str) -> Tokens:
    limit = min(engine.token_limit, engine.model.context_length)
    if len(tokens.ids) > limit:
        raise BadInput(f"The text is too long: {len(tokens.ids)} tokens, and {limit} are allowed.", field=field)
    return tokens


def _prompt(engine: Engine, request: wire.SteerCompletionRequest) -> Tokens:
    if not request.prompt:
        raise BadInput("The prompt is empty.", field="prompt")
    return _within_limit(engine, engine.model.tokenizer.tokenize(request.prompt, request.prepend_bos), "prompt")


def _activation_tokens(engine: Engine, request: wire.ActivationSingleRequest) -> Tokens:
    if (request.prompt is None) == (request.tokens is None):
        raise BadInput("Give either a prompt or tokens.", field="prompt")
    if request.tokens is None:
        if not request.prompt:
            raise BadInput("The prompt is empty.", field="prompt")
        tokens = engine.model.tokenizer.tokenize(request.prompt, request.prepend_bos)
        return _within_limit(engine, tokens, "prompt")
    if request.prepend_bos is not None:
        raise BadInput("Tokens are taken as they are: put BOS among them if it is wanted.", field="prepend_bos")
    if not request.tokens:
        raise BadInput("The list of tokens is empty.", field="tokens")
    token_rows([request.tokens], engine.model.n_vocab)
    tokens = Tokens(request.tokens, engine.model.tokenizer.strings(request.tokens), prepend_bos=False)
    return _within_limit(engine, tokens, "tokens")


def _index(index: int | str) -> int:
    try:
        return int(index)
    except ValueError:
        raise BadInput(f"The index of a feature is a whole number, not {index!r}.", field="index") from None


def _activation(values: torch.Tensor) -> wire.Activation:
    peak = int(values.argmax())
    return wire.Activation(
        values=values.tolist(),
        max_value=float(values[peak]),
        max_value_index=peak,
        min_value=float(values.min()),
    )


def _multipliers(request: wire.SteerCompletionRequest) -> list[float | None]:
    steered: list[float | None] = [*(request.sweep or [request.strength_multiplier])]
    kinds: dict[wire.SteerType, list[float | None]] = {"DEFAULT": [None], "STEERED": steered}
    return [multiplier for name in dict.fromkeys(request.types) for multiplier in kinds[name]]


def _parts(engine: Engine, request: wire.SteerCompletionRequest) -> list[tuple[str, torch.Tensor, float]]:
    """Hook name, direction and strength of every feature."""
    parts = []
    for number, feature in enumerate(request.features):
        _require_model(engine, feature.model, f"features.{number}.model")
        loaded, direction = _direction(engine, feature, number)
        parts.append((loaded.steer_hook_name, direction, feature.strength))
    return parts


def _direction(engine: Engine, feature: wire.SteerFeature, number: int) -> tuple[LoadedSae, torch.Tensor]:
    try:
        loaded = engine.saes.get(feature.source)
        return loaded, loaded.direction(feature.index)
    except Unknown as error:
        raise Unknown(error.message, field=f"features.{number}.{error.field}") from None


def _sampling(engine: Engine, request: wire.SteerCompletionRequest) -> Sampling:
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


def _output(completion: Completion, number: int, output: Output) -> wire.SteerOutput:
    return wire.SteerOutput(
        type="DEFAULT" if completion.multipliers[number] is None else "STEERED",
        strength_multiplier=completion.multipliers[number],
        output=output.text,
        n_tokens=len(output.ids),
        finish_reason=output.finish_reason,
        logprobs=[_logprob(one) for one in output.logprobs] if completion.request.n_logprobs else None,
    )


def _logprob(one: Logprob) -> wire.TokenLogprob:
    top = [wire.TopLogprob(token=token, logprob=value) for token, value in one.top]
    return wire.TokenLogprob(token=one.token, logprob=one.logprob, top_logprobs=top)


def _rate(written: int, began: float | None) -> float | None:
    seconds = time.monotonic() - began if began is not None else 0.0
    return written / seconds if written > 0 and seconds > 0 else None


def _dtype_name(engine: Engine) -> str:
    return str(engine.model.dtype).removeprefix("torch.")
