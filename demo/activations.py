"""Residual streams of the demo model, cached on disk as bf16 in shards that are written once and whole.

`python -m demo.activations --part 0/2` and `--part 1/2` side by side fill `demo/work/activations/{layer}/`;
killed and started again, they go on with the first missing shard. BOS is not stored.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, PreTrainedModel

from demo.corpus import CONTEXT, WORK

LAYERS = (7, 15, 23)
SPECIAL_IDS = 17
ROWS_OF_SHARD = 256
SINK_FACTOR = 4.0
_ROWS_OF_FORWARD = 8
_SHARDS_OF_MEDIAN = 4


def shard_path(work: Path, layer: int, shard: int) -> Path:
    """Where the residuals after `layer` of rows `256 * shard` onward lie: int16 view of bf16, `[rows * 127, 576]`."""
    return work / "activations" / str(layer) / f"{shard:04d}.npy"


def finished_shards(work: Path, layer: int) -> list[int]:
    """Numbers of the shards of a layer that are complete, in order."""
    return sorted(int(path.stem) for path in shard_path(work, layer, 0).parent.glob("[0-9]*.npy"))


def read_shard(work: Path, layer: int, shard: int, rows: NDArray[np.uint16]) -> torch.Tensor:
    """bf16 residuals `[tokens, 576]` of a shard at the positions whose token is not special."""
    stored = torch.from_numpy(np.load(shard_path(work, layer, shard))).view(torch.bfloat16)
    ids = rows[shard * ROWS_OF_SHARD : (shard + 1) * ROWS_OF_SHARD, 1:].reshape(-1)
    return stored[torch.from_numpy(ids >= SPECIAL_IDS)]


def sink_norm(work: Path, layer: int, rows: NDArray[np.uint16]) -> float:
    """Residual norm above which a position is an attention sink: 4 x the median of ordinary tokens."""
    shards = finished_shards(work, layer)[:_SHARDS_OF_MEDIAN]
    norms = torch.cat([read_shard(work, layer, shard, rows).float().norm(dim=1) for shard in shards])
    return round(SINK_FACTOR * float(norms.median()), 2)


@contextmanager
def residuals(model: PreTrainedModel, layers: Sequence[int]) -> Iterator[dict[int, torch.Tensor]]:
    """While open, each forward of a Llama model leaves its residual after each layer in the yielded dict.

    These are `blocks.{layer}.hook_resid_post`: the stream before the next block's norm.
    """
    seen: dict[int, torch.Tensor] = {}

    def keep(layer: int) -> torch.utils.hooks.RemovableHandle:
        def hook(_: object, __: object, output: torch.Tensor) -> None:
            seen[layer] = output

        block: torch.nn.Module = model.model.layers[layer]
        return block.register_forward_hook(hook)

    handles = [keep(layer) for layer in layers]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def load_model(folder: Path, dtype: torch.dtype = torch.float32, layers: int | None = None) -> PreTrainedModel:
    """The demo model as plain Hugging Face, or its first `layers` layers alone."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(str(folder), dtype=dtype).eval()
    model.model.layers = model.model.layers[:layers]
    return model


def cache(model_folder: Path, layers: Sequence[int], shards: Sequence[int], work: Path = WORK) -> None:
    """Write the shards that are missing, and say how fast."""
    rows = np.load(work / "rows.npy")
    missing = [shard for shard in shards if not all(shard_path(work, n, shard).is_file() for n in layers)]
    model = load_model(model_folder, torch.bfloat16, layers=max(layers) + 1)
    begin, done = time.monotonic(), 0
    for shard in missing:
        part = rows[shard * ROWS_OF_SHARD : (shard + 1) * ROWS_OF_SHARD]
        for layer, stream in _shard(model, layers, part).items():
            _write(shard_path(work, layer, shard), stream)
        done += part.size
        print(f"shard {shard}: {done / (time.monotonic() - begin):,.0f} tokens a second", flush=True)


@torch.inference_mode()
def _shard(model: PreTrainedModel, layers: Sequence[int], rows: NDArray[np.uint16]) -> dict[int, torch.Tensor]:
    parts: dict[int, list[torch.Tensor]] = {layer: [] for layer in layers}
    with residuals(model, layers) as seen:
        for start in range(0, len(rows), _ROWS_OF_FORWARD):
            ids = torch.from_numpy(rows[start : start + _ROWS_OF_FORWARD].astype(np.int64))
            model.model(ids, use_cache=False)
            for layer in layers:
                parts[layer].append(seen[layer][:, 1:].reshape(-1, seen[layer].shape[-1]))
    return {layer: torch.cat(streams) for layer, streams in parts.items()}


def _write(path: Path, stream: torch.Tensor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.npy")
    np.save(partial, stream.view(torch.int16).numpy())
    partial.rename(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, nargs="+", default=list(LAYERS))
    parser.add_argument("--tokens", type=int, default=3_300_000, help="how many tokens to cache, all parts together")
    parser.add_argument("--part", default="0/1", help="this process's share: 0/2 takes every second shard")
    parser.add_argument("--model", type=Path, default=Path(".memicos/models/smollm2-135m-it"))
    return parser.parse_args()


if __name__ == "__main__":
    torch.set_num_threads(1)
    chosen = _arguments()
    part, parts = (int(number) for number in chosen.part.split("/"))
    total = chosen.tokens // (ROWS_OF_SHARD * CONTEXT)
    cache(chosen.model, chosen.layers, range(part, total, parts))
