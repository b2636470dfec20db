"""Scores as explanations carry them, in the public shape: those made here first, then those of the dataset.

`OWN_SCORES` and `merged` are what reading and export share; making and keeping scores is `scores.py`'s.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from memicos_app.db.text import original_json

OWN_SCORES = """
    (SELECT jsonb_agg(jsonb_build_object(
        'id', c.id, 'value', c.value, 'explanationId', c.explanation_id, 'explanationScoreTypeName', c.type_name,
        'explanationScoreModelName', c.scorer, 'low', c.low, 'high', c.high, 'n', c.n, 'nFailed', c.n_failed,
        'seed', c.seed, 'prompt', c.prompt,
        'createdAt', to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')
    ) ORDER BY c.created_at DESC, c.id)
    FROM explanation_scores AS c
    WHERE c.model_id = x.model_id AND c.source_id = x.source_id AND c.explanation_id = x.id
        AND c.description = x.description AND c.value IS NOT NULL)
"""
"""Scores that were made here of an explanation `x` as it is worded now, newest first; null where there are none."""
JUDGED = OWN_SCORES.replace("'seed', c.seed", "'seed', c.seed, 'examples', c.examples")
"""The same, with the texts that were judged."""


def merged(own: Sequence[Mapping[str, Any]] | None, imported: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Both kinds; an own one that came back with a dataset stands once."""
    made = [_public(original_json(one)) for one in own or ()]
    ids = {one["id"] for one in made}
    return made + [dict(original_json(one)) for one in imported if one.get("id") not in ids]


def details(type_name: str, examples: Sequence[Mapping[str, Any]]) -> str:
    """Judged texts as the public system writes them into `jsonDetails`."""
    if type_name == "recall_alt":
        return json.dumps(
            {
                "top": [_recalled(one) for one in examples if one["fires"]],
                "zero": [_recalled(one) for one in examples if not one["fires"]],
                "decoy": [],
            }
        )
    if type_name == "eleuther_embedding":
        return json.dumps([{**_told(one), "similarity": one["similarity"]} for one in examples])
    return json.dumps([_classified(one) for one in examples])


def _public(own: dict[str, Any]) -> dict[str, Any]:
    """With `jsonDetails` where the judged texts were read."""
    examples = own.pop("examples", None)
    return own if examples is None else {**own, "jsonDetails": details(own["explanationScoreTypeName"], examples)}


def _recalled(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": one["origin"],
        "tokens": one["tokens"],
        "values": one["values"],
        "match": one["said"],
        "reason": one.get("reason", ""),
    }


def _told(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "text": "".join(one["tokens"]),
        "str_tokens": one["tokens"],
        "activations": one["values"],
        "distance": one["decile"] or -1,
    }


def _classified(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_told(one),
        "ground_truth": one["fires"],
        "prediction": one["said"],
        "highlighted": bool(one.get("marked")),
        "correct": None if one["said"] is None else one["said"] == one["fires"],
        "probability": one.get("probability"),
        **({"simulated": one["simulated"]} if "simulated" in one else {}),
    }
