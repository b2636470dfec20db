"""The language model that comes as a package, converted: the same folder for every test, whichever runs first."""

from __future__ import annotations

import functools
from pathlib import Path

from inference_worker.engine.packaged import ensure_packaged_model
from inference_worker.wire.packaged import PACKAGED_MODEL_ID
from memicos_app.settings import Settings

MODELS = Settings().models_dir
"""Read before any test sets a DATA_DIR of its own."""


@functools.cache
def models() -> Path:
    """The folder of models, for `models_dir` or to link to; on a machine that has none yet it is made here."""
    ensure_packaged_model(MODELS)
    return MODELS


def model() -> Path:
    """The model's folder, in Hugging Face's layout."""
    return models() / PACKAGED_MODEL_ID
