"""Settings of a generation: everything that can be asked for, and what cannot be right."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.layout import ModelCard, SetCard


class GenerationError(ValueError):
    """A run that cannot be done as asked; the message names the setting."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Settings of a run. What is not said here does not change the result."""

    model: str
    """Packaged id, folder, or TransformerLens name."""
    sae: Path
    """Folder in SAELens format."""
    corpus: Path
    """Token rows (.npy), text (.txt) or documents (.jsonl, .parquet)."""
    out: Path
    """Folder of the dataset; the source appears below `v1/`."""
    model_id: str
    source_id: str
    set_name: str
    models_dir: Path
    dataset: str = ""
    """What the corpus is called; empty: its file name."""
    column: str = ""
    """Of documents with several columns; empty: the first of the usual names."""
    context: int = 128
    prompts: int = 24_576
    batches: int | None = None
    """Choose prompts among the first `batches * batch_prompts` windows; None: among all."""
    batch_prompts: int = 16
    log_sparsity_threshold: float = -5.0
    features_per_batch: int = 1024
    start_batch: int = 0
    """Batches of features before this one are not made."""
    wanted: Wanted = field(default_factory=Wanted)
    seed: int = 0
    processes: int = 1
    ray: bool = False
    """Do the steps on a Ray cluster, with so many actors as `processes` says; 0: as the cluster has cores for."""
    threads: int = 0
    """Torch threads a process; 0: the cores divided among the processes."""
    device: str = "cpu"
    dtype: str = "float32"
    tokens_per_step: int = 1 << 14
    """What a killed run can lose of its activations, about, and what one step holds in memory."""
    restart: bool = False
    """Forget an unfinished run, and replace a finished one."""
    replace: bool = False
    """Put this run in place of one with other settings, finished or not; one with the same settings goes on."""
    level: int = 6
    """Of gzip."""
    description: str = ""
    """Of the source, for people."""
    evaluation: dict[str, Any] = field(default_factory=dict)
    """Measures of the SAE that go into `source.jsonl`."""
    card: SetCard | None = None
    model_card: ModelCard | None = None
    known_of_model: dict[str, Any] = field(default_factory=dict)
    """Fields of the model's card that are known better than from its configuration."""
    command: str = ""
    """What makes these dashboards again."""

    @property
    def target(self) -> Path:
        """Where the finished source is put."""
        return self.out / "v1" / self.model_id / self.source_id

    @property
    def work(self) -> Path:
        """Where the run works and what a resume goes on from."""
        return self.out / ".generating" / self.model_id / self.source_id

    def check(self) -> None:
        """Raises GenerationError for a setting that cannot be right, or a file that is missing."""
        for name in ("prompts", "batch_prompts", "features_per_batch", "processes"):
            if getattr(self, name) < 1 and not (name == "processes" and self.ray):
                raise GenerationError(f"{name} must be at least 1")
        if self.start_batch < 0:
            raise GenerationError("start_batch must not be negative")
        if self.wanted.top < 1 or self.wanted.intervals < 1 or self.wanted.per_interval < 0:
            raise GenerationError("top and intervals must be at least 1, per_interval at least 0")
        for path in (self.sae / "cfg.json", self.sae / "sae_weights.safetensors", self.corpus):
            if not path.is_file():
                raise GenerationError(f"{path}: no such file")
