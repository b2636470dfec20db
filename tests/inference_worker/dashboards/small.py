"""Small runs with the tiny model: its SAEs, texts of a byte a token, and what was made of them."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path
from typing import Any

from inference_worker.dashboards.encoder import Encoder
from inference_worker.dashboards.examples import Wanted
from inference_worker.dashboards.generation import Generation
from inference_worker.dashboards.run import generate
from tests.inference_worker import tiny
from tests.inference_worker.dashboards.conftest import Made

CONTEXT = 16
WORDS = ("water", "stone", "reading", "Vienna", "seven", "a cat", "and then")


@functools.cache
def corpus() -> Path:
    """Texts of which no two are the same."""
    path = Path(tempfile.mkdtemp(prefix="memicos-texts-")) / "texts.jsonl"
    texts = [f"{one} {n} {other}, said number {n * 7 % 31}" for n in range(9) for one in WORDS for other in WORDS]
    path.write_text("".join(json.dumps(text) + "\n" for text in texts))
    return path


def settings(source_id: str, out: Path, sae: Path | None = None, **more: Any) -> Generation:
    """Of a run over one of the tiny model's SAEs, or over another folder."""
    options: dict[str, Any] = {
        "model": str(tiny.folder() / tiny.MODEL),
        "sae": sae or tiny.folder() / "saes" / tiny.MODEL / source_id,
        "corpus": corpus(),
        "out": out,
        "model_id": tiny.MODEL,
        "source_id": source_id,
        "set_name": source_id.partition("-")[2],
        "models_dir": Path(),
        "context": CONTEXT,
        "prompts": 90,
        "batch_prompts": 8,
        "tokens_per_step": 30 * CONTEXT,
        "features_per_batch": 16,
        "wanted": Wanted(4, 3, 2),
        "threads": 1,
    }
    return Generation(**(options | more))


def made(source_id: str, out: Path, sae: Path | None = None, **more: Any) -> Made:
    """A finished run."""
    return Made(generate(settings(source_id, out, sae, **more)))


def encoder(source_id: str, sae: Path | None = None) -> Encoder:
    """The model with the SAE of a source."""
    chosen = settings(source_id, Path(), sae)
    return Encoder(chosen.model, Path(), chosen.sae, source_id)


def window_ids(row: dict[str, Any]) -> list[int]:
    """Token ids of an example, BOS included: the tiny model has a token a byte."""
    return tiny.ids("".join(row["tokens"]))
