"""Texts of a request: tokenised within the limits, and read by the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from inference_worker.engine import reading
from inference_worker.engine.encode import counted, is_special
from inference_worker.engine.errors import BadInput
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.search import Text
from inference_worker.engine.together import Shared
from inference_worker.engine.tokens import Tokens
from inference_worker.requests.engine import Engine, within_limit


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text that the model has read."""

    tokens: Tokens
    ids: torch.Tensor
    """`[pos]`."""
    captured: dict[str, torch.Tensor]
    """Hook name to what is there: `[pos, ...]`, or `[heads, pos, pos]` for attention patterns."""
    special_ids: frozenset[int]

    def at(self, hook_name: str) -> Text:
        """The text at one hook point."""
        return Text(self.captured[hook_name], self.ids, self.special_ids)

    def counts(self, loaded: LoadedSae) -> torch.Tensor:
        """Which positions count for an SAE, `[pos]` bool."""
        return counted(self.captured[loaded.hook_name], self.ids, loaded, self.special_ids)

    @property
    def ordinary(self) -> torch.Tensor:
        """Which tokens are not special, `[pos]` bool."""
        return ~is_special(self.ids, self.special_ids)


def tokens_of(engine: Engine, text: str, prepend_bos: bool | None, field: str = "prompt") -> Tokens:
    """A text's tokens. Raises `BadInput` where it is empty or too long."""
    if not text:
        raise BadInput("The text is empty.", field=field)
    tokens = within_limit(engine, engine.model.tokenizer.tokenize(text, prepend_bos), field)
    if not tokens.ids:
        raise BadInput("The model reads nothing of this text.", field=field)
    return tokens


def tokens_of_each(engine: Engine, texts: Sequence[str], prepend_bos: bool | None) -> list[Tokens]:
    """As `tokens_of`; what is wrong is named as `prompts.2`."""
    return [tokens_of(engine, text, prepend_bos, f"prompts.{number}") for number, text in enumerate(texts)]


def read(engine: Engine, each: Sequence[Tokens], hook_names: Iterable[str]) -> Shared[list[ReadText]]:
    """Read texts up to the last of the hook points."""
    model = engine.model
    found = yield from reading.read(model, [tokens.ids for tokens in each], hook_names)
    return [
        ReadText(tokens, torch.tensor(tokens.ids), held, model.special_ids)
        for tokens, held in zip(each, found, strict=True)
    ]
