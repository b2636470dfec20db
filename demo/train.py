"""Train one SAE on the cached residuals with SAELens and save it in SAELens format.

`python -m demo.train --layer 7` trains from scratch; `--start FOLDER` goes on from a finished SAE. Killed and
started again, it goes on from its last checkpoint. The result lies in `demo/saes/smollm2-135m-it/{layer}-res-4k`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from sae_lens import SAE, BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig
from sae_lens.config import LoggingConfig, SAETrainerConfig
from sae_lens.saes.sae import TrainStepOutput
from sae_lens.training.sae_trainer import SAETrainer
from safetensors.torch import load_file, save_file

from demo.activations import SPECIAL_IDS, sink_norm
from demo.batches import Batches
from demo.corpus import CONTEXT, DEMO, WORK

MODEL_ID = "smollm2-135m-it"
SET_ID = "res-4k"
SAES = DEMO / "saes" / MODEL_ID
D_MODEL, D_SAE = 576, 4096
CALIBRATION_TOKENS = 65_536
WEIGHTS = "sae_weights.safetensors"

Trainer: TypeAlias = SAETrainer[BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig]


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training run gives, besides the activations."""

    layer: int
    tokens: int
    start: Path | None = None
    k: float = 34
    l0: float | None = None
    """Active features a token on training text that the finished threshold is set for; None: `k`."""
    batch: int = 1024
    lr: float = 5e-4
    warm_up_steps: int = 100
    decay_share: float = 0.35
    dead_feature_window: int = 300
    checkpoint_every_s: float = 180.0
    seed: int = 0


