"""Rows of the database as lines of the public layout: the way back of `rows.py`, `examples.py` and `cards.py`.

Every line of a batch file has the same public columns in the same order, because importers take the columns of
a whole file from its first line. What the layout has no column for stands behind them under its own name.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson

from memicos_app.db.explanations import EMBEDDERS
from memicos_app.db.text import original, original_json, originals, storable_json
from memicos_app.library import histograms
from memicos_app.library.blocks import Block
from memicos_app.library.datasets.layout import CREATOR, MARKED
from memicos_app.library.packing import Floats, Ints
from memicos_app.library.score_rows import merged

Row = Mapping[str, Any]
Line = dict[str, Any]
Window = orjson.Fragment | list[str]
"""An example's tokens: as JSON, or as they are where some cannot stand in it without marks."""
PUBLIC_DIMENSIONS = 256
"""Of the `embedding` column; vectors of other embedders stand under `embeddings` by their embedder's name."""

_FEATURE_LISTS = (
    "decoder_weights_dist",
    "correlated_neurons_indices",
    "correlated_neurons_l1",
    "correlated_neurons_pearson",
    "neuron_alignment_indices",
    "neuron_alignment_l1",
    "neuron_alignment_values",
)
_FEATURE_VALUES = ("umap_cluster", "umap_log_feature_sparsity", "umap_x", "umap_y")
_UMAP = ("umap_x", "umap_y", "umap_cluster", "umap_log_feature_sparsity")


@dataclass(frozen=True, slots=True)
class Names:
    """What every line of a source says of where it belongs."""

    model_id: str
    source_id: str
    set_name: str


