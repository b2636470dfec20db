"""Text generation with steering: several rows at once over one prompt, a token a step.

Each row has its own steering and its own random numbers, so that its text is the same whichever rows
run beside it. On a packed CPU model this holds bit for bit: every prompt is read alone and every step
runs a full group of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from inference_worker.engine.errors import BadInput, Diverged, Unusable
from inference_worker.engine.linear import ROWS
from inference_worker.engine.model import Hook, LanguageModel, token_rows
from inference_worker.engine.steer import Steering, stacked, steer, steered_positions
from inference_worker.engine.tokens import Detokenizer

PREFILL = 128
"""Tokens of a prompt that are read in one step; other work gets its turn between steps."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. Temperature 0 takes the likeliest token."""

    max_tokens: int
    temperature: float = 0.0
    freq_penalty: float = 0.0
    """Subtracted from a token's logit once for every time it was generated in this row (OpenAI's definition)."""
    seed: int = 0
    n_logprobs: int = 0


@dataclass(frozen=True, slots=True)
class Logprob:
    """A chosen token with its log probability and the likeliest tokens, before temperature and penalty."""

    token: str
    logprob: float
    top: list[tuple[str, float]]


@dataclass(slots=True)
class Output:
    """What one row has generated so far; grows in place."""

    ids: list[int] = field(default_factory=list)
    text: str = ""
    finish_reason: Literal["length", "stop"] | None = None
    logprobs: list[Logprob] = field(default_factory=list)


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
    writers = [_Writer(model, sampling, min(sampling.max_tokens, room)) for _ in rows]
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
        self._steering: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}

    def read_prompt(self) -> Iterator[None]:
        """Fill the cache; yields between the parts."""
        caches: list[Any] = []
        last: list[torch.Tensor] = []
        for row in self._rows:
            cache = self._model.new_cache()
            for start in range(0, self._prompt.shape[1], PREFILL):
                if caches or start:
                    yield
                logits = self._forward(self._prompt[:, start : start + PREFILL], start, cache, self._stacked([row]))
            caches.append(cache)
            last.append(logits)
        self._cache = _merged(caches, self._filler)
        self._steering = self._stacked([*self._rows, *[Steering()] * self._filler])
        self._length = self._prompt.shape[1]
        self.logits = torch.cat(last)

    def step(self, chosen: Sequence[int]) -> None:
        """Append a token to every row."""
        ids = torch.tensor([*chosen, *[chosen[0]] * self._filler])[:, None]
        logits = self._forward(ids, self._length, self._cache, self._steering)
        self._length += 1
        self.logits = logits[: len(self._rows)]

    def _forward(
        self, ids: torch.Tensor, start: int, cache: Any, steering: dict[str, tuple[torch.Tensor, torch.Tensor]]
    ) -> torch.Tensor:
        ids = ids.to(self._model.device)
        positions = steered_positions(ids, self._model.special_ids, start)

        def adding(delta: torch.Tensor, has: torch.Tensor) -> Hook:
            return lambda residual: steer(residual, delta, positions & has)

        hooks = {name: adding(delta, has) for name, (delta, has) in steering.items()}
        return self._model.logits(ids, cache=cache, hooks=hooks)

    def _stacked(self, rows: Sequence[Steering]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        return stacked(rows, torch.empty(0, dtype=self._model.dtype, device=self._model.device))


class _Writer:
    """Chooses the tokens of one row and writes its output."""

    def __init__(self, model: LanguageModel, sampling: Sampling, room: int) -> None:
        self._model, self._sampling, self._room = model, sampling, room
        self._random = torch.Generator().manual_seed(sampling.seed)
        self._text = Detokenizer(model.tokenizer)
        self._counts: Counter[int] = Counter()
        self.output = Output()

    def write(self, logits: torch.Tensor) -> int:
        """Take the next token from logits `[d_vocab]`; a finished row only keeps its place in the batch."""
        if self.output.finish_reason:
            return self.output.ids[-1] if self.output.ids else 0
        if torch.isnan(logits).any() or not torch.isfinite(logits.max()):
            raise Diverged("The model's output is no longer numbers: the steering is too strong.", field="features")
        index = self._choose(logits)
        if index in self._model.eos_ids:
            self._finish("stop")
            return index
        self._append(index, logits)
        if len(self.output.ids) == self._room:
            self._finish("length")
        return index

    def _choose(self, logits: torch.Tensor) -> int:
        adjusted = logits.clone()
        for index, count in self._counts.items():
            adjusted[index] -= count * self._sampling.freq_penalty
        if self._sampling.temperature == 0:
            return int(adjusted.argmax())
        weights = torch.softmax((adjusted - adjusted.max()) / self._sampling.temperature, dim=-1)
        return int(torch.multinomial(weights, 1, generator=self._random))

    def _append(self, index: int, logits: torch.Tensor) -> None:
        self._counts[index] += 1
        self.output.ids.append(index)
        self.output.text += self._text.push(index)
        if self._sampling.n_logprobs:
            self.output.logprobs.append(self._logprob(index, logits))

    def _logprob(self, index: int, logits: torch.Tensor) -> Logprob:
        logprobs = torch.log_softmax(logits, dim=-1)
        values, indices = logprobs.topk(self._sampling.n_logprobs)
        label = self._model.tokenizer.label
        top = [(label(i), value) for i, value in zip(indices.tolist(), values.tolist(), strict=True)]
        return Logprob(label(index), float(logprobs[index]), top)

    def _finish(self, reason: Literal["length", "stop"]) -> None:
        self.output.text += self._text.finish()
        self.output.finish_reason = reason


def _merged(caches: Sequence[Any], filler: int) -> Any:
    """One cache of all rows out of one a row; `filler` copies of the first fill the group up."""
    merged = caches[0]
    for number, layer in enumerate(merged.layers):
        layers = [cache.layers[number] for cache in (*caches, *[merged] * filler)]
        if layer.keys is None:
            raise Unusable("This model keeps a state that is no attention cache; generation is not possible with it.")
        layer.keys, layer.values = torch.cat([one.keys for one in layers]), torch.cat([one.values for one in layers])
    return merged
