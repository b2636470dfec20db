"""What loading an SAE costs in memory, measured by the kernel in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

from inference_worker.engine.saes import WEIGHTS
from memicos_app.settings import ROOT
from tests.inference_worker.test_saes import write_sae

MEASURE = """
import sys
from pathlib import Path
from inference_worker.engine.saes import load_sae

def memory(name):
    return int(next(line for line in open("/proc/self/status") if line.startswith(name)).split()[1]) * 1024

def measure(folder, narrow):
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    loaded = load_sae(Path(folder), "1-a", keep_narrow=narrow)
    assert all(float(parameter.amax()) > 0 for parameter in loaded.sae.parameters())
    return (memory("VmHWM") - before) / loaded.n_bytes

small, wide, narrow = sys.argv[1:]
load_sae(Path(small), "0-a")
print(measure(wide, False), measure(narrow, False), measure(narrow, True))
"""


def test_an_sae_is_never_twice_in_memory(tmp_path: Path) -> None:
    """The peak over the weights' size. Those that become float32 lie in the file's pages, too, for a moment."""
    write_sae(tmp_path / "small")
    wide = write_sae(tmp_path / "wide", d_in=1 << 20)
    narrow = write_sae(tmp_path / "narrow", d_in=1 << 20, dtype=torch.bfloat16)
    assert (wide / WEIGHTS).stat().st_size > 48e6
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "small"), str(wide), str(narrow)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    as_stored, widened, kept = (float(word) for word in run.stdout.split())
    assert 0.9 < as_stored < 1.1
    assert 0.9 < widened < 1.6
    assert 0.9 < kept < 1.1