def encoded(line: Line) -> bytes:
    """A line's bytes: one JSON object and a line break, null where a number is not finite.

    Text that no database takes (lone surrogates) is written with marks, which `reading.parse` undoes: then
    other readers see a line that is sound, and ours the text as it was. A backslash that somebody wrote before
    `u0000` is written by its number, because readers replace what looks like an escaped NUL.
    """
    try:
        written = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        plain = {name: _plain(value) for name, value in line.items()}
        marked = {**storable_json(plain), MARKED: True}
        text = json.dumps(marked, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        written = text.encode() + b"\n"
    return _NO_NUL.sub(rb"\1\\u005cu0000", written) if b"\\\\u0000" in written else written


_NO_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\\\u0000")
"""An even number of backslashes before `u0000`: no escape of NUL but text."""


class Texts:
    """A source's vocabulary as JSON, so that a token is written once however often it occurs."""

    def __init__(self, strings: list[str]) -> None:
        self._strings = strings
        self._written = [_json(text) for text in strings]
        self._odd = np.asarray([one is None for one in self._written], np.bool_)

    def window(self, ids: Ints) -> Window:
        """The tokens of these numbers."""
        if self._odd.any() and self._odd[ids].any():
            return [self._strings[number] for number in ids.tolist()]
        written: list[Any] = self._written
        return orjson.Fragment(b"[%b]" % b",".join([written[number] for number in ids.tolist()]))


def _json(text: str) -> bytes | None:
    try:
        return orjson.dumps(text)
    except TypeError:
        return None


def feature_line(names: Names, row: Row) -> Line:
    """A line of `features/` from a row of the table."""
    activations, logits = histograms.unpack(bytes(row["histograms"]))
    extra: Line = original_json(row["extra"])
    return {
        "modelId": names.model_id,
        "layer": names.source_id,
        "index": str(row["index"]),
        "sourceSetName": names.set_name,
        "creatorId": CREATOR,
        "maxActApprox": _finite(row["max_activation"]),
        "frac_nonzero": _finite(row["density"]),
        "hasVector": row["has_vector"],
        "vector": extra.pop("vector", []),
        "vectorLabel": extra.pop("vectorLabel", None),
        "vectorDefaultSteerStrength": extra.pop("vectorDefaultSteerStrength", None),
        "hookName": extra.pop("hookName", None),
        **{name: extra.pop(name, []) for name in _FEATURE_LISTS},
        "correlated_features_indices": row["correlated_indices"],
        "correlated_features_l1": _all_finite(row["correlated_l1"]),
        "correlated_features_pearson": _all_finite(row["correlated_pearson"]),
        "freq_hist_data_bar_heights": _short(activations.heights),
        "freq_hist_data_bar_values": _short(activations.values),
        "logits_hist_data_bar_heights": _short(logits.heights),
        "logits_hist_data_bar_values": _short(logits.values),
        "neg_str": originals(row["negative_tokens"]),
        "neg_values": _all_finite(row["negative_values"]),
        "pos_str": originals(row["positive_tokens"]),
        "pos_values": _all_finite(row["positive_values"]),
        "topkCosSimIndices": row["similar_indices"],
        "topkCosSimValues": _all_finite(row["similar_cosines"]),
        **{name: extra.pop(name, None) for name in _FEATURE_VALUES},
        **dict(sorted(extra.items())),
    }


def activation_lines(names: Names, index: int, block: Block, windows: Sequence[Window]) -> Iterator[Line]:
    """Lines of `activations/` from a feature's block, in its order; `windows` are the examples' tokens."""
    start = {"modelId": names.model_id, "layer": names.source_id, "index": str(index), "creatorId": CREATOR}
    name = f"{names.model_id}-{names.source_id}-{index}"
    columns = zip(
        windows,
        _values(block.dense, block.lengths.tolist()),
        block.maxima(),
        block.minima(),
        block.peaks(),
        block.groups,
        block.qualifying_token_indices(),
        block.extras,
        strict=True,
    )
    for place, (tokens, values, largest, smallest, peak, group, qualifying, extra) in enumerate(columns):
        line = {
            "id": f"{name}-{place}",
            **start,
            "dataIndex": extra.get("dataIndex"),
            "dataSource": group.data_source,
            "maxValue": largest or 0,
            "maxValueTokenIndex": peak,
            "minValue": smallest or 0,
            "binMin": group.bin_min,
            "binMax": group.bin_max,
            "binContains": group.bin_contains,
            "qualifyingTokenIndex": qualifying,
            "dfaValues": extra.get("dfaValues", []),
            "dfaTargetIndex": extra.get("dfaTargetIndex"),
            "dfaMaxValue": extra.get("dfaMaxValue"),
            "zIndices": [extra.get("zKIndices", []), extra.get("zQIndices", [])],
            "zValues": extra.get("zValues", []),
            "lossValues": extra.get("lossValues", []),
            "logitContributions": extra.get("logitContributions"),
            "tokens": tokens,
            "values": values,
        }
        if extra:
            line.update((key, extra[key]) for key in sorted(extra.keys() - line.keys() - _SPLIT))
        yield line


_SPLIT = {"zKIndices", "zQIndices"}


def explanation_line(names: Names, row: Row) -> Line:
    """A line of `explanations/` from a row of the table joined with its embeddings by embedder."""
    extra: Line = original_json(row["extra"])
    vectors: dict[str, str] = row["embeddings"] or {}
    public = next((name for name, dimensions in EMBEDDERS.values() if dimensions == PUBLIC_DIMENSIONS), "")
    return {
        "id": original(row["id"]),
        "modelId": names.model_id,
        "layer": names.source_id,
        "index": str(row["index"]),
        "authorId": extra.pop("authorId", CREATOR),
        "description": original(row["description"]),
        "embedding": vectors.pop(public, None),
        "typeName": _text(row["type_name"]),
        "explanationModelName": _text(row["explainer"]),
        "notes": _text(row["notes"]),
        "scoreV1": 0,
        "scoreV2": _score(row["score"]),
        **{name: extra.pop(name, 0) for name in _UMAP},
        "createdAt": moment(row["created_at"]),
        "authorName": original(row["author"]),
        "scores": merged(row["own_scores"], row["scores"]),
        "embeddings": vectors,
        **dict(sorted(extra.items())),
    }


def moment(value: datetime) -> str:
    """A point in time as the layout writes it: UTC without saying so."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat()


def _values(dense: Floats, lengths: Sequence[int]) -> Iterator[orjson.Fragment]:
    """One list an example, as JSON; zeros, which most values are, as the short `0`."""
    flat = [b"0"] * len(dense)
    active = np.flatnonzero(dense)
    if len(active):
        written = orjson.dumps(dense[active].tolist())[1:-1].split(b",")
        for place, value in zip(active.tolist(), written, strict=True):
            flat[place] = value
    start = 0
    for length in lengths:
        yield orjson.Fragment(b"[%b]" % b",".join(flat[start : start + length]))
        start += length


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value)) if isinstance(value, orjson.Fragment) else value


def _short(numbers: Iterable[float]) -> list[float]:
    """Whole numbers without a fraction, as counts are written."""
    return [int(number) if number.is_integer() else number for number in numbers]


def _finite(number: float) -> float:
    """What an import of such a number stores: 0 for what is none."""
    return number if math.isfinite(number) else 0.0


def _all_finite(numbers: Sequence[float]) -> list[float]:
    return [_finite(number) for number in numbers]


def _score(number: float | None) -> float | None:
    return number if number is None or math.isfinite(number) else None


def _text(text: str | None) -> str | None:
    return None if text is None else original(text)
