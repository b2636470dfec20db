"""Our dashboard generator against sae-dashboard 0.8.0: same model, SAE, tokens and machine.

    python -m benchmarks.generator              # times, to results/generator.json
    python -m benchmarks.generator fixture      # output for the parity test

sae-dashboard's pins exclude this project's versions, so it gets an environment of its own, which is made in the data
folder when it is first needed; `--theirs` names the Python of another one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open

from inference_worker.engine.linear import PackedLinear
from inference_worker.engine.packaged import ensure_packaged_model

ROOT = Path(__file__).resolve().parent.parent
MODEL, SOURCE, SET = "smollm2-135m-it", "15-res-4k", "res-4k"
MODELS = ROOT / ".memicos" / "models"
SAE = ROOT / "demo" / "saes" / MODEL / SOURCE
CORPUS = ROOT / "demo" / "heldout_sample.npy"
FIXTURE = ROOT / "tests" / "inference_worker" / "dashboards" / "data" / "sae_dashboard.json"
RESULT = ROOT / "benchmarks" / "results" / "generator.json"
FIXTURE_FEATURES = range(500, 512)
D_SAE, BOS, SPECIAL_IDS = 4096, 1, 17
BATCH = 64
THEIRS = (
    "sae-dashboard==0.8.0 dataclasses-json==0.6.7 marshmallow<4 mypy_extensions typing-inspect==0.9.0 "
    "eindex-callum==0.1.2 decode-clt==0.0.1 matplotlib contourpy cycler fonttools kiwisolver pyparsing pillow"
)
"""What sae-dashboard needs beside this project's packages."""


def main() -> None:
    """Make what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="compare", choices=["fixture", "compare"])
    parser.add_argument("--theirs", type=Path, help="Python of an environment with sae-dashboard")
    parser.add_argument("--tokens", type=int, default=131_072)
    parser.add_argument("--context", type=int, default=64)
    parser.add_argument("--corpus", type=Path, default=ROOT / "demo" / "datasets" / "corpus.npy")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="ours; as many torch threads for theirs"
    )
    options = parser.parse_args()
    options.theirs = options.theirs or environment(ROOT / ".memicos" / "sae-dashboard")
    with tempfile.TemporaryDirectory() as folder:
        fixture(options, Path(folder)) if options.what == "fixture" else compare(options, Path(folder))


def environment(folder: Path) -> Path:
    """Python of an environment with sae-dashboard, which sees this project's packages behind its own."""
    python = folder / "bin" / "python"
    if not (folder / "complete").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        own = sysconfig.get_path("purelib", vars={"base": str(folder)})
        Path(own, "main.pth").write_text(sysconfig.get_path("purelib") + "\n")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", *THEIRS.split()], check=True)
        (folder / "complete").touch()
    return python


def fixture(options: argparse.Namespace, folder: Path) -> None:
    """Write what sae-dashboard says of a few features on the committed held-out rows."""
    rows = parity_rows(np.load(CORPUS))
    np.save(folder / "rows.npy", rows)
    run_theirs(options, folder, list(FIXTURE_FEATURES), len(FIXTURE_FEATURES), len(rows))
    features = json.loads(next(folder.rglob("batch-0.json")).read_text())["features"]
    for feature in features:
        for activation in feature["activations"]:
            activation["tokens"] = hashlib.sha256("\0".join(activation["tokens"]).encode()).hexdigest()[:12]
    facts = {"made_by": "benchmarks/generator.py", "sae-dashboard": "0.8.0", "sae_sha256": weights_sha256(SAE)}
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(json.dumps({**facts, "n_tokens": rows.size, "features": features}) + "\n")
    print(f"{FIXTURE}: {len(features)} features, {FIXTURE.stat().st_size:,} bytes")


