"""What a request wants done to the residual: features, vectors and a condition, checked and made into rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from inference_worker.engine.changes import Ablation, Change, Condition, along, merged
from inference_worker.engine.errors import BadInput, EngineError
from inference_worker.engine.hook_points import comes_before, require_steerable, width
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.steer import Steering
from inference_worker.requests.engine import Engine, require_model
from inference_worker.wire.steering import SteerCondition, SteerFeature, SteerOptions, SteerVector


@dataclass(frozen=True, slots=True)
class _Intervention:
    """One change, as it depends on the multiplier; None where it would change nothing."""

    hook: str
    at: Callable[[float], Change | None]


def steered_rows(engine: Engine, request: SteerOptions, multipliers: Sequence[float | None]) -> list[Steering]:
    """The steering of each output; a multiplier of None is an unsteered one.

    Raises:
        BadInput, Unknown, Unusable: with the field of the request that cannot be right.
    """
    interventions = [*_features(engine, request), *_vectors(engine, request)]
    condition = None if request.condition is None else _condition(engine, request.condition, interventions)
    return [Steering() if m is None else _row(engine, request, interventions, condition, m) for m in multipliers]


def _row(
    engine: Engine,
    request: SteerOptions,
    interventions: Sequence[_Intervention],
    condition: Condition | None,
    multiplier: float,
) -> Steering:
    changes = (intervention.at(multiplier) for intervention in interventions)
    return Steering(
        merged(change for change in changes if change is not None),
        positions=request.positions,
        special_ids=engine.model.special_ids,
        steers_special=request.steer_special_tokens,
        condition=condition,
    )


def _features(engine: Engine, request: SteerOptions) -> Iterator[_Intervention]:
    found = [_loaded(engine, feature, f"features.{number}") for number, feature in enumerate(request.features)]
    if request.steer_method == "ABLATION":
        yield from _ablations(engine, request, found)
        return
    for number, (feature, loaded) in enumerate(zip(request.features, found, strict=True)):
        with _named(f"features.{number}"):
            made = _direction(request, loaded.steer_hook_name, loaded.direction(feature.index), feature.strength)
        yield made


def _loaded(engine: Engine, feature: SteerFeature, field: str) -> LoadedSae:
    require_model(engine, feature.model, f"{field}.model")
    with _named(field):
        loaded = engine.saes.get(feature.source)
        direction = loaded.direction(feature.index)
    with _named(f"{field}.source"):
        there = width(engine.model, loaded.steer_hook_name)
        if direction.numel() != there:
            raise BadInput(f"{feature.source} writes {direction.numel()} numbers where the model has {there}.")
    return loaded


def _ablations(engine: Engine, request: SteerOptions, found: Sequence[LoadedSae]) -> Iterator[_Intervention]:
    """One for each SAE: its features are taken out together, of one encode."""
    by_source: dict[str, list[int]] = {}
    for number, feature in enumerate(request.features):
        by_source.setdefault(feature.source, []).append(number)
    for numbers in by_source.values():
        loaded = found[numbers[0]]
        _require_token_wise(loaded, f"features.{numbers[0]}.source")
        strengths: dict[int, float] = {}
        for feature in (request.features[number] for number in numbers):
            strengths[feature.index] = strengths.get(feature.index, 0.0) + feature.strength
        yield _Intervention(loaded.steer_hook_name, _ablation(loaded, strengths, request.keep_error))


def _ablation(loaded: LoadedSae, strengths: dict[int, float], keep_error: bool) -> Callable[[float], Ablation | None]:
    def at(multiplier: float) -> Ablation | None:
        shares = {index: multiplier * strength for index, strength in strengths.items() if multiplier * strength}
        return Ablation(loaded.steer_hook_name, loaded, shares, keep_error) if shares else None

    return at


def _vectors(engine: Engine, request: SteerOptions) -> Iterator[_Intervention]:
    if request.vectors and request.steer_method == "ABLATION":
        raise BadInput(
            "A vector has no activation that could be ablated: use ORTHOGONAL_DECOMP with strength 0 for it.",
            field="vectors",
        )
    for number, vector in enumerate(request.vectors):
        require_steerable(engine.model, vector.hook, f"vectors.{number}.hook")
        with _named(f"vectors.{number}.steering_vector", fixed=True):
            made = _direction(request, vector.hook, _values(engine, vector), vector.strength)
        yield made


def _values(engine: Engine, vector: SteerVector) -> torch.Tensor:
    there = width(engine.model, vector.hook)
    if len(vector.steering_vector) != there:
        raise BadInput(f"{vector.hook} has {there} numbers a position, the vector {len(vector.steering_vector)}.")
    values = torch.tensor(vector.steering_vector, dtype=torch.float64).to(engine.model.dtype)
    if not values.isfinite().all():
        raise BadInput("The vector has a number that is too large for the model's precision.")
    return values.to(engine.model.device)


def _direction(request: SteerOptions, hook: str, direction: torch.Tensor, strength: float) -> _Intervention:
    method, normalize = request.steer_method, request.normalize_steering
    assert method != "ABLATION"

    def at(multiplier: float) -> Change | None:
        return along(hook, direction, multiplier * strength, method=method, normalize=normalize)

    at(1.0)  # a direction without length is refused here, where the field is known
    return _Intervention(hook, at)


def _condition(engine: Engine, asked: SteerCondition, interventions: Sequence[_Intervention]) -> Condition:
    with _named("condition"):
        loaded = engine.saes.get(asked.source)
        loaded.require(asked.index)
    _require_token_wise(loaded, "condition.source")
    for hook in dict.fromkeys(intervention.hook for intervention in interventions):
        if not comes_before(loaded.hook_name, hook):
            raise BadInput(
                f"The condition is read at {loaded.hook_name} and would decide on {hook}, which the model reaches "
                "first: choose a feature of the same layer or an earlier one.",
                field="condition.source",
            )
    return Condition(loaded, asked.index, asked.threshold)


def _require_token_wise(loaded: LoadedSae, field: str) -> None:
    if loaded.architecture == "temporal":
        raise BadInput(
            f"{loaded.source_id} encodes a token from the whole text before it, which generation does not keep.",
            field=field,
        )


@contextmanager
def _named(field: str, *, fixed: bool = False) -> Iterator[None]:
    """Failures name the field of the request: `field`, and below it what the failure itself names."""
    try:
        yield
    except EngineError as error:
        within = "" if fixed or error.field is None else f".{error.field}"
        raise type(error)(error.message, field=field + within) from None
