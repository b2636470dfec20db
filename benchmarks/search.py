"""What a search over all sources costs beside its parts: one forward pass to the last hook point, and the encodes.

    python -m benchmarks.search          # writes results/search.json

The parts are the model's forward pass with SAELens's own `encode` for each source; the search adds which positions
count, the ranking, and the answer. Both take turns in one process; the median of CPU seconds counts, since other
work on the machine hardly changes those.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.steering import machine
from inference_worker.engine.loading import load_model
from inference_worker.engine.model import token_rows
from inference_worker.engine.shelf import SaeShelf
from inference_worker.engine.together import result_of
from inference_worker.requests.engine import Engine
from inference_worker.requests.search import search
from inference_worker.wire.packaged import PACKAGED_MODEL_ID
from inference_worker.wire.search import ActivationAllRequest
from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "search.json"
GOAL = 1.5
"""Of the search over its parts."""
LENGTHS = (32, 128, 512)
TEXT = "The treaty was signed in 1648, and the degree of freedom was small. " * 60


def main() -> None:
    """Measure texts of several lengths and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    engine = served()
    texts = {length: measured(engine, length, options.rounds) for length in LENGTHS}
    result = {
        "machine": {name: value for name, value in machine(options).items() if name != "prompts"},
        "goal": GOAL,
        "sources": engine.saes.sources(),
        "ms_by_tokens": texts,
        "reached": all(one["ratio"] <= GOAL for one in texts.values()),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["ms_by_tokens"]))


def served() -> Engine:
    """The demo model with the demo's SAEs."""
    settings = get_settings()
    model = load_model(PACKAGED_MODEL_ID, models_dir=settings.models_dir)
    return Engine(model, SaeShelf([settings.sae_dir], model.names, model.d_model), 1024, 256)


def measured(engine: Engine, length: int, rounds: int) -> dict[str, float]:
    """CPU milliseconds of the parts and of the search, on a text of so many tokens."""
    model = engine.model
    ids = model.tokenizer.tokenize(TEXT).ids[:length]
    request = ActivationAllRequest(
        model=model.name, source_set="res-4k", prompt="".join(model.tokenizer.strings(ids)[1:])
    )
    ways: dict[str, Callable[[], Any]] = {
        "parts": lambda: parts(engine, ids),
        "search": lambda: result_of(search(engine, request)),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            began = time.process_time()
            way()
            if turn:
                times[name].append(time.process_time() - began)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    return {
        **{name: round(median * 1000, 1) for name, median in medians.items()},
        "ratio": round(medians["search"] / medians["parts"], 2),
    }


@torch.inference_mode()
def parts(engine: Engine, ids: list[int]) -> None:
    """One forward pass to the last hook point, and every source's encode."""
    loaded = [engine.saes.get(source) for source in engine.saes.sources()]
    captured = engine.model.capture(token_rows([ids], engine.model.n_vocab), [one.hook_name for one in loaded])
    for one in loaded:
        one.sae.encode(captured[one.hook_name])


if __name__ == "__main__":
    main()
