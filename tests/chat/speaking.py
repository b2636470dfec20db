"""The demo model answering conversations: its chat template, log-probabilities, and what prompts share kept."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from inference_worker.wire.packaged import PACKAGED_MODEL_ID
from tests import packaged

MODEL = PACKAGED_MODEL_ID
KEPT_PROMPTS = 4


@dataclass(frozen=True)
class Said:
    """An answer with its counts; `logprobs` in the API's shape."""

    text: str
    tokens_in: int
    tokens_out: int
    reason: str
    logprobs: list[dict[str, Any]] | None


class Speaker:
    """The model; one answer at a time."""

    def load(self) -> None:
        torch.set_num_threads(1)
        folder = packaged.model()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.ends = {self.tokenizer.eos_token_id, self.tokenizer.convert_tokens_to_ids("<|im_end|>")}
        self._kept: list[tuple[list[int], DynamicCache]] = []

    @torch.inference_mode()
    def speak(
        self, messages: list[dict[str, str]], *, limit: int, temperature: float, seed: int | None, top: int | None
    ) -> Said:
        """Answer a conversation; `top`: of how many likeliest tokens log-probabilities are told, None: of none."""
        ids: list[int] = self.tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        chance = torch.Generator().manual_seed(seed) if seed is not None else None
        cache, known = self._begin(ids)
        logits = self.model(input_ids=torch.tensor([ids[known:]]), past_key_values=cache).logits[0, -1]
        self._keep(ids, cache)
        said: list[int] = []
        told: list[dict[str, Any]] = []
        while len(said) < limit:
            token = _choose(logits, temperature, chance)
            if token in self.ends:
                break
            said.append(token)
            if top is not None:
                told.append(self._told(torch.log_softmax(logits, -1), token, top))
            logits = self.model(input_ids=torch.tensor([[token]]), past_key_values=cache).logits[0, -1]
        reason = "length" if len(said) == limit else "stop"
        text = self.tokenizer.decode(said)
        return Said(text, len(ids), len(said), reason, told if top is not None else None)

    def _begin(self, ids: Sequence[int]) -> tuple[DynamicCache, int]:
        """A cache with the longest beginning that an earlier prompt shares, always without the last token."""
        shared = [(_common(ids[:-1], earlier), place) for place, (earlier, _) in enumerate(self._kept)]
        length, place = max(shared, default=(0, -1))
        if length < 16:
            return DynamicCache(config=self.model.config), 0
        cache = copy.deepcopy(self._kept[place][1])
        cache.crop(length - cache.get_seq_length())
        return cache, length

    def _keep(self, ids: list[int], cache: DynamicCache) -> None:
        self._kept = [(ids, copy.deepcopy(cache)), *self._kept][:KEPT_PROMPTS]

    def _told(self, logprobs: torch.Tensor, token: int, top: int) -> dict[str, Any]:
        values, places = logprobs.topk(top) if top else (torch.empty(0), torch.empty(0, dtype=torch.long))
        best = zip(places.tolist(), values.tolist(), strict=True)
        return {
            **self._one(token, float(logprobs[token])),
            "top_logprobs": [self._one(place, value) for place, value in best],
        }

    def _one(self, token: int, value: float) -> dict[str, Any]:
        text = self.tokenizer.decode([token])
        return {"token": text, "logprob": value, "bytes": list(text.encode())}


def _choose(logits: torch.Tensor, temperature: float, chance: torch.Generator | None) -> int:
    if temperature <= 0:
        return int(logits.argmax())
    return int(torch.multinomial(torch.softmax(logits / temperature, -1), 1, generator=chance))


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
