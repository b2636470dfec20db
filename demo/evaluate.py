"""What a trained SAE keeps of the model: measured in fp32 on held-out documents, written to `demo/reports/`.

`python -m demo.evaluate --layer 15` writes the report; the table in `demo/README.md` is made from the reports.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sae_lens import SAE
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from demo.activations import SPECIAL_IDS, finished_shards, load_model, read_shard, residuals
from demo.corpus import DEMO, WORK
from demo.train import SAES, SET_ID

REPORTS = DEMO / "reports"
SAMPLE = DEMO / "heldout_sample.npy"
SAMPLE_STEP = 20
_ROWS_OF_FORWARD = 8
_LOSS_STEP = 8
_TOKENS_OF_DENSITY = 1_000_000

Stream = torch.Tensor
Change = Callable[[Stream], Stream]


@dataclass(frozen=True)
class Fit:
    """How well an SAE explains residuals: a share, features a token, and how often each feature was active."""

    tokens: int
    explained_variance: float
    l0: float


def counted(ids: torch.Tensor, stream: torch.Tensor, sink_norm: float) -> torch.Tensor:
    """Positions `[batch, pos]` of `stream` `[batch, pos, d_model]` that are ordinary tokens and no attention sink."""
    mask: torch.Tensor = (ids >= SPECIAL_IDS) & (stream.norm(dim=-1) <= sink_norm)
    return mask


@torch.inference_mode()
def fit(sae: SAE[Any], stream: torch.Tensor) -> Fit:
    """Explained variance and L0 over residuals `[tokens, d_model]`.

    Explained variance is one minus squared error over squared distance from the mean, summed over
    tokens and dimensions.
    """
    error, active = 0.0, 0.0
    for part in torch.split(stream, 2048):
        features = sae.encode(part)
        error += float((part - sae.decode(features)).double().pow(2).sum())
        active += float((features > 0).sum())
    spread = float((stream - stream.mean(dim=0)).double().pow(2).sum())
    return Fit(len(stream), 1 - error / spread, active / len(stream))


@torch.inference_mode()
def streams(model: PreTrainedModel, layer: int, rows: NDArray[np.uint16], sink_norm: float) -> list[torch.Tensor]:
    """For each row, the residuals `[counted, d_model]` after `layer` at the positions that count."""
    found: list[torch.Tensor] = []
    with residuals(model, [layer]) as seen:
        for ids in _batches(rows):
            model.model(ids, use_cache=False)
            mask = counted(ids, seen[layer], sink_norm)
            found.extend(stream[keep] for stream, keep in zip(seen[layer], mask, strict=True))
    return found


@torch.inference_mode()
def loss(
    model: PreTrainedModel, layer: int, rows: NDArray[np.uint16], sink_norm: float, change: Change | None = None
) -> float:
    """Mean next-token cross-entropy in nats, with the counted positions after `layer` put through `change`.

    Predictions of special tokens are left out.
    """
    total, count = 0.0, 0
    for ids in _batches(rows):
        with _changed(model, layer, ids, sink_norm, change):
            logits = model(ids, use_cache=False).logits[:, :-1]
        target = ids[:, 1:].masked_fill(ids[:, 1:] < SPECIAL_IDS, -100)
        total += float(cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=-100, reduction="sum"))
        count += int((target >= 0).sum())
    return total / count


def report(layer: int, model_folder: Path, work: Path = WORK) -> dict[str, object]:
    """Everything measured about the committed SAE of a layer."""
    folder = SAES / f"{layer}-{SET_ID}"
    sae = SAE.load_from_disk(folder)
    limit = float(sae.cfg.metadata.sink_norm)
    rows = np.load(work / "heldout.npy")
    by_row = streams(load_model(model_folder, layers=layer + 1), layer, rows, limit)
    return {
        "source": f"{layer}-{SET_ID}",
        "training_tokens": sae.cfg.metadata.training_tokens,
        "sink_norm": limit,
        "heldout": _rounded(fit(sae, torch.cat(by_row))),
        "heldout_by_source": _by_source(sae, by_row, json.loads((work / "heldout_sources.json").read_text())),
        "sample": _rounded(fit(sae, torch.cat(by_row[::SAMPLE_STEP]))),
        **_density(sae, layer, limit, work),
        **_losses(load_model(model_folder), sae, layer, rows[::_LOSS_STEP], limit, torch.cat(by_row).mean(dim=0)),
    }


def table(reports: Path = REPORTS) -> str:
    """The reports as a Markdown table, one line a source."""
    lines = [
        "| source | training tokens | explained variance | L0 | dead "
        "| CE clean → spliced (mean-ablated) | loss recovered |",
        "|---|---|---|---|---|---|---|",
    ]
    for path in sorted(reports.glob("*.json"), key=lambda path: int(path.stem.split("-")[0])):
        facts = json.loads(path.read_text())
        ce = facts["cross_entropy"]
        lines.append(
            f"| `{facts['source']}` | {facts['training_tokens'] / 1e6:.2f}M "
            f"| {facts['heldout']['explained_variance']:.3f} | {facts['heldout']['l0']:.1f} "
            f"| {facts['dead_features']} of {facts['features']} ({facts['dead_share']:.2%}) "
            f"| {ce['clean']:.3f} → {ce['spliced']:.3f} ({ce['mean_ablated']:.3f}) | {facts['loss_recovered']:.1%} |"
        )
    return "\n".join(lines)


@torch.inference_mode()
def _density(sae: SAE[Any], layer: int, limit: float, work: Path) -> dict[str, object]:
    """How many features are silent over a million training tokens, and how many are active at over 10 % of them."""
    rows = np.load(work / "rows.npy")
    fired, tokens = torch.zeros(sae.cfg.d_sae), 0
    for shard in finished_shards(work, layer):
        stream = read_shard(work, layer, shard, rows).float()
        stream = stream[stream.norm(dim=1) <= limit]
        for part in torch.split(stream, 2048):
            fired += (sae.encode(part) > 0).sum(dim=0)
        tokens += len(stream)
        if tokens >= _TOKENS_OF_DENSITY:
            break
    dead = int((fired == 0).sum())
    return {
        "features": int(sae.cfg.d_sae),
        "dead_features": dead,
        "dead_share": round(dead / int(sae.cfg.d_sae), 5),
        "dense_features": int((fired > 0.1 * tokens).sum()),
        "density_tokens": tokens,
    }


def _losses(
    model: PreTrainedModel, sae: SAE[Any], layer: int, rows: NDArray[np.uint16], limit: float, mean: torch.Tensor
) -> dict[str, object]:
    clean = loss(model, layer, rows, limit)
    spliced = loss(model, layer, rows, limit, lambda stream: sae.decode(sae.encode(stream)))
    ablated = loss(model, layer, rows, limit, lambda stream: mean.expand_as(stream))
    return {
        "cross_entropy": {
            "rows": len(rows),
            "clean": round(clean, 4),
            "spliced": round(spliced, 4),
            "mean_ablated": round(ablated, 4),
        },
        "loss_recovered": round((ablated - spliced) / (ablated - clean), 4),
    }


@contextmanager
def _changed(
    model: PreTrainedModel, layer: int, ids: torch.Tensor, sink_norm: float, change: Change | None
) -> Iterator[None]:
    def hook(_: object, __: object, output: torch.Tensor) -> torch.Tensor:
        if change is None:
            return output
        mask = counted(ids, output, sink_norm)
        changed = output.clone()
        changed[mask] = change(output[mask])
        return changed

    handle = model.model.layers[layer].register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _by_source(sae: SAE[Any], by_row: list[torch.Tensor], names: list[str]) -> dict[str, object]:
    groups: dict[str, list[torch.Tensor]] = {}
    for name, stream in zip(names, by_row, strict=True):
        groups.setdefault(name, []).append(stream)
    return {name: _rounded(fit(sae, torch.cat(group))) for name, group in sorted(groups.items())}


def _rounded(found: Fit) -> dict[str, object]:
    return {
        "tokens": found.tokens,
        "explained_variance": round(found.explained_variance, 4),
        "l0": round(found.l0, 2),
    }


def _batches(rows: NDArray[np.uint16]) -> Iterator[torch.Tensor]:
    for start in range(0, len(rows), _ROWS_OF_FORWARD):
        yield torch.from_numpy(rows[start : start + _ROWS_OF_FORWARD].astype(np.int64))


def _write(layer: int, model_folder: Path) -> None:
    REPORTS.mkdir(exist_ok=True)
    facts = report(layer, model_folder)
    (REPORTS / f"{layer}-{SET_ID}.json").write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--model", type=Path, default=Path(".memicos/models/smollm2-135m-it"))
    chosen = parser.parse_args()
    _write(chosen.layer, chosen.model)
    print(table())
