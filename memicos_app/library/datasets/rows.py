"""Lines of a dataset as rows of our tables: features with their packed histograms, explanations with their words."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from memicos_app.db.text import storable, storable_all, storable_json
from memicos_app.library import histograms
from memicos_app.library.datasets.layout import CREATOR, ExplanationLine, FeatureLine
from memicos_app.library.errors import BadInputError
from memicos_app.library.views import Histogram

Report = Callable[[str], None]
LARGEST = 3.4e38
"""Beyond this Postgres' `real` refuses a number."""


def feature_row(generation: int, line: FeatureLine, report: Report) -> list[Any]:
    """A row of `copying.FEATURES`; what is not a number is stored as 0 and reported."""
    return [
        generation,
        line.index,
        _number(line.frac_nonzero, "frac_nonzero", report),
        _number(line.max_act_approx, "maxActApprox", report),
        storable_all(line.neg_str),
        finite(line.neg_values, "neg_values", report),
        storable_all(line.pos_str),
        finite(line.pos_values, "pos_values", report),
        _histograms(line, report),
        line.topk_cos_sim_indices,
        finite(line.topk_cos_sim_values, "topkCosSimValues", report),
        line.correlated_features_indices,
        finite(line.correlated_features_pearson, "correlated_features_pearson", report),
        finite(line.correlated_features_l1, "correlated_features_l1", report),
        bool(line.vector) if line.has_vector is None else line.has_vector,
        json_value({**line.rest, **({"vector": line.vector} if line.vector else {})}),
    ]


def explanation_row(
    generation: int, model_id: str, source_id: str, line: ExplanationLine, known_since: datetime
) -> list[Any]:
    """A row of `copying.EXPLANATIONS`; one that does not say when it was made is as old as `known_since`."""
    rest = {name: value for name, value in line.rest.items() if not (name.startswith("umap_") and value == 0)}
    author = str(rest.pop("authorName", ""))
    if line.author_id not in (None, CREATOR):
        rest["authorId"] = line.author_id
    return [
        storable(explanation_id(line)),
        model_id,
        source_id,
        line.index,
        generation,
        storable(line.description),
        line.type_name and storable(line.type_name),
        line.explanation_model_name and storable(line.explanation_model_name),
        storable(author),
        line.notes and storable(line.notes),
        line.score_v2 if line.score_v2 is not None else (line.score_v1 or None),
        json_value(line.scores),
        json_value(rest),
        line.created_at or known_since,
    ]


def explanation_id(line: ExplanationLine) -> str:
    """The line's own id, else one made from what it says, the same at every import."""
    if line.id:
        return line.id
    said = "\n".join((line.model_id, line.layer, str(line.index), line.type_name or "", line.description))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def finite(values: list[float], name: str, report: Report) -> list[float]:
    """The values with 0 in place of what is not a number that the database can hold, which is reported."""
    if not values or (math.isfinite(sum(values)) and min(values) > -LARGEST and max(values) < LARGEST):
        return values
    bad = [place for place, value in enumerate(values) if not abs(value) < LARGEST]
    if not bad:
        return values
    report(f"{name}[{bad[0]}] is {values[bad[0]]} ({len(bad)} of {len(values)} are not numbers): stored as 0")
    return [value if abs(value) < LARGEST else 0.0 for value in values]


def json_value(value: Any) -> Jsonb:
    """JSON that the database takes: no NUL, no lone surrogates, null where a number is not finite."""
    return Jsonb(storable_json(value), dumps=json.dumps)


def _number(value: float | None, name: str, report: Report) -> float:
    return 0.0 if value is None else finite([value], name, report)[0]


def _histograms(line: FeatureLine, report: Report) -> bytes:
    try:
        return histograms.pack(
            Histogram(line.freq_hist_data_bar_values, line.freq_hist_data_bar_heights),
            Histogram(line.logits_hist_data_bar_values, line.logits_hist_data_bar_heights),
        )
    except BadInputError as error:
        report(f"histograms left out: {error.message}")
        return b""
