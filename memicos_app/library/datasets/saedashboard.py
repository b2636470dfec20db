"""Batch files of the public dashboard generator (SAEDashboard) turned into the public dataset layout.

One batch file gives one features and one activations file of the same number, so that what is imported is the
same as what anybody else would import from the layout.
"""

from __future__ import annotations

import gzip
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from memicos_app.library.datasets import layout
from memicos_app.library.datasets.batch_file import read_settings
from memicos_app.library.errors import BadInputError
from memicos_app.library.feature_json import encode

_AS_THEY_ARE = (
    "neuron_alignment_indices",
    "neuron_alignment_values",
    "neuron_alignment_l1",
    "correlated_neurons_indices",
    "correlated_neurons_pearson",
    "correlated_neurons_l1",
    "correlated_features_indices",
    "correlated_features_pearson",
    "correlated_features_l1",
    "neg_str",
    "neg_values",
    "pos_str",
    "pos_values",
    "frac_nonzero",
    "freq_hist_data_bar_heights",
    "freq_hist_data_bar_values",
    "logits_hist_data_bar_heights",
    "logits_hist_data_bar_values",
    "decoder_weights_dist",
    "vector",
)
_NO_TARGET = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch file: which source it is of, and its features as the generator wrote them."""

    path: Path
    model_id: str
    source_id: str
    settings: dict[str, Any]
    features: Sequence[dict[str, Any]]
    """Read from disk when they are asked for."""


def batch_files(place: Path) -> list[Path]:
    """Batch files in a folder in the order of their numbers, or the one file that `place` is."""
    if place.is_file():
        return [place]
    found = [path for path in place.glob("*batch-*.json") if _number(path) is not None]
    return sorted(found, key=lambda path: (_number(path) or 0, path.name))


def convert(paths: Iterable[Path], origin: Path, *, hook_point: str = "") -> tuple[str, str]:
    """Write batch files of one source into `<origin>/v1/{model}/{source}/`, replacing files of the same number.

    Args:
        hook_point: such as `hook_resid_pre`; the files do not say. Empty: not known.

    Returns:
        Model id and source id.

    Raises:
        BadInputError: a file is not a batch of the generator, or they are of different sources.
    """
    name: tuple[str, str] | None = None
    for place, path in enumerate(paths):
        batch = read_batch(path)
        if name is not None and name != (batch.model_id, batch.source_id):
            raise BadInputError(
                f"{path} is of {batch.model_id}/{batch.source_id}, not {'/'.join(name)}.", field="path"
            )
        name = (batch.model_id, batch.source_id)
        number = _number(path)
        _write(batch, layout.source_folder(origin, *name), place if number is None else number, hook_point)
    if name is None:
        raise BadInputError("There is no batch file to convert.", field="path")
    return name


def read_batch(path: Path, name: str = "") -> Batch:
    """One batch file; `name` is how people call it where that is not its path.

    Raises:
        BadInputError: it is not one; the message names the file.
    """
    shown = name or path
    try:
        content, features = read_settings(path)
    except ValueError as error:
        raise BadInputError(
            f"{shown} is not a SAEDashboard batch: it is not valid JSON ({error}).", field="path"
        ) from error
    except (KeyError, TypeError) as error:
        raise BadInputError(f"{shown} is not a SAEDashboard batch: {_why(error)}.", field="path") from error
    try:
        model_id, layer = str(content["model_id"]), int(content["layer"])
        for one in features:
            int(one["feature_index"])
    except (ValueError, TypeError, KeyError) as error:
        raise BadInputError(f"{shown} is not a SAEDashboard batch: {_why(error)}.", field="path") from error
    suffix = content.get("sae_id_suffix")
    source_id = f"{layer}-{content.get('sae_set') or 'sae'}{f'__{suffix}' if suffix else ''}"
    return Batch(path, model_id, source_id, {**content, "features": None}, features)


def _write(batch: Batch, folder: Path, number: int, hook_point: str) -> None:
    layer, set_name = layout.layer_and_set(batch.source_id)
    hook_name = f"blocks.{layer}.{hook_point}" if hook_point else None
    first = {**batch.settings, **(batch.features[0] if batch.features else {})}
    cards: dict[str, dict[str, Any]] = {
        "model": {"id": batch.model_id},
        "sourceset": {"modelId": batch.model_id, "name": set_name},
        "source": {
            "id": batch.source_id,
            "modelId": batch.model_id,
            "setName": set_name,
            "num_prompts": first.get("n_prompts_total"),
            "num_tokens_in_prompt": first.get("n_tokens_in_prompt"),
            "dataset": first.get("dataset"),
            "hookName": hook_name,
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, card in cards.items():
        (folder / f"{name}.jsonl").write_bytes(encode(card) + b"\n")
    with _lines(folder, "features", number) as file:
        file.writelines(encode(_feature(batch, one, hook_name)) + b"\n" for one in batch.features)
    with _lines(folder, "activations", number) as file:
        file.writelines(encode(row) + b"\n" for one in batch.features for row in _activations(batch, one))


def _why(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)


def lines_of(batch: Batch, one: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A feature of a batch as its line of the layout, and the lines of its activations.

    Raises:
        KeyError, TypeError, ValueError: something is not as the generator writes it.
    """
    return _feature(batch, one, None), list(_activations(batch, one))


@contextmanager
def _lines(folder: Path, kind: str, number: int) -> Iterator[BinaryIO]:
    path = folder / kind / f"batch-{number}.jsonl.gz"
    path.parent.mkdir(exist_ok=True)
    with gzip.open(path, "wb", 5) as file:
        yield cast("BinaryIO", file)


def _names(batch: Batch, one: dict[str, Any]) -> dict[str, Any]:
    return {"modelId": batch.model_id, "layer": batch.source_id, "index": str(one["feature_index"])}


def _feature(batch: Batch, one: dict[str, Any], hook_name: str | None) -> dict[str, Any]:
    strongest = _strongest(one)
    return {
        **_names(batch, one),
        **{name: _clean(one.get(name)) for name in _AS_THEY_ARE},
        "maxActApprox": strongest,
        "hasVector": bool(one.get("vector")),
        "hookName": hook_name,
        "vectorDefaultSteerStrength": strongest,
    }


def _activations(batch: Batch, one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in one.get("activations") or []:
        has_target = bool(row.get("dfa_values")) and row.get("dfa_targetIndex") != _NO_TARGET
        yield {
            **_names(batch, one),
            "tokens": row["tokens"],
            "values": _clean(row["values"]),
            "binMin": row.get("bin_min"),
            "binMax": row.get("bin_max"),
            "binContains": row.get("bin_contains"),
            "qualifyingTokenIndex": row.get("qualifying_token_index"),
            "dfaValues": _clean(row.get("dfa_values")) if has_target else [],
            "dfaMaxValue": row.get("dfa_maxValue") if has_target else None,
            "dfaTargetIndex": row.get("dfa_targetIndex") if has_target else None,
            "lossValues": _clean(row.get("loss_values")),
            "logitContributions": row.get("logit_contributions"),
        }


def _strongest(one: dict[str, Any]) -> float:
    values = (float(v) for row in one.get("activations") or [] for v in row["values"] if v is not None)
    return max((value for value in values if math.isfinite(value)), default=0.0)


def _clean(values: Any) -> Any:
    """null where a number is not finite, as JSON has it; the import reports those."""
    if isinstance(values, list):
        return [_clean(value) for value in values]
    return None if isinstance(values, float) and not math.isfinite(values) else values


def _number(path: Path) -> int | None:
    found = re.search(r"batch-(\d+)\.json$", path.name)
    return int(found.group(1)) if found else None
