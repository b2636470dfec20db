"""The demo's dashboards: `python -m demo.make_datasets` writes `demo/datasets/` from the corpus and the SAEs.

`datasets/corpus.npy` holds the token windows, chosen once from the corpus; dashboards are made from it alone, so that
anybody can make them again, and those of the remaining layer. The middle layer shows most examples and another layer
fewer, so that everything under `demo/` stays small.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demo.corpus import DEMO, WORK
from demo.explanations import explain
from demo.maps import place
from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.generation import Generation
from inference_worker.dashboards.layout import ModelCard, SetCard
from inference_worker.dashboards.progress import display
from inference_worker.dashboards.run import generate
from inference_worker.dashboards.tokens import windows

MODEL, SET = "smollm2-135m-it", "res-4k"
MODELS = DEMO.parent / ".memicos" / "models"
SAES, REPORTS, DATASETS = DEMO / "saes" / MODEL, DEMO / "reports", DEMO / "datasets"
CORPUS, CORPUS_NAME = DATASETS / "corpus.npy", "MemicOS demo corpus"
CONTEXT, PROMPTS = 64, 16_800
LEVEL = 9

MODEL_CARD = ModelCard(
    MODEL,
    "SmolLM2 135M Instruct",
    "Hugging Face",
    layers=30,
    dimension=576,
    neurons_per_layer=1536,
    instruct=True,
    website="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
)
SET_CARD = SetCard(
    SET,
    "Residual stream of SmolLM2 135M Instruct, 4,096 features a layer",
    release="memicos-demo",
    release_description=(
        "Sparse autoencoders on three layers of a small instruction model, made for MemicOS on a few million tokens"
    ),
)


@dataclass(frozen=True)
class Dataset:
    """A source of the demo and how much of it is shown."""

    layer: int
    wanted: Wanted
    description: str

    @property
    def source_id(self) -> str:
        """Id of the source."""
        return f"{self.layer}-{SET}"


ALL = (
    Dataset(
        15, Wanted(top=20, intervals=5, per_interval=5), "After block 15 of 30, the middle of the residual stream"
    ),
    Dataset(7, Wanted(top=8, intervals=5, per_interval=1), "After block 7 of 30, early in the residual stream"),
)


def make(dataset: Dataset, out: Path, processes: int) -> Path:
    """Generate one source below `out`; goes on where it was after an interruption.

    The folder holds a date in `generation.json`; everything else is the same in each run on one kind of processor.
    """
    settings = Generation(
        model=MODEL,
        sae=SAES / dataset.source_id,
        corpus=CORPUS,
        out=out,
        model_id=MODEL,
        source_id=dataset.source_id,
        set_name=SET,
        models_dir=MODELS,
        dataset=CORPUS_NAME,
        context=CONTEXT,
        prompts=PROMPTS,
        wanted=dataset.wanted,
        processes=processes,
        level=LEVEL,
        description=dataset.description,
        evaluation=evaluation(REPORTS / f"{dataset.source_id}.json"),
        card=SET_CARD,
        model_card=MODEL_CARD,
    )
    with display() as report:
        return generate(settings, report)


def evaluation(report: Path) -> dict[str, Any]:
    """Measures of an SAE out of the report that `demo.evaluate` wrote."""
    found = json.loads(report.read_text())
    heldout = found["heldout"]
    return {
        "tokens": found["training_tokens"],
        "explained_variance": heldout["explained_variance"],
        "l0": heldout["l0"],
        "dead_share": found["dead_share"],
        "loss_recovered": found["loss_recovered"],
    }


def choose_corpus() -> None:
    """Write `PROMPTS` windows of the training corpus, uint16 `[PROMPTS, CONTEXT]`."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(MODELS / MODEL)
    chosen = windows(WORK / "rows.npy", tokenizer, context=CONTEXT, prompts=PROMPTS)
    CORPUS.parent.mkdir(exist_ok=True)
    np.save(CORPUS, chosen.ids.astype(np.uint16))


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the datasets of the layers named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layer", type=int, choices=[dataset.layer for dataset in ALL], action="append")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=WORK / "datasets")
    options = parser.parse_args(arguments)
    if not CORPUS.is_file():
        choose_corpus()
    for dataset in ALL:
        if options.layer is None or dataset.layer in options.layer:
            made = make(dataset, options.out, options.processes)
            target = DATASETS / "v1" / MODEL / dataset.source_id
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(made, target)
            explain(target)
            place(target)


if __name__ == "__main__":
    main()
