"""Steer a model with features: what may be asked, the run as it grows, and runs that are kept for sharing."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

from sqlmodel import select

from inference_worker.wire.steering import SteerCompletionRequest, SteerCompletionResponse, SteerFeature, SteerOutput
from memicos_app import worker
from memicos_app.db.session import read_session, session
from memicos_app.db.steering import SteerOutput as RunRow
from memicos_app.db.steering import SteerOutputFeature as FeatureRow
from memicos_app.db.text import original, original_json, storable, storable_json
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.inference import inference, require_text
from memicos_app.settings import get_settings

LONGEST_PROMPT = 2048
MOST_FEATURES = 32
MOST_SWEPT = 8
STRONGEST = 10_000.0
METHODS = ("SIMPLE_ADDITIVE",)
_PACKAGES = ("memicos", "torch", "transformers", "transformer-lens", "sae-lens")
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


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run as it was kept."""

    id: str
    request: SteerRequest
    result: SteerResult
    created_at: datetime
    made_with: dict[str, Any] = field(default_factory=dict)


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


async def save_run(request: SteerRequest, result: SteerResult, *, creator_id: str | None = None) -> str:
    """Keep a run for sharing; its id."""
    state = await worker.status()
    made_with = {"dtype": state.dtype, "device": state.device, "packages": {n: version(n) for n in _PACKAGES}}
    row = _row(request, result, made_with)
    row.creator_id = creator_id
    async with session() as opened:
        opened.add(row)
        await opened.flush()
        opened.add_all(_feature_rows(row.id, request.features))
        await opened.commit()
    return row.id


async def load_run(run_id: str) -> SavedRun:
    """A run that was kept.

    Raises:
        NotFoundError: there is none of this id.
    """
    async with read_session() as opened:
        row = await opened.get(RunRow, storable(run_id))
        if row is None:
            raise NotFoundError(f"There is no steering run {run_id}.", field="id")
        ordered = (
            select(FeatureRow).where(FeatureRow.steer_output_id == row.id).order_by(FeatureRow.position)  # type: ignore[arg-type]
        )
        features = [_feature(each) for each in await opened.exec(ordered)]
    return _saved(row, features)


def request_hash(request: SteerRequest) -> str:
    """The same for requests that ask for the same."""
    asked = {**asdict(request), "features": [asdict(feature) for feature in request.features]}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


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


def _row(request: SteerRequest, result: SteerResult, made_with: dict[str, Any]) -> RunRow:
    return RunRow(
        id=secrets.token_urlsafe(12),
        model_id=request.model_id,
        prompt=storable(request.prompt),
        prepend_bos=result.prepend_bos,
        temperature=request.temperature,
        n_tokens=request.n_tokens,
        freq_penalty=request.freq_penalty,
        seed=request.seed,
        strength_multiplier=request.strength_multiplier,
        steer_method=request.steer_method,
        normalize_steering=request.normalize_steering,
        n_logprobs=request.n_logprobs,
        default_text=storable(result.default.text),
        steered_text=storable(result.steered.text),
        default_logprobs=storable_json(result.default.logprobs),
        steered_logprobs=storable_json(result.steered.logprobs),
        made_with={**made_with, "texts": [_measures(result.default), _measures(result.steered)]},
        request_hash=request_hash(request),
    )


def _measures(text: SteerText) -> dict[str, Any]:
    return {"n_tokens": text.n_tokens, "finish_reason": text.finish_reason}


def _feature_rows(run_id: str, features: Sequence[SteeredFeature]) -> list[FeatureRow]:
    return [
        FeatureRow(steer_output_id=run_id, position=position, **asdict(each))
        for position, each in enumerate(features)
    ]


def _feature(row: FeatureRow) -> SteeredFeature:
    return SteeredFeature(row.model_id, row.source_id, row.index, row.strength)


def _saved(row: RunRow, features: list[SteeredFeature]) -> SavedRun:
    request = SteerRequest(
        model_id=row.model_id,
        prompt=original(row.prompt),
        features=features,
        temperature=row.temperature,
        n_tokens=row.n_tokens,
        freq_penalty=row.freq_penalty,
        seed=row.seed,
        strength_multiplier=row.strength_multiplier,
        steer_method=row.steer_method,
        normalize_steering=row.normalize_steering,
        n_logprobs=row.n_logprobs,
        prepend_bos=row.prepend_bos,
    )
    made_with = dict(row.made_with)
    default, steered = made_with.pop("texts", [{}, {}])
    result = SteerResult(
        _kept_text(row.default_text, row.default_logprobs, default),
        _kept_text(row.steered_text, row.steered_logprobs, steered),
        row.prepend_bos,
        None,
    )
    return SavedRun(row.id, request, result, row.created_at, made_with)


def _kept_text(text: str | None, logprobs: list[Any] | None, measures: dict[str, Any]) -> SteerText:
    return replace(SteerText(original(text or ""), logprobs=original_json(logprobs)), **measures)
