"""One small generation with the real model, and what plain transformers and SAELens say of the same tokens."""

from __future__ import annotations

import gzip
import json
import shutil
import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.generation import Generation
from inference_worker.dashboards.run import generate
from memicos_app.settings import ROOT
from tests import packaged

MODEL, SOURCE = "smollm2-135m-it", "15-res-4k"
STARTER = ROOT.parent / "shared" / "data" / "sae-smollm2-l15-4k"
CORPUS = ROOT / "demo" / "heldout_sample.npy"
SPECIAL_IDS = 17

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def sae_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The middle layer's SAE: the demo's, or while that is being trained the starter with a sink norm."""
    demo = ROOT / "demo" / "saes" / MODEL / SOURCE
    if (demo / "sae_weights.safetensors").is_file():
        return demo
    folder = tmp_path_factory.mktemp("sae")
    for name in ("cfg.json", "sae_weights.safetensors"):
        shutil.copyfile(STARTER / name, folder / name)
    config = json.loads((folder / "cfg.json").read_text())
    config["metadata"]["sink_norm"] = 684.0
    (folder / "cfg.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="session")
def small(sae_folder: Path) -> Generation:
    """Settings of the small run; tests put it elsewhere with `replace`."""
    return Generation(
        model=MODEL,
        sae=sae_folder,
        corpus=CORPUS,
        out=Path("unset"),
        model_id=MODEL,
        source_id=SOURCE,
        set_name="res-4k",
        models_dir=packaged.models(),
        dataset="held-out rows",
        context=64,
        prompts=40,
        batch_prompts=8,
        features_per_batch=1024,
        wanted=Wanted(top=6, intervals=5, per_interval=2),
        threads=1,
        tokens_per_step=1024,
        seed=5,
    )


@dataclass(frozen=True)
class Made:
    """A finished source, read back."""

    folder: Path

    @cached_property
    def features(self) -> dict[int, Any]:
        """Rows of features by index."""
        return {int(row["index"]): row for row in self.rows("features")}

    @cached_property
    def activations(self) -> dict[int, list[Any]]:
        """Rows of activations by feature, in the order written."""
        found: dict[int, list[Any]] = {}
        for row in self.rows("activations"):
            found.setdefault(int(row["index"]), []).append(row)
        return found

    def rows(self, kind: str) -> list[Any]:
        """All rows of a kind, batch by batch."""
        paths = sorted(
            (self.folder / kind).glob("batch-*.jsonl.gz"), key=lambda path: int(path.name[6:].split(".")[0])
        )
        return [json.loads(line) for path in paths for line in gzip.decompress(path.read_bytes()).splitlines()]

    def json(self, name: str) -> Any:
        """A JSON file of the source."""
        return json.loads((self.folder / name).read_text())


@pytest.fixture(scope="session")
def made(small: Generation, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The small run, finished."""
    return Made(generate(replace(small, out=tmp_path_factory.mktemp("made"))))


@dataclass(frozen=True)
class Plain:
    """The same windows in plain code: no engine, no shards."""

    windows: NDArray[np.int64]  # [window, position]
    values: NDArray[np.float32]  # [window, position, feature], 0 where a position does not count
    counts: NDArray[np.bool_]  # [window, position]


@pytest.fixture(scope="session")
def plain(sae_folder: Path, made: Made) -> Plain:
    """Hugging Face's hidden states through SAELens's own encode, masked by the documented rule."""
    from transformers import AutoModelForCausalLM

    rows = np.load(CORPUS)[:, 1:127].reshape(-1, 63).astype(np.int64)
    numbers = sorted({int(row["dataIndex"]) for found in made.activations.values() for row in found})
    windows = np.concatenate([np.ones((len(numbers), 1), dtype=np.int64), rows[numbers]], axis=1)
    model = AutoModelForCausalLM.from_pretrained(packaged.model(), dtype=torch.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about SAELens's own imports
        from sae_lens import SAE

        sae = SAE.load_from_disk(sae_folder, dtype="float32")
    with torch.inference_mode():
        states = model(torch.from_numpy(windows), output_hidden_states=True).hidden_states[16]
        counts = (torch.from_numpy(windows) >= SPECIAL_IDS) & (states.norm(dim=-1) <= sae.cfg.metadata.sink_norm)
        values = sae.encode(states) * counts[..., None]
    return Plain(windows, values.numpy(), counts.numpy())
