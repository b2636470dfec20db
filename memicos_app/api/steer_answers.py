"""What steering answers hold: the reference's names, with what it forgot to send."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from memicos_app.api.steer_bodies import plain
from memicos_app.library.saved_runs import Kept
from memicos_app.library.steering import SteeredFeature, SteeredVector, SteerRequest, SteerText


def completion_json(kept: Kept, run_id: str | None, site: str) -> dict[str, Any]:
    """One answer, whole or so far; `id` and `shareUrl` come with the whole one."""
    result = kept.result
    return {
        "STEERED": result.steered.text,
        "DEFAULT": result.default.text,
        "steeredLogProbs": logprobs_json(result.steered),
        "defaultLogProbs": logprobs_json(result.default),
        **shared_json(kept, run_id, site),
    }


def chat_json(kept: Kept, run_id: str | None, site: str) -> dict[str, Any]:
    """As `completion_json`, for two conversations."""
    return {
        "STEERED": side_json(kept.result.steered),
        "DEFAULT": side_json(kept.result.default),
        **shared_json(kept, run_id, site),
        "settings": settings_json(kept.request),
    }


def shared_json(kept: Kept, run_id: str | None, site: str) -> dict[str, Any]:
    return {
        "id": run_id,
        "shareUrl": f"{site}/steer/{run_id}" if run_id else None,
        "limit": None,
        "prependBos": kept.result.prepend_bos,
        "finishReasons": {"STEERED": kept.result.steered.finish_reason, "DEFAULT": kept.result.default.finish_reason},
    }


def side_json(text: SteerText) -> dict[str, Any]:
    """One conversation with the assistant's turn. `chat_template` is what older clients read."""
    turns = [asdict(turn) for turn in text.chat]
    return {"raw": text.raw, "chatTemplate": turns, "chat_template": turns, "logprobs": logprobs_json(text)}


def logprobs_json(text: SteerText) -> list[dict[str, Any]] | None:
    """Tokens with the likeliest ones; None where they were not asked for."""
    return None if text.logprobs is None else [logprob_json(one) for one in text.logprobs]


def logprob_json(one: dict[str, Any]) -> dict[str, Any]:
    return {"token": one["token"], "logprob": one["logprob"], "topLogprobs": one["top_logprobs"]}


def feature_json(one: SteeredFeature) -> dict[str, Any]:
    return {
        "modelId": one.model_id,
        "layer": one.source_id,
        "source": one.source_id,
        "index": one.index,
        "strength": one.strength,
    }


def vector_json(one: SteeredVector) -> dict[str, Any]:
    return {"vector": list(one.vector), "strength": one.strength, "hook": one.hook, "label": one.label}


def settings_json(asked: SteerRequest) -> dict[str, Any]:
    """Everything that was set, as a request would set it again."""
    condition = asked.condition
    where = condition and {"source": condition.source_id, "index": condition.index, "threshold": condition.threshold}
    return {**plain(asked), "stop": list(asked.stop), "condition": where}
