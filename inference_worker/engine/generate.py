"""Text generation with steering: several rows over one prompt, a token a step, steps shared between requests.

Each row has its own steering, keys, and random numbers, so that its text is the same whichever rows run
beside it, of the same request or another's. On a packed CPU model this holds bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import torch

from inference_worker.engine.batch import Row, Step, read, shares_rows
from inference_worker.engine.errors import BadInput, Unusable
from inference_worker.engine.linear import ROWS
from inference_worker.engine.model import LanguageModel, token_rows
from inference_worker.engine.sampling import Output, RowWriter, Sampling
from inference_worker.engine.steer import SteeredRows, Steering
from inference_worker.engine.together import Steps, Together, alone

T = TypeVar("T")

PREFILL = 64
"""Positions that one forward pass reads of a prompt on a CPU, all rows counted; other work gets its turn between.

A CPU is busy with as many, so that longer parts would gain nothing.
"""
PREFILL_DEVICE = 512
"""The same on other devices."""


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
    return alone(generation(model, prompt_ids, rows, sampling, lambda outputs: outputs, on_logits=on_logits))


def generation(
    model: LanguageModel,
    prompt_ids: Sequence[int],
    rows: Sequence[Steering],
    sampling: Sampling,
    tell: Callable[[list[Output]], T],
    *,
    on_logits: Callable[[torch.Tensor], None] | None = None,
) -> Steps[T]:
    """The same in steps that may be shared with others; yields what `tell` makes of the outputs so far."""
    room = model.context_length - len(prompt_ids)
    if room < 1:
        raise BadInput(f"The prompt fills the model's {model.context_length} tokens.", field="prompt")
    prompt: list[int] = token_rows([prompt_ids], model.n_vocab)[0].tolist()
    writers = [RowWriter(model, sampling, min(sampling.max_tokens, room)) for _ in rows]
    outputs = [writer.output for writer in writers]
    texts = _texts(model, prompt, rows)
    for _ in texts.read():
        yield tell(outputs)
    while True:
        if on_logits is not None:
            on_logits(texts.logits)
        logits = texts.logits.cpu()
        chosen = {
            number: writer.write(logits[number])
            for number, writer in enumerate(writers)
            if not writer.output.finish_reason
        }
        yield tell(outputs)
        if all(output.finish_reason for output in outputs):
            return
        yield from texts.step({n: token for n, token in chosen.items() if not outputs[n].finish_reason})


class _SharedTexts:
    """The rows' forward passes, steps shared with those of other requests; rows that are finished take no part."""

    def __init__(self, model: LanguageModel, prompt: list[int], rows: Sequence[Steering]) -> None:
        self._model, self._prompt = model, prompt
        self._rows = [Row(steering, len(prompt)) for steering in rows]
        self.logits = torch.empty(0)
        """After the last token of every row, `[rows, d_vocab]`."""

    def read(self) -> Iterator[None]:
        """Read the prompt, in bounded parts, short ones of several rows at once; yields between them."""
        most = PREFILL if self._model.device.type == "cpu" else PREFILL_DEVICE
        at_once = max(1, most // len(self._prompt))
        last: list[torch.Tensor] = []
        for first in range(0, len(self._rows), at_once):
            rows = self._rows[first : first + at_once]
            for start in range(0, len(self._prompt), most):
                if first or start:
                    yield
                logits = read(self._model, rows, [self._prompt[start : start + most]] * len(rows))
            last.append(logits)
        self.logits = torch.cat(last)

    def step(self, chosen: dict[int, int]) -> Steps[Any]:
        """Append these tokens to these rows."""
        for number, token in chosen.items():
            self._rows[number].next_id = token
        logits = yield Together(Step(self._model), [self._rows[number] for number in chosen])
        self.logits = self.logits.clone()
        self.logits[list(chosen)] = logits


class _LoneTexts:
    """The same where steps cannot be shared: rows of equal length over one cache of the model's own kind."""

    def __init__(self, model: LanguageModel, prompt: list[int], rows: Sequence[Steering]) -> None:
        self._model = model
        self._prompt = torch.tensor([prompt])
        self._rows = list(rows)
        self._filler = -len(rows) % ROWS if model.is_packed else 0
        self._length = 0
        self.logits = torch.empty(0)
        self._cache: Any = None
        self._like = torch.empty(0, dtype=model.dtype, device=model.device)
        self._steered = SteeredRows([], self._like)
        self._last: list[int] = [0] * len(rows)

    def read(self) -> Iterator[None]:
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

    def step(self, chosen: dict[int, int]) -> Steps[Any]:
        """Append a token to every row; one that is finished only keeps its place."""
        yield from ()
        for number, token in chosen.items():
            self._last[number] = token
        ids = torch.tensor([*self._last, *[self._last[0]] * self._filler])[:, None]
        logits = self._forward(ids, self._length, self._cache, self._steered)
        self._length += 1
        self.logits = logits[: len(self._rows)]

    def _forward(self, ids: torch.Tensor, start: int, cache: Any, steered: SteeredRows) -> torch.Tensor:
        ids = ids.to(self._model.device)
        starts = torch.full((len(ids),), start, device=ids.device)
        prompt_lengths = torch.full_like(starts, self._prompt.shape[1])
        return self._model.logits(ids, cache=cache, hooks=steered.hooks(ids, starts, prompt_lengths))


def _texts(model: LanguageModel, prompt: list[int], rows: Sequence[Steering]) -> _SharedTexts | _LoneTexts:
    ones = torch.ones(len(rows), dtype=torch.long, device=model.device)
    steered = SteeredRows(rows, torch.empty(0, dtype=model.dtype, device=model.device))
    hooks = steered.hooks(ones[:, None], ones, ones)
    kind = _SharedTexts if shares_rows(model, hooks) else _LoneTexts
    return kind(model, prompt, rows)


def _merged(caches: Sequence[Any], filler: int) -> Any:
    """One cache of all rows out of one a row; `filler` copies of the first fill the group up."""
    merged = caches[0]
    for number, layer in enumerate(merged.layers):
        layers = [cache.layers[number] for cache in (*caches, *[merged] * filler)]
        if layer.keys is None:
            raise Unusable("This model keeps a state that is no attention cache; generation is not possible with it.")
        layer.keys, layer.values = torch.cat([one.keys for one in layers]), torch.cat([one.values for one in layers])
    return merged
