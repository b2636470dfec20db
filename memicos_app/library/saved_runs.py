"""Steering runs that are kept for sharing: saved with all that was asked, and opened again as they were."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from sqlmodel import select

from memicos_app import worker
from memicos_app.db.session import read_session, session
from memicos_app.db.steering import SteerOutput as RunRow
from memicos_app.db.steering import SteerOutputFeature as FeatureRow
from memicos_app.db.text import original, original_json, storable, storable_json
from memicos_app.library import activity
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import person
from memicos_app.library.errors import NotFoundError
from memicos_app.library.steering import (
    ChatTurn,
    SteerCondition,
    SteeredFeature,
    SteeredVector,
    SteerRequest,
    SteerResult,
    SteerText,
)

_PACKAGES = ("memicos", "torch", "transformers", "transformer-lens", "sae-lens")
_OPTIONS = (
    "keep_error",
    "positions",
    "steer_special_tokens",
    "top_p",
)
"""Options that have no column of their own, and whose values are plain."""
_COLUMNS = (
    "temperature",
    "n_tokens",
    "freq_penalty",
    "seed",
    "strength_multiplier",
    "steer_method",
    "normalize_steering",
    "n_logprobs",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished run with all that belongs to it."""

    request: SteerRequest
    result: SteerResult
    default_chat: Sequence[ChatTurn] = ()
    """The unsteered side's conversation, where the request has one."""
    strip: Sequence[SteerText] = ()
    """Texts of the strip that compares strengths."""


@dataclass(frozen=True, slots=True)
class SavedRun(Kept):
    """A run as it was kept."""

    id: str = ""
    created_at: datetime | None = None
    made_with: dict[str, Any] = field(default_factory=dict)


async def save(kept: Kept) -> str | None:
    """Keep a run for sharing, as the person's who asks; its id, or None in a demo, which keeps nothing."""
    if rights.mode() == "demo" and person().way != "machine":
        return None
    state = await worker.status()
    made_with = {"dtype": state.dtype, "device": state.device, "packages": dict(_versions())}
    row = _row(kept, made_with)
    row.creator_id = person().id
    async with session() as opened:
        opened.add(row)
        await opened.flush()
        opened.add_all(_feature_rows(row.id, kept.request.features))
        await activity.note("run.keep", f"/{row.model_id}/steer?saved={row.id}", writer=opened)
        await opened.commit()
    return row.id


async def load(run_id: str) -> SavedRun:
    """A run that was kept.

    Raises:
        NotFoundError: there is none of this id, or it is private and somebody else's.
    """
    async with read_session() as opened:
        row = await opened.get(RunRow, storable(run_id))
        if row is None or not _may_open(row):
            raise NotFoundError(f"There is no steering run {run_id}.", field="id")
        ordered = (
            select(FeatureRow).where(FeatureRow.steer_output_id == row.id).order_by(FeatureRow.position)  # type: ignore[arg-type]
        )
        features = [_feature(each) for each in await opened.exec(ordered)]
    return _saved(row, features)


def _may_open(row: RunRow) -> bool:
    """Private runs are their maker's."""
    who = person()
    return row.visibility != "private" or who.admin or (who.known and who.id == row.creator_id)


def request_hash(request: SteerRequest) -> str:
    """The same for requests that ask for the same."""
    return hashlib.sha256(json.dumps(asdict(request), sort_keys=True).encode()).hexdigest()


def as_json(kept: Kept) -> dict[str, Any]:
    """A run as a file: everything that was asked and written, in plain data."""
    request = asdict(kept.request)
    return {
        "format": "memicos-steering-run/1",
        "request": request,
        "default_chat": [asdict(turn) for turn in kept.default_chat],
        "prepend_bos": kept.result.prepend_bos,
        "texts": {"default": asdict(kept.result.default), "steered": asdict(kept.result.steered)},
        "strip": [asdict(text) for text in kept.strip],
    }


