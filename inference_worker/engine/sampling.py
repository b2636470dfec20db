"""How one row's tokens are chosen from logits, and the text that they become."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import torch

from inference_worker.engine.errors import Diverged
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.stopping import DecidedText
from inference_worker.engine.tokens import Detokenizer

_COLDEST = 1e-30
"""Below it a temperature would become 0 in float32; it already means the likeliest token."""
_NUCLEUS = 64
"""Candidates that are looked at first for `top_p`; eight times as many where they are not enough."""

FinishReason = Literal["length", "stop"]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. Temperature 0 takes the likeliest token."""

    max_tokens: int
    temperature: float = 0.0
    freq_penalty: float = 0.0
    """Subtracted from a token's logit once for every time it was generated in this row (OpenAI's definition)."""
    seed: int = 0
    n_logprobs: int = 0
    top_p: float = 1.0
    """Only the likeliest tokens that together reach this probability (nucleus sampling: Holtzman et al. 2020,
    arXiv:1904.09751), after temperature and penalty; 0 is the likeliest alone."""
    stop: tuple[str, ...] = ()
    """Strings that end the text before them."""


@dataclass(frozen=True, slots=True)
class Logprob:
    """A chosen token with its log probability and the likeliest tokens, before temperature and penalty."""

    token: str
    logprob: float
    top: list[tuple[str, float]]


@dataclass(slots=True)
class Output:
    """What one row has generated so far; grows in place. What may be the begin of a stop string is not in it yet."""

    ids: list[int] = field(default_factory=list)
    text: str = ""
    finish_reason: FinishReason | None = None
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
        self._chooser = _Chooser(sampling)
        self._pieces = Detokenizer(model.tokenizer)
        self._decided = DecidedText[tuple[int, Logprob | None]](sampling.stop)
        self._written = 0
        self.output = Output()

    def write(self, logits: torch.Tensor) -> int:
        """Take the next token from logits `[d_vocab]`; a finished row only keeps its place in the batch.

        Raises:
            Diverged: the logits are no numbers.
        """
        if self.output.finish_reason:
            return self.output.ids[-1] if self.output.ids else 0
        logits = logits.cpu()
        index = self._chooser.choose(logits)
        if index in self._model.eos_ids:
            self._finish("stop")
        else:
            self._append(index, logits)
        return index

    def _append(self, index: int, logits: torch.Tensor) -> None:
        self._written += 1
        logprob = self._logprob(index, logits) if self._sampling.n_logprobs else None
        self._decided.push(self._pieces.push(index), (index, logprob))
        if self._decided.stopped or self._written == self._room:
            self._finish("stop" if self._decided.stopped else "length")
        else:
            self._show()

    def _finish(self, reason: FinishReason) -> None:
        self._decided.finish(self._pieces.finish())
        self._show()
        self.output.finish_reason = "stop" if self._decided.stopped else reason

    def _show(self) -> None:
        text, tokens = self._decided.take()
        self.output.text += text
        for index, logprob in tokens:
            self.output.ids.append(index)
            if logprob is not None:
                self.output.logprobs.append(logprob)

    def _logprob(self, index: int, logits: torch.Tensor) -> Logprob:
        logprobs = torch.log_softmax(logits, dim=-1)
        values, indices = logprobs.topk(min(self._sampling.n_logprobs, len(logits)))
        label = self._model.tokenizer.label
        top = [(label(i), value) for i, value in zip(indices.tolist(), values.tolist(), strict=True)]
        return Logprob(label(index), float(logprobs[index]), top)


class _Chooser:
    """The next token of one row, by its own random numbers."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._random = torch.Generator().manual_seed(sampling.seed)
        self._counts: dict[int, int] = {}

    @torch.inference_mode()
    def choose(self, logits: torch.Tensor) -> int:
        """A token; raises `Diverged` where the logits are no numbers."""
        with self._penalised(logits):
            best = int(logits.argmax())  # which is where the first NaN is, if there is one
            if not math.isfinite(float(logits[best])):
                raise Diverged(
                    "The model's output is no longer numbers: the steering is too strong.", field="features"
                )
            greedy = self._sampling.temperature == 0 or self._sampling.top_p == 0
            index = best if greedy else self._drawn(logits, logits[best])
        if self._sampling.freq_penalty:
            self._counts[index] = self._counts.get(index, 0) + 1
        return index

    @contextmanager
    def _penalised(self, logits: torch.Tensor) -> Iterator[None]:
        """The logits with the penalty on them, in place: a copy of the vocabulary would cost more than the choice."""
        if not self._counts:
            yield
            return
        where = torch.tensor([*self._counts])
        counts = torch.tensor([*self._counts.values()], dtype=logits.dtype)
        free = logits[where]
        logits[where] = free - self._sampling.freq_penalty * counts
        try:
            yield
        finally:
            logits[where] = free

    def _drawn(self, logits: torch.Tensor, best: torch.Tensor) -> int:
        temperature = max(self._sampling.temperature, _COLDEST)
        weights = (logits - best).div_(temperature).exp_()
        if self._sampling.top_p == 1:
            return self._one_of(weights)
        indices = _nucleus(weights, self._sampling.top_p)
        return int(indices[self._one_of(weights[indices])])

    def _one_of(self, weights: torch.Tensor) -> int:
        """An index with a probability proportional to its weight: one draw, looked up in the running sum."""
        sums = weights.cumsum(0, dtype=torch.float64)
        draw = torch.rand((), generator=self._random, dtype=torch.float64)
        return min(int(torch.searchsorted(sums, draw * sums[-1], right=True)), len(weights) - 1)


def _nucleus(weights: torch.Tensor, top_p: float) -> torch.Tensor:
    """The likeliest tokens that together just reach `top_p`, the likeliest first; without sorting the vocabulary."""
    least = top_p * float(weights.sum(dtype=torch.float64))
    size = min(_NUCLEUS, len(weights))
    while True:
        values, indices = weights.topk(size)
        before = values.cumsum(0, dtype=torch.float64) - values
        inside = int((before < least).sum())
        if inside < size or size == len(weights):
            return indices[: max(inside, 1)]
        size = min(8 * size, len(weights))