def parity_rows(rows: NDArray[Any], context: int = 64, most: int = 32) -> NDArray[np.int32]:
    """Windows of BOS and ordinary tokens: sae-dashboard leaves out BOS, but counts other special tokens."""
    body = rows[:, 1 : 1 + (rows.shape[1] - 1) // (context - 1) * (context - 1)].reshape(-1, context - 1)
    body = body[(body >= SPECIAL_IDS).all(axis=1)][:most].astype(np.int32)
    return np.concatenate([np.full((len(body), 1), BOS, dtype=np.int32), body], axis=1)


def weights_sha256(sae: Path) -> str:
    """Of the SAE that a fixture was made with."""
    return hashlib.sha256((sae / "sae_weights.safetensors").read_bytes()).hexdigest()


@dataclass(frozen=True)
class Timing:
    """Time of one run, imports, loading and model pass included."""

    features: int
    seconds: float
    cpu_seconds: float


def compare(options: argparse.Namespace, folder: Path) -> None:
    """Time both on the same rows and write the result."""
    rows = parity_rows(np.load(options.corpus), options.context, options.tokens // options.context)
    np.save(folder / "rows.npy", rows)
    ours = run_ours(options, folder)
    moments = run_theirs(options, folder, list(range(3 * BATCH)), BATCH, 32)
    theirs = all_features(moments)
    floor = model_pass_floor(rows.size)
    result = {
        "tokens": int(rows.size),
        "context": int(rows.shape[1]),
        "features": D_SAE,
        "ours": asdict(ours) | {"processes": options.processes},
        "sae_dashboard": asdict(theirs)
        | {
            "version": "0.8.0",
            "threads": options.processes,
            "features_per_batch": BATCH,
            "moments": moments,
            "note": "all features from three measured batches: the first holds the model pass, the others the pace",
        },
        "features_per_second": {"ours": D_SAE / ours.seconds, "sae_dashboard": D_SAE / theirs.seconds},
        "times_faster": {"wall": theirs.seconds / ours.seconds, "cpu": theirs.cpu_seconds / ours.cpu_seconds},
        "model_pass_floor": floor
        | {
            "times_faster_beyond_it": (theirs.seconds - floor["seconds"]) / (ours.seconds - floor["seconds"]),
            "note": "least time of the matrix products of the model up to the hook, which both have to do: "
            "their operations at the speed this machine shows in float32, all cores busy",
        },
        "machine": {"cpu": _processor(), "cores": os.cpu_count(), "load_before": os.getloadavg()[0]},
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def all_features(moments: list[dict[str, float]]) -> Timing:
    """Time for every feature: up to the end of the first batch once, then each further batch at its pace."""

    def total(clock: str) -> float:
        first, pace = moments[1][clock], (moments[-1][clock] - moments[1][clock]) / (len(moments) - 2)
        return first + pace * (D_SAE / BATCH - 1)

    return Timing(D_SAE, total("seconds"), total("cpu_seconds"))


def model_pass_floor(tokens: int, rounds: int = 20) -> dict[str, float]:
    """Seconds that the linear layers of the blocks up to the SAE's layer take at this machine's best speed."""
    weights = next(ensure_packaged_model(MODELS).glob("*.safetensors"))
    layers = int(SOURCE.partition("-")[0]) + 1
    with safe_open(weights, framework="pt") as file:
        shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118
    own = [shape for name, shape in shapes.items() if _block(name) in range(layers) and len(shape) == 2]
    operations = 2 * tokens * sum(rows * columns for rows, columns in own)
    cores = os.cpu_count() or 1
    speed = cores * _gflops(rounds)
    return {"operations": operations, "gflops": speed, "seconds": operations / speed / 1e9, "cores": cores}


def _block(name: str) -> int:
    parts = name.split(".")
    return int(parts[2]) if parts[:2] == ["model", "layers"] else -1


def _gflops(rounds: int, tokens: int = 1024, width: int = 576, out: int = 1536) -> float:
    """Of one core on the model's largest layer, packed as generation packs it: the best of some rounds."""
    torch.set_num_threads(1)
    layer, x = PackedLinear(torch.nn.Linear(width, out, bias=False)), torch.randn(tokens, width)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(rounds):
            began = time.perf_counter()
            layer(x)
            best = min(best, time.perf_counter() - began)
    return 2 * tokens * width * out / best / 1e9


def run_ours(options: argparse.Namespace, folder: Path) -> Timing:
    """`memicos generate` in a process of its own."""
    command = [sys.executable, "-m", "memicos_app.cli", "generate", "--sae", SAE, "--corpus", folder / "rows.npy"]
    command += ["--context", options.context, "--prompts", 10**9, "--out", folder / "ours"]
    command += ["--processes", options.processes]
    began, used = time.perf_counter(), _children_cpu()
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)
    return Timing(D_SAE, time.perf_counter() - began, _children_cpu() - used)


def run_theirs(
    options: argparse.Namespace, folder: Path, features: list[int], batch: int, prompts_per_pass: int
) -> list[dict[str, float]]:
    """sae-dashboard on `rows.npy`; when each batch began and when all ended."""
    model = ensure_packaged_model(MODELS)
    command = [options.theirs, ROOT / "benchmarks" / "sae_dashboard_run.py", "--model", model, "--sae", SAE]
    command += ["--rows", folder / "rows.npy", "--out", folder / "theirs", "--threads", options.processes]
    command += ["--features", ",".join(map(str, features)), "--features-per-batch", batch]
    command += ["--prompts-per-pass", prompts_per_pass, "--sink-norm", sink_norm()]
    subprocess.run([str(part) for part in command], cwd=folder, check=True)
    moments: list[dict[str, float]] = json.loads((folder / "theirs" / "timing.json").read_text())
    return moments


def sink_norm() -> float:
    """Residual norm above which positions do not count."""
    return float(json.loads((SAE / "cfg.json").read_text())["metadata"]["sink_norm"])


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


if __name__ == "__main__":
    main()
