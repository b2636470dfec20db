"""The cards of a finished source: what it is, and how its numbers were made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference_worker.dashboards.encoder import Encoder
from inference_worker.dashboards.generation import Generation
from inference_worker.dashboards.layout import CREATOR, ModelCard, Row, SetCard, SourceCard, batch_path, write_batch
from inference_worker.dashboards.manifest import FORMAT

_MASK = "special token ids and positions with a residual norm above sink_norm do not count"
_VERSIONS = ("torch", "transformers", "transformer-lens", "sae-lens")


def source_card(
    settings: Generation, encoder: Encoder, manifest: dict[str, Any], live: NDArray[np.bool_], counted: int
) -> SourceCard:
    """What `source.jsonl` and `generation.json` say."""
    return SourceCard(
        settings.model_id,
        settings.source_id,
        settings.set_name,
        json.loads((settings.sae / "cfg.json").read_text()),
        manifest["n_prompts"],
        settings.context,
        settings.dataset or settings.corpus.name,
        len(live),
        settings.description,
        settings.evaluation,
        _made(settings, encoder, manifest) | {"n_tokens_counted": counted, "n_dashboards": int(live.sum())},
    )


def set_card(settings: Generation, encoder: Encoder) -> SetCard:
    """What is known of the set, else its name."""
    card = settings.card or SetCard(settings.set_name)
    return replace(card, show_dfa=encoder.attributes)


def model_card(settings: Generation, encoder: Encoder) -> ModelCard:
    """What is known of the model, else what its configuration says."""
    if settings.model_card is not None:
        return settings.model_card
    found = ModelCard(
        settings.model_id,
        settings.model_id,
        "",
        encoder.model.n_layers,
        encoder.model.d_model,
        int(encoder.model.bridge.cfg.d_mlp),
        instruct=encoder.model.tokenizer.hf.chat_template is not None,
    )
    return replace(found, **settings.known_of_model)


def skipped_card(settings: Generation, encoder: Encoder, live: NDArray[np.bool_]) -> Row:
    """What `skipped_indexes.json` says: the features without a dashboard, and by which threshold."""
    return {
        "model_id": settings.model_id,
        "layer": str(encoder.loaded.layer),
        "sae_set": settings.set_name,
        "log_sparsity": settings.log_sparsity_threshold,
        "skipped_indexes": np.flatnonzero(~live).tolist(),
    }


def write_labels(folder: Path, settings: Generation, labels: Sequence[str], live: NDArray[np.bool_]) -> None:
    """What the features were called by whoever brought them, as explanations."""
    rows = [
        {
            "id": f"{settings.model_id}-{settings.source_id}-{index}-label",
            "modelId": settings.model_id,
            "layer": settings.source_id,
            "index": str(index),
            "description": label,
            "authorId": CREATOR,
            "typeName": "written-by-hand",
        }
        for index, label in enumerate(labels)
        if live[index] and label
    ]
    if rows:
        write_batch(batch_path(folder, "explanations", 0), rows, settings.level)


def _made(settings: Generation, encoder: Encoder, manifest: dict[str, Any]) -> Row:
    return {
        "created_at": manifest["created_at"],
        "generator": "memicos",
        "format": FORMAT,
        "hook_name": encoder.loaded.hook_name,
        "dtype": settings.dtype,
        "bos": {"id": manifest["bos_id"], "prepended": True, "in_tokens": False},
        "position_mask": _MASK,
        "special_ids": sorted(encoder.model.special_ids),
        "sink_norm": encoder.loaded.sink_norm,
        "logits": "W_dec @ (final_norm_gain * W_U), centred over the vocabulary",
        "correlated_features_l1": "cosine of the two activation vectors",
        "n_prompts": manifest["n_prompts"],
        "n_prompts_available": manifest["n_prompts_available"],
        "n_tokens_in_prompt": settings.context,
        "n_features": encoder.n_features,
        "windows_sha256": manifest["windows_sha256"],
        **manifest["key"],
        "corpus": settings.corpus.name,
        "versions": ", ".join(f"{name} {version(name)}" for name in _VERSIONS),
        **({"command": settings.command} if settings.command else {}),
    }
