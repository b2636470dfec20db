"""How wide a language model is at its hook points, from the configuration that lies beside its weights.

Reads no weights; the worker, which loads the model, has the last word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from inference_worker.wire.packaged import PACKAGED_MODEL_ID, PackagedModelMissing, gguf_file
from memicos_app.library.errors import BadInputError
from memicos_app.settings import get_settings

_RESIDUAL = re.compile(
    r"blocks\.\d+\.(hook_(resid_pre|resid_mid|resid_post|attn_out|mlp_out|mlp_in|in|out)|ln[12]\.hook_normalized)"
)
_BLOCK = re.compile(r"blocks\.(\d+)\.(.+)")


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes of a model."""

    layers: int
    d_model: int
    heads: int
    d_head: int
    d_mlp: int

    def width(self, hook: str) -> int | None:
        """Numbers a position at a hook point; None: not known from the configuration alone."""
        if _RESIDUAL.fullmatch(hook):
            return self.d_model
        found = _BLOCK.fullmatch(hook)
        name = found[2] if found else ""
        return {"attn.hook_z": self.heads * self.d_head, "mlp.hook_post": self.d_mlp, "mlp.hook_pre": self.d_mlp}.get(
            name
        )

    def require_fits(self, hook: str, width: int, field: str = "sae") -> None:
        """Raises `BadInputError` where the model has no such layer, or another width there."""
        found = _BLOCK.fullmatch(hook)
        if found and int(found[1]) >= self.layers:
            raise BadInputError(f"{hook} is not in this model, which has layers 0 to {self.layers - 1}.", field=field)
        known = self.width(hook)
        if known is not None and known != width:
            raise BadInputError(
                f"The SAE has {width} dimensions at {hook}, and the model has {known} there: it was trained on "
                "another model.",
                field=field,
            )


def shape_of(model: str) -> ModelShape | None:
    """The shape of a model by its packaged id, its folder or its hub name; None: its configuration is not here."""
    for file in _configurations(model):
        if file.is_file():
            return _shape(json.loads(file.read_text("utf-8")))
    return _packaged_shape() if model == PACKAGED_MODEL_ID else None


@cache
def _packaged_shape() -> ModelShape | None:
    """The packaged model's, from its weights as they were packaged: before a worker has converted them."""
    from gguf import GGUFReader

    try:
        reader = GGUFReader(gguf_file())
    except PackagedModelMissing:
        return None
    said = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("tokenizer.")}
    kind = said["general.architecture"]
    names = {
        "hidden_size": "embedding_length",
        "num_hidden_layers": "block_count",
        "num_attention_heads": "attention.head_count",
        "intermediate_size": "feed_forward_length",
    }
    return _shape({name: said[f"{kind}.{key}"] for name, key in names.items()})


def _configurations(model: str) -> Iterator[Path]:
    yield Path(model).expanduser() / "config.json"
    yield get_settings().models_dir / model / "config.json"
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    with suppress(HFValidationError):
        cached = try_to_load_from_cache(model, "config.json")
        if isinstance(cached, str):
            yield Path(cached)


def _shape(config: dict[str, Any]) -> ModelShape | None:
    config = {**config, **(config.get("text_config") or {})}
    width = _first(config, "hidden_size", "n_embd", "d_model")
    layers = _first(config, "num_hidden_layers", "n_layer", "num_layers")
    heads = _first(config, "num_attention_heads", "n_head", "num_heads")
    if not (width and layers and heads):
        return None
    inner = _first(config, "intermediate_size", "n_inner", "ffn_dim", "d_ff") or 4 * width
    return ModelShape(layers, width, heads, _first(config, "head_dim") or width // heads, inner)


def _first(config: dict[str, Any], *names: str) -> int:
    return next((int(config[name]) for name in names if isinstance(config.get(name), int)), 0)