class QuickBatchTopK(torch.nn.Module):
    """SAELens's BatchTopK with the same result, sorting only the activations that can be among the largest.

    Almost all of the `batch x d_sae` activations lie far below the last threshold; leaving them out before
    `topk` makes a training step on a CPU a third faster.
    """

    def __init__(self, k: float) -> None:
        super().__init__()
        self.k = k
        self._floor = 0.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Zero all but the `k * batch` largest positive entries of `x`, shape kept."""
        flat = x.flatten()
        indices = self._largest(flat.detach(), int(self.k * x.shape[:-1].numel()))
        return torch.zeros_like(flat).scatter(0, indices, flat[indices]).reshape(x.shape)

    def _largest(self, flat: torch.Tensor, count: int) -> torch.Tensor:
        candidates = (flat > self._floor).nonzero().squeeze(1)
        if len(candidates) < count and self._floor > 0:
            candidates = (flat > 0).nonzero().squeeze(1)
        if len(candidates) <= count:
            self._floor = 0.0
            return candidates
        top = torch.topk(flat[candidates], count, sorted=False)
        self._floor = 0.85 * float(top.values.min())
        return candidates[top.indices]


def train(recipe: Recipe, work: Path = WORK, saes: Path = SAES) -> Path:
    """Train, save and return the folder of the finished SAE."""
    torch.manual_seed(recipe.seed)
    limit = sink_norm(work, recipe.layer, np.load(work / "rows.npy"))
    checkpoint = work / "checkpoints" / str(recipe.layer)
    trainer = _trainer(recipe, checkpoint)
    source = Batches(work, recipe.layer, recipe.batch, limit, seed=recipe.seed + trainer.n_training_steps)
    batches = iter(source)
    if trainer.activation_scaler.scaling_factor is None:
        _begin(trainer, batches, recipe)
    _steps(trainer, batches, recipe, checkpoint)
    trainer.set_final_sae_metadata()
    trainer.sae.fold_activation_norm_scaling_factor(trainer.activation_scaler.scaling_factor or 1.0)
    folder = save(trainer.sae, recipe.layer, limit, trainer.n_training_samples, saes)
    calibrate(
        folder, torch.cat([next(batches) for _ in range(CALIBRATION_TOKENS // recipe.batch)]), recipe.l0 or recipe.k
    )
    return folder


def load_into(sae: BatchTopKTrainingSAE, folder: Path, scale: float) -> None:
    """Give a training SAE the function of a finished one, for inputs that are multiplied by `scale`.

    A finished SAE has unit decoder rows, so `scale` goes into the biases and the threshold alone:
    scaled input means scaled activations.
    """
    weights = load_file(folder / WEIGHTS)
    with torch.no_grad():
        sae.W_enc.copy_(weights["W_enc"])
        sae.W_dec.copy_(weights["W_dec"])
        sae.b_enc.copy_(weights["b_enc"] * scale)
        sae.b_dec.copy_(weights["b_dec"] * scale)
        sae.topk_threshold.copy_(weights["threshold"].double().mean() * scale)


def save(sae: BatchTopKTrainingSAE, layer: int, limit: float, tokens: int, saes: Path) -> Path:
    """Write the inference form: unit decoder rows, no input scaling, matrices rounded to bf16.

    The configuration keeps float32, so that SAELens computes in float32 with the rounded weights.
    """
    folder = saes / f"{layer}-{SET_ID}"
    _describe(sae, layer, limit, tokens)
    sae.save_inference_model(folder)
    path = folder / WEIGHTS
    weights = {name: _rounded(tensor) for name, tensor in load_file(path).items()}
    save_file(weights, path)
    config = json.loads((folder / "cfg.json").read_text())
    (folder / "cfg.json").write_text(json.dumps(config, indent=1) + "\n")
    return folder


@torch.inference_mode()
def calibrate(folder: Path, sample: torch.Tensor, l0: float) -> None:
    """Set the threshold of a saved SAE so that `l0` features are active a token, on average over `sample`.

    Training keeps a moving average of the smallest activation of each batch, which ends a little too low.

    Args:
        sample: residuals `[tokens, d_in]`.
    """
    sae = SAE.load_from_disk(folder)
    floor = float(sae.threshold.mean()) / 2
    found = []
    for part in torch.split(sample, 2048):
        before = sae.process_sae_in(part) @ sae.W_enc + sae.b_enc
        found.append(before[before > floor])
    values = torch.cat(found).sort(descending=True).values
    path = folder / WEIGHTS
    weights = load_file(path)
    weights["threshold"] = torch.full_like(weights["threshold"], float(values[int(l0 * len(sample))]))
    save_file(weights, path)


def _trainer(recipe: Recipe, checkpoint: Path) -> Trainer:
    resume = (checkpoint / "cfg.json").is_file()
    sae = BatchTopKTrainingSAE.load_from_disk(checkpoint) if resume else BatchTopKTrainingSAE(_config(recipe))
    sae.activation_fn = QuickBatchTopK(recipe.k)
    trainer: Trainer = SAETrainer(cfg=_settings(recipe), sae=sae, data_provider=iter(()))
    if resume:
        trainer.load_trainer_state(checkpoint)
    return trainer


def _config(recipe: Recipe) -> BatchTopKTrainingSAEConfig:
    return BatchTopKTrainingSAEConfig(
        k=recipe.k, d_in=D_MODEL, d_sae=D_SAE, normalize_activations="expected_average_only_in"
    )


def _settings(recipe: Recipe) -> SAETrainerConfig:
    return SAETrainerConfig(
        total_training_samples=recipe.tokens,
        train_batch_size_samples=recipe.batch,
        lr=recipe.lr,
        lr_end=recipe.lr / 10,
        lr_warm_up_steps=recipe.warm_up_steps,
        lr_decay_steps=int(recipe.decay_share * recipe.tokens / recipe.batch),
        autocast=True,
        dead_feature_window=recipe.dead_feature_window,
        feature_sampling_window=500,
        logger=LoggingConfig(log_to_wandb=False),
    )


def _begin(trainer: Trainer, batches: Iterator[torch.Tensor], recipe: Recipe) -> None:
    """Scale the input to SAELens's norm; start from the given SAE, or from a decoder bias at the data's mean."""
    sample = torch.cat([next(batches) for _ in range(40)])
    scale = D_MODEL**0.5 / float(sample.norm(dim=1).mean())
    trainer.activation_scaler.scaling_factor = scale
    if recipe.start is not None:
        load_into(trainer.sae, recipe.start, scale)
    else:
        trainer.sae.b_dec.data.copy_(sample.mean(dim=0) * scale)


def _steps(trainer: Trainer, batches: Iterator[torch.Tensor], recipe: Recipe, checkpoint: Path) -> None:
    begin, first = time.monotonic(), trainer.n_training_samples
    saved = begin
    while trainer.n_training_samples < recipe.tokens:
        trainer.maybe_reset_sparsity()
        output = trainer.step(next(batches))
        trainer.n_training_steps += 1
        if trainer.n_training_steps in (1, 10) or trainer.n_training_steps % 50 == 0:
            rate = (trainer.n_training_samples - first) / (time.monotonic() - begin)
            print(f"{_progress(trainer, output)}, {rate:,.0f} tokens a second", flush=True)
        if time.monotonic() - saved > recipe.checkpoint_every_s:
            _checkpoint(trainer, checkpoint)
            saved = time.monotonic()


def _checkpoint(trainer: Trainer, folder: Path) -> None:
    partial = folder.with_name(f".{folder.name}.partial")
    trainer.save_checkpoint(partial.name, partial.parent)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


@torch.no_grad()
def _progress(trainer: Trainer, output: TrainStepOutput) -> str:
    error = (output.sae_in - output.sae_out).pow(2).sum()
    spread = (output.sae_in - output.sae_in.mean(dim=0)).pow(2).sum()
    return (
        f"step {trainer.n_training_steps}, {trainer.n_training_samples / 1e6:.2f}M tokens, "
        f"explained variance {1 - float(error / spread):.4f}, dead {int(trainer.dead_neurons.sum())}, "
        f"lr {trainer.optimizer.param_groups[0]['lr']:.1e}"
    )


def _describe(sae: BatchTopKTrainingSAE, layer: int, limit: float, tokens: int) -> None:
    facts = {
        "model_name": MODEL_ID,
        "hook_name": f"blocks.{layer}.hook_resid_post",
        "neuronpedia_id": f"{MODEL_ID}/{layer}-{SET_ID}",
        "prepend_bos": True,
        "context_size": CONTEXT,
        "sink_norm": limit,
        "exclude_special_tokens": list(range(SPECIAL_IDS)),
        "training_tokens": tokens,
        "dataset_path": "demo/corpus.py",
    }
    for name, value in facts.items():
        setattr(sae.cfg.metadata, name, value)


def _rounded(tensor: torch.Tensor) -> torch.Tensor:
    return (tensor.bfloat16() if tensor.ndim == 2 else tensor.float()).contiguous()


def _arguments() -> Recipe:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layer", type=int, required=True)
    parser.add_argument("--tokens", type=int, default=2_600_000)
    parser.add_argument("--start", type=Path, help="folder of a finished SAE to go on from")
    parser.add_argument("--lr", type=float, default=Recipe.lr)
    parser.add_argument("--k", type=float, default=Recipe.k)
    parser.add_argument("--l0", type=float, help="set the threshold for so many active features a token, not for k")
    return Recipe(**vars(parser.parse_args()))


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(train(_arguments()))
