"""A model read from where its weights lie, with a sentence for whatever stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import torch

from inference_worker.engine.hub import is_unreachable
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.weights import device_for, locate, require_room, why_not, without_hub

Report = Callable[[str], None]
"""Is told what is being done."""


def load_model(
    model_id: str,
    *,
    models_dir: Path,
    device: str = "cpu",
    dtype: torch.dtype | Literal["auto"] = torch.float32,
    packed: bool = True,
    names: Sequence[str] = (),
    report: Report = lambda _: None,
) -> LanguageModel:
    """Load a model by the packaged id, a local folder, or a name that TransformerLens knows.

    Args:
        model_id: of the weights.
        device: `cpu`, `cuda`, `cuda:1`, `mps`, or `auto`.
        dtype: of the model; `auto`: as the weights are stored.
        names: how requests may call it, the first is its own; empty: the last part of its id.
        report: told what is being done, in words.

    Raises:
        Unusable: it cannot be loaded; the sentence says why.
    """
    place = device_for(device)
    report("preparing the weights")
    source = locate(model_id, models_dir)
    require_room(source, place, dtype)
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    local = {"local_files_only": isinstance(source, Path)}
    if isinstance(source, str) and is_unreachable(source):
        raise without_hub(model_id)
    try:
        report("reading the tokenizer")
        tokenizer = AutoTokenizer.from_pretrained(source, **local)
        report("reading the weights" if isinstance(source, Path) else "reading the weights, from the hub if need be")
        model = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, **local).eval().to(place)
        model.requires_grad_(False)
        report("finding the hook points")
        return LanguageModel(model, tokenizer, name=served_name(model_id), names=names, packed=packed)
    except (OSError, ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        raise why_not(error, model_id) from error


def served_name(model_id: str) -> str:
    """How requests call a model: the last part of its path or hub name."""
    return Path(model_id).name
