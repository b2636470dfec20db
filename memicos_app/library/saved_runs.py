"""Steering runs that are kept for sharing: saved with all that was asked, and opened again as they were."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

from sqlmodel import select

from memicos_app import worker
from memicos_app.db.session import read_session, session
from memicos_app.db.steering import SteerOutput as RunRow
from memicos_app.db.steering import SteerOutputFeature as FeatureRow
from memicos_app.db.text import original, original_json, storable, storable_json
from memicos_app.library.errors import NotFoundError
from memicos_app.library.steering import SteeredFeature, SteerRequest, SteerResult, SteerText

_PACKAGES = ("memicos", "torch", "transformers", "transformer-lens", "sae-lens")


@dataclass(frozen=True, slots=True)
class SavedRun:
    """A run as it was kept."""

    id: str
    request: SteerRequest
    result: SteerResult
    created_at: datetime
    made_with: dict[str, Any] = field(default_factory=dict)


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
