"""The engine that requests are answered from, and the checks that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from inference_worker.engine.errors import BadInput, Unknown
from inference_worker.engine.loading import Report, load_model
from inference_worker.engine.memory import free_memory
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import set_name
from inference_worker.engine.shelf import SaeShelf
from inference_worker.engine.tokens import Tokens
from inference_worker.wire.activations import MAX_PROMPTS
from inference_worker.wire.search import MAX_RESULTS
from inference_worker.wire.state import Capabilities


@dataclass(frozen=True, slots=True)
class Engine:
    """A loaded model with its SAEs, and the limits of what is asked of it."""

    model: LanguageModel
    saes: SaeShelf
    token_limit: int
    max_completion_tokens: int


@dataclass(frozen=True, slots=True)
class SaeOptions:
    """Which SAEs are served, from where, and how they are kept; the words are those of `SaeShelf`."""

    folders: Sequence[Path]
    own: Sequence[Path] = ()
    sets: Sequence[str] = ()
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    budget: int = 0
    """Bytes; 0: half of what is free once the model is there."""
    keep_narrow: bool = False


def load_engine(
    model_id: str,
    *,
    models_dir: Path,
    saes: SaeOptions,
    device: str,
    dtype: str,
    token_limit: int,
    max_completion_tokens: int,
    names: Sequence[str] = (),
    report: Report = lambda _: None,
) -> Engine:
    """Load the model; SAEs follow when they are asked for.

    Args:
        model_id: of the weights.
        names: how requests may call the model, and its SAEs' folders; the first is its own.
        report: told what is being done, in words.
    """
    precision: torch.dtype | Literal["auto"] = "auto" if dtype == "auto" else getattr(torch, dtype)
    model = load_model(model_id, models_dir=models_dir, device=device, dtype=precision, names=names, report=report)
    report("looking for SAEs")
    return Engine(model, _shelf(model, saes), token_limit, max_completion_tokens)


def _shelf(model: LanguageModel, saes: SaeOptions) -> SaeShelf:
    return SaeShelf(
        saes.folders,
        model.names,
        model.d_model,
        own=saes.own,
        sets=saes.sets,
        include=saes.include,
        exclude=saes.exclude,
        device=str(model.device),
        budget=saes.budget or free_memory(model.device) // 2,
        keep_narrow=saes.keep_narrow,
    )


def capabilities(engine: Engine, queue_limit: int) -> Capabilities:
    """What is served, within which limits."""
    model, sources = engine.model, engine.saes.sources()
    return Capabilities(
        model=model.name,
        models=list(model.names),
        device=str(model.device),
        dtype=dtype_name(engine),
        n_layers=model.n_layers,
        d_model=model.d_model,
        context_length=model.context_length,
        token_limit=engine.token_limit,
        max_completion_tokens=engine.max_completion_tokens,
        inference_queue=queue_limit,
        sources=sources,
        saes_in_memory=engine.saes.resident,
        sae_bytes=engine.saes.n_bytes,
        sae_bytes_limit=engine.saes.budget,
        prepends_bos=model.tokenizer.prepends_bos,
        bos_id=model.bos_id,
        sae_sets=sorted({set_name(source) for source in sources}),
        max_prompts=MAX_PROMPTS,
        max_num_results=MAX_RESULTS,
        has_chat_template=model.tokenizer.hf.chat_template is not None,
        lens_types=["LOGIT_LENS"],
    )


def require_model(engine: Engine, name: str, field: str = "model") -> None:
    """Raises `Unknown` for another model than the one that is served."""
    if name not in engine.model.names:
        raise Unknown(f"This worker serves {engine.model.name}, not {name}.", field=field)


def within_limit(engine: Engine, tokens: Tokens, field: str) -> Tokens:
    """The tokens. Raises `BadInput` where they are more than may be asked for."""
    limit = min(engine.token_limit, engine.model.context_length)
    if len(tokens.ids) > limit:
        raise BadInput(f"The text is too long: {len(tokens.ids)} tokens, and {limit} are allowed.", field=field)
    return tokens


def dtype_name(engine: Engine) -> str:
    """Precision of the model, as `float32`."""
    return str(engine.model.dtype).removeprefix("torch.")
