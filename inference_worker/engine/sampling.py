"""How one row's tokens are chosen from logits, and the text that they become."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

import torch

from inference_worker.engine.errors import Diverged
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.tokens import Detokenizer


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


class RowWriter:
    """Chooses the tokens of one row and writes its output.

    Args:
        model: whose tokens they are.
        sampling: how they are chosen.
        room: how many fit into what was asked for and into the model's context.
    """

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
