"""Tokens a second of our generation, unsteered and steered side by side, beside plain Hugging Face `generate`.

    python -m benchmarks.steering        # writes results/steering.json

Same process, weights, prompts, threads and greedy choice. The ways take turns, and the best round of each counts,
since other work on the machine only ever slows one down. CPU seconds are given as well: they feel such work less.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from inference_worker.engine.generate import generate
from inference_worker.engine.loading import load_model
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.packaged import ensure_packaged_model
from inference_worker.engine.sampling import Sampling
from inference_worker.engine.shelf import SaeShelf
from inference_worker.engine.steer import Steering, steering
from inference_worker.wire.packaged import PACKAGED_MODEL_ID
from memicos_app.settings import ROOT, get_settings

RESULT = ROOT / "benchmarks" / "results" / "steering.json"
SOURCE = "15-res-4k"
PROMPTS = (
    "Once upon a time, there was a",
    "The history of the city begins with",
    "In the second chapter the author argues that",
    "My favourite recipe needs flour, butter and",
)
STRENGTHS = (-80.0, -40.0, 40.0, 80.0)
PACKAGES = ("torch", "transformers", "transformer-lens", "sae-lens")


@dataclass(frozen=True, slots=True)
class Speed:
    """Of the best round: tokens of all rows by wall and by CPU time, and steps (tokens of one row) by wall time."""

    rows: int
    tokens_per_second: float
    tokens_per_cpu_second: float
    steps_per_second: float


def main() -> None:
    """Measure every way and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=48, help="generated for each prompt and row")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    ways = prepare(options.tokens)
    speeds = {name: asdict(speed) for name, speed in measure(ways, options.rounds).items()}
    result = {"machine": machine(options), "speeds": speeds, "ratios": ratios(speeds)}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def prepare(n_tokens: int) -> dict[str, tuple[int, Callable[[list[int]], int]]]:
    """Name of a way to its rows, and a function that continues one prompt and says how many tokens it wrote."""
    folder = ensure_packaged_model(get_settings().models_dir)
    theirs = AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.float32).eval()
    model = load_model(PACKAGED_MODEL_ID, models_dir=get_settings().models_dir)
    sae = SaeShelf([get_settings().sae_dir], model.name, model.d_model).get(SOURCE)
    rows = [steering([(sae.hook_name, sae.direction(100), strength)]) for strength in STRENGTHS]
    return {
        "hugging_face_1": (1, hugging_face(theirs, 1, n_tokens)),
        "hugging_face_2": (2, hugging_face(theirs, 2, n_tokens)),
        "default": (1, ours(model, [Steering()], n_tokens)),
        "default_and_steered": (2, ours(model, [Steering(), rows[-1]], n_tokens)),
        "default_and_sweep_of_4": (5, ours(model, [Steering(), *rows], n_tokens)),
    }


def hugging_face(model: Any, rows: int, n_tokens: int) -> Callable[[list[int]], int]:
    """Plain `generate` on a batch of equal prompts."""

    def run(ids: list[int]) -> int:
        prompt = torch.tensor([ids] * rows)
        options = {"max_new_tokens": n_tokens, "min_new_tokens": n_tokens, "do_sample": False, "pad_token_id": 2}
        with torch.inference_mode():
            output = model.generate(prompt, attention_mask=torch.ones_like(prompt), **options)
        return int(output[:, len(ids) :].numel())

    return run


def ours(model: LanguageModel, rows: Sequence[Steering], n_tokens: int) -> Callable[[list[int]], int]:
    """Our generation with these rows."""

    def run(ids: list[int]) -> int:
        *_, outputs = generate(model, ids, rows, Sampling(n_tokens))
        return sum(len(output.ids) for output in outputs)

    return run


def measure(ways: dict[str, tuple[int, Callable[[list[int]], int]]], rounds: int) -> dict[str, Speed]:
    """The best of several rounds, the ways taking turns; the first round only warms up."""
    texts = prompts()
    taken: dict[str, list[tuple[int, float, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, (_, run) in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            written = sum(run(ids) for ids in texts)
            if number:
                taken[name].append((written, time.perf_counter() - wall, time.process_time() - cpu))
    return {name: _speed(ways[name][0], times) for name, times in taken.items()}


def ratios(speeds: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """What is claimed of the speeds, by wall time and by CPU time.

    With one thread the two are the same on a machine that does nothing else; on a busy one only CPU time counts.
    """
    return {
        "by_wall": _ratios({name: speed["tokens_per_second"] for name, speed in speeds.items()}),
        "by_cpu": _ratios({name: speed["tokens_per_cpu_second"] for name, speed in speeds.items()}),
    }


def _ratios(speed: dict[str, float]) -> dict[str, float]:
    return {
        "one_row_over_hugging_face": round(speed["default"] / speed["hugging_face_1"], 2),
        "two_rows_over_hugging_face_batch_of_two": round(speed["default_and_steered"] / speed["hugging_face_2"], 2),
        "price_of_the_second_row": round(2 * speed["default"] / speed["default_and_steered"], 2),
    }


def machine(options: argparse.Namespace) -> dict[str, Any]:
    """What the numbers were measured on and with."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "model": PACKAGED_MODEL_ID,
        "dtype": "float32",
        "prompts": len(PROMPTS),
        **vars(options),
    }


def prompts() -> list[list[int]]:
    """Token ids of the prompts, BOS before each."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(ensure_packaged_model(get_settings().models_dir)))
    return [[1, *tokenizer(prompt, add_special_tokens=False)["input_ids"]] for prompt in PROMPTS]


def _speed(rows: int, times: list[tuple[int, float, float]]) -> Speed:
    per_second = max(written / wall for written, wall, _ in times)
    per_cpu_second = max(written / cpu for written, _, cpu in times)
    return Speed(rows, round(per_second, 1), round(per_cpu_second, 1), round(per_second / rows, 1))


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


if __name__ == "__main__":
    main()
