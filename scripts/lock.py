"""Resolve pyproject.toml into the pinned files that `make run` and `make test` install from.

The lock is installed with `--no-deps`: what a dependency declares and MemicOS never runs
(`requirements/not-run.txt`, and the CUDA packages of torch's default Linux build) is left out here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
LEFT_OUT = re.compile(r"^(nvidia-|cuda-|triton|torch==)|sys_platform == 'never'", re.MULTILINE)
HEADER = "# Written by `make lock` from pyproject.toml; install with --no-deps. Do not edit.\n"


def resolve(extras: list[str]) -> list[str]:
    """Pinned requirement lines for the package with `extras`, one marker-aware line a package."""
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--python-version",
        "3.11",
    ]
    command += ["--override", str(REQUIREMENTS / "not-run.txt"), "--no-header", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links"]
    command += [flag for extra in extras for flag in ("--extra", extra)]
    command += ["pyproject.toml"]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    kept = [line for line in text.splitlines() if line.strip() and not LEFT_OUT.search(line)]
    return sorted([*kept, "torch==2.13.0"])


def write(path: Path, lines: list[str]) -> None:
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    runtime = resolve([])
    write(REQUIREMENTS / "lock.txt", runtime)
    for extra in ("dev", "demo", "ray"):
        write(REQUIREMENTS / f"lock-{extra}.txt", [line for line in resolve([extra]) if line not in runtime])


if __name__ == "__main__":
    main()