@cache
def _versions() -> Mapping[str, str]:
    """Of packages that decide what a text becomes; to read them takes longer than to keep a run."""
    return {name: version(name) for name in _PACKAGES}


def _row(kept: Kept, made_with: dict[str, Any]) -> RunRow:
    request, result = kept.request, kept.result
    return RunRow(
        id=secrets.token_urlsafe(12),
        model_id=request.model_id,
        prompt=storable(request.prompt),
        chat=storable_json(_chat(kept)) if request.chat else None,
        prepend_bos=result.prepend_bos,
        **{name: getattr(request, name) for name in _COLUMNS},
        options=storable_json(_options(request)),
        vectors=[storable_json(asdict(vector)) for vector in request.vectors],
        default_text=storable(result.default.text),
        steered_text=storable(result.steered.text),
        default_logprobs=storable_json(result.default.logprobs),
        steered_logprobs=storable_json(result.steered.logprobs),
        strip=[storable_json(asdict(replace(text, logprobs=None, chat=(), raw=""))) for text in kept.strip],
        visibility="unlisted",
        made_with={**made_with, "texts": [_measures(result.default), _measures(result.steered)]},
        request_hash=request_hash(request),
    )


def _chat(kept: Kept) -> dict[str, Any]:
    """Both conversations up to what was said last, and both as they ended."""
    result = kept.result
    sides = {"default": kept.default_chat or kept.request.chat, "steered": kept.request.chat}
    ends = {"default_end": result.default.chat, "steered_end": result.steered.chat}
    turns = {name: [asdict(turn) for turn in given] for name, given in (sides | ends).items()}
    raws = {"default_raw": result.default.raw, "steered_raw": result.steered.raw}
    return {**turns, **raws, "rendered": result.rendered}


def _options(request: SteerRequest) -> dict[str, Any]:
    condition = request.condition
    return {
        **{name: getattr(request, name) for name in _OPTIONS},
        "stop": list(request.stop),
        "condition": condition and asdict(condition),
        "prepend_bos": request.prepend_bos,
    }


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
    chat = original_json(row.chat) or {}
    made_with = dict(row.made_with)
    default, steered = made_with.pop("texts", [{}, {}])
    result = SteerResult(
        _kept_text(row.default_text, row.default_logprobs, default, "default", chat),
        _kept_text(row.steered_text, row.steered_logprobs, steered, "steered", chat),
        row.prepend_bos,
        None,
        chat.get("rendered", ""),
    )
    return SavedRun(
        request=_request(row, features, _turns(chat.get("steered"))),
        result=result,
        default_chat=_turns(chat.get("default")),
        strip=[SteerText(**{**text, "chat": ()}) for text in original_json(row.strip)],
        id=row.id,
        created_at=row.created_at,
        made_with=made_with,
    )


def _request(row: RunRow, features: list[SteeredFeature], chat: tuple[ChatTurn, ...]) -> SteerRequest:
    options = original_json(row.options)
    condition = options.pop("condition", None)
    return SteerRequest(
        model_id=row.model_id,
        prompt=original(row.prompt),
        features=features,
        vectors=tuple(SteeredVector(**vector) for vector in original_json(row.vectors)),
        chat=chat,
        condition=condition and SteerCondition(**condition),
        stop=tuple(options.pop("stop", ())),
        **{name: getattr(row, name) for name in _COLUMNS},
        **options,
    )


def _turns(stored: list[Any] | None) -> tuple[ChatTurn, ...]:
    return tuple(ChatTurn(**turn) for turn in stored or ())


def _kept_text(
    text: str | None, logprobs: list[Any] | None, measures: dict[str, Any], side: str, chat: dict[str, Any]
) -> SteerText:
    return SteerText(
        original(text or ""),
        logprobs=original_json(logprobs),
        chat=_turns(chat.get(f"{side}_end")),
        raw=chat.get(f"{side}_raw", ""),
        **measures,
    )
