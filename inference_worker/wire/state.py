"""How the worker is, and what it serves."""

from __future__ import annotations

from typing import Literal, get_args

from inference_worker.wire.base import Wire
from inference_worker.wire.lens import LensType
from inference_worker.wire.steering import SteerMethod


class Health(Wire):
    """Liveness: the process answers. Says nothing of the model."""

    status: Literal["ok"] = "ok"


class Readiness(Wire):
    """Whether inference can be asked for, and if not, what is missing."""

    ready: bool
    state: Literal["starting", "loading", "ready", "failed"]
    detail: str = ""
    model: str
    sources: list[str] = []
    queue_length: int = 0
    device: str = "cpu"
    dtype: str = "float32"


class Capabilities(Wire):
    """What this worker serves and within which limits."""

    model: str
    models: list[str]
    """All names that requests may call it by."""
    device: str
    dtype: str
    n_layers: int
    d_model: int
    context_length: int
    token_limit: int
    max_completion_tokens: int
    inference_queue: int
    sources: list[str]
    steer_methods: list[SteerMethod] = list(get_args(SteerMethod))
    saes_in_memory: list[str] = []
    sae_bytes: int = 0
    sae_bytes_limit: int = 0
    prepends_bos: bool
    """Whether BOS is added where a request leaves `prepend_bos` open."""
    bos_id: int | None = None
    """Token id of BOS, which may be 0; None where the tokenizer has none."""
    sae_sets: list[str] = []
    """Source sets of `sources`."""
    max_prompts: int
    """Texts of one batch."""
    max_num_results: int
    """Features that a search lists at most."""
    has_chat_template: bool = False
    lens_types: list[LensType] = []
    """Lenses that are served."""
