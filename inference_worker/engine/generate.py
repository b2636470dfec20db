"""Text generation with steering: several rows at once over one prompt, a token a step.

Each row has its own steering and its own random numbers, so that its text is the same whichever rows
run beside it. On a packed CPU model this holds bit for bit: every prompt is read alone and every step
runs a full group of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from inference_worker.engine.errors import BadInput, Unusable
from inference_worker.engine.linear import ROWS
from inference_worker.engine.model import LanguageModel, token_rows
from inference_worker.engine.sampling import Output, RowWriter, Sampling
from inference_worker.engine.steer import SteeredRows, Steering

PREFILL = 128
"""Tokens of a prompt that are read in one step; other work gets its turn between steps."""


def generate(
    model: LanguageModel,
    prompt_ids: Sequence[int],
    rows: Sequence[Steering],
    sampling: Sampling,
    *,
    on_logits: Callable[[torch.Tensor], None] | None = None,
) -> Iterator[list[Output]]:
    """Generate one continuation a row; yields the outputs so far after every step, without a copy.

    A step is a part of the prompt or one token of every row. Closing the iterator ends the generation.

    Args:
        prompt_ids: `[pos]`, with BOS if it is wanted.
        rows: the steering of each row; an empty one is unsteered.
        on_logits: sees the logits `[len(rows), d_vocab]` of every token, for tests of identities.

    Raises:
        BadInput: an empty prompt, an unknown token id, or no room left in the model's context.
        Diverged: logits that are no numbers.
    """
    room = model.context_length - len(prompt_ids)
    if room < 1:
        raise BadInput(f"The prompt fills the model's {model.context_length} tokens.", field="prompt")
    batch = _Batch(model, prompt_ids, rows)
    writers = [RowWriter(model, sampling, min(sampling.max_tokens, room)) for _ in rows]
    outputs = [writer.output for writer in writers]
    for _ in batch.read_prompt():
        yield outputs
    while True:
        if on_logits is not None:
            on_logits(batch.logits)
        chosen = [writer.write(row) for writer, row in zip(writers, batch.logits.cpu(), strict=True)]
        yield outputs
        if all(output.finish_reason for output in outputs):
            return
        batch.step(chosen)


class _Batch:
    """The rows' forward passes: prompts one by one, then tokens together over one KV cache."""

    def __init__(self, model: LanguageModel, prompt_ids: Sequence[int], rows: Sequence[Steering]) -> None:
        self._model = model
        self._prompt = token_rows([prompt_ids], model.n_vocab)
        self._rows = list(rows)
        self._filler = -len(rows) % ROWS if model.is_packed else 0
        self._length = 0
        self.logits = torch.empty(0)
        """After the last token of every row, `[rows, d_vocab]`."""
        self._cache: Any = None
        self._like = torch.empty(0, dtype=model.dtype, device=model.device)
        self._steered = SteeredRows([], self._like)

    def read_prompt(self) -> Iterator[None]:
        """Fill the cache; yields between the parts."""
        caches: list[Any] = []
        last: list[torch.Tensor] = []
        for row in self._rows:
            cache = self._model.new_cache()
            for start in range(0, self._prompt.shape[1], PREFILL):
                if caches or start:
                    yield
                part = self._prompt[:, start : start + PREFILL]
                logits = self._forward(part, start, cache, SteeredRows([row], self._like))
            caches.append(cache)
            last.append(logits)
        self._cache = _merged(caches, self._filler)
        self._steered = SteeredRows([*self._rows, *[Steering()] * self._filler], self._like)
        self._length = self._prompt.shape[1]
        self.logits = torch.cat(last)

    def step(self, chosen: Sequence[int]) -> None:
        """Append a token to every row."""
        ids = torch.tensor([*chosen, *[chosen[0]] * self._filler])[:, None]
        logits = self._forward(ids, self._length, self._cache, self._steered)
        self._length += 1
        self.logits = logits[: len(self._rows)]

    def _forward(self, ids: torch.Tensor, start: int, cache: Any, steered: SteeredRows) -> torch.Tensor:
        ids = ids.to(self._model.device)
        starts = torch.full((len(ids),), start, device=ids.device)
        prompt_lengths = torch.full_like(starts, self._prompt.shape[1])
        return self._model.logits(ids, cache=cache, hooks=steered.hooks(ids, starts, prompt_lengths))


def _merged(caches: Sequence[Any], filler: int) -> Any:
    """One cache of all rows out of one a row; `filler` copies of the first fill the group up."""
    merged = caches[0]
    for number, layer in enumerate(merged.layers):
        layers = [cache.layers[number] for cache in (*caches, *[merged] * filler)]
        if layer.keys is None:
            raise Unusable("This model keeps a state that is no attention cache; generation is not possible with it.")
        layer.keys, layer.values = torch.cat([one.keys for one in layers]), torch.cat([one.values for one in layers])
    return merged
