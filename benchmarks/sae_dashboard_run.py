"""sae-dashboard 0.8.0 on given rows, in its own environment: what it writes, and the time it takes.

Run by `benchmarks.generator` with the Python of an environment that has sae-dashboard (how to make one stands there).
Only what asks the network is replaced; the model pass, the arithmetic and the writing are sae-dashboard's own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["WANDB_MODE"] = "disabled"

import numpy as np
import psutil
import torch
import transformer_lens.loading_from_pretrained as names
from sae_dashboard.neuronpedia.neuronpedia_runner import NeuronpediaRunner
from sae_dashboard.neuronpedia.neuronpedia_runner_config import NeuronpediaRunnerConfig


class OfflineRunner(NeuronpediaRunner):  # type: ignore[misc]
    """Takes its tokens from a file instead of a dataset on the hub."""

    def _setup_activation_store(self) -> None:
        self.activations_store = None
        self.cached_activations_dir = Path("cached_activations").resolve()


@dataclass(frozen=True)
class Moment:
    """Seconds since the process began, on the clock and of CPU time."""

    seconds: float
    cpu_seconds: float


class MarkedBatches(list[list[int]]):
    """Batches of features that note when each begins."""

    def __init__(self, features: list[int], size: int) -> None:
        super().__init__(features[start : start + size] for start in range(0, len(features), size))
        self.begun: list[Moment] = []

    def __iter__(self) -> Iterator[list[int]]:
        for batch in super().__iter__():
            self.begun.append(_now())
            yield batch


def main() -> None:
    """Run, and write `timing.json` beside sae-dashboard's own files."""
    options = _options()
    torch.set_num_threads(options.threads)
    os.chdir(_workplace(options))
    runner = OfflineRunner(_config(options))
    tokens = torch.from_numpy(np.load(options.rows).astype(np.int64))
    runner.cfg.ignore_high_activation_norm_multiple = options.sink_multiple or _multiple(runner, tokens, options)
    torch.save(tokens, Path(runner.cfg.outputs_dir) / f"tokens_{len(tokens)}.pt")
    batches = MarkedBatches(options.features, options.features_per_batch)
    runner.get_feature_batches = lambda: batches
    runner.run()
    moments = [asdict(moment) for moment in (*batches.begun, _now())]
    (options.out / "timing.json").write_text(json.dumps(moments))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--sae", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--rows", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--out", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--features", type=lambda text: [int(part) for part in text.split(",")], required=True)
    parser.add_argument("--features-per-batch", type=int, required=True)
    parser.add_argument("--prompts-per-pass", type=int, required=True)
    parser.add_argument("--sink-norm", type=float, required=True)
    parser.add_argument("--sink-multiple", type=float, help="of the median norm, instead of --sink-norm")
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def _workplace(options: argparse.Namespace) -> Path:
    """A folder in which the model's name is a path to it, as the loader of TransformerLens wants it."""
    name = options.model.name
    names.OFFICIAL_MODEL_NAMES.append(name)
    options.out.mkdir(parents=True, exist_ok=True)
    link = options.out / name
    if not link.exists():
        link.symlink_to(options.model)
    return Path(options.out)


def _config(options: argparse.Namespace) -> NeuronpediaRunnerConfig:
    rows = np.load(options.rows, mmap_mode="r")
    return NeuronpediaRunnerConfig(
        sae_set="res-4k",
        sae_path=str(options.sae),
        outputs_dir="outputs",
        from_local_sae=True,
        huggingface_dataset_path="rows",
        n_prompts_total=len(rows),
        n_tokens_in_prompt=rows.shape[1],
        n_prompts_in_forward_pass=options.prompts_per_pass,
        n_features_at_a_time=options.features_per_batch,
        sae_dtype="float32",
        model_dtype="float32",
        sae_device="cpu",
        model_device="cpu",
        hf_model_path=str(options.model),
        shuffle_tokens=False,
    )


def _multiple(runner: Any, tokens: torch.Tensor, options: argparse.Namespace) -> float:
    """The multiple of the median norm that equals a fixed norm, on the first pass's tokens."""
    first, hook = tokens[: options.prompts_per_pass], runner.hook_name
    with torch.inference_mode():
        _, cache = runner.model.run_with_cache(first, names_filter=[hook], stop_at_layer=runner.layer + 1)
    return float(options.sink_norm / cache[hook].norm(dim=-1).median())


def _now() -> Moment:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Moment(time.time() - psutil.Process().create_time(), used.ru_utime + used.ru_stime)


if __name__ == "__main__":
    main()
