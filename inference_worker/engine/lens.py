"""The logit lens: each layer's residual stream through the final norm and the unembedding.

nostalgebraist 2020, *interpreting GPT: the logit lens*. After the last layer this is what the model says; a model
for which it is not, because its head does more than that, is refused.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import torch

from inference_worker.engine.errors import Unusable
from inference_worker.engine.model import LanguageModel

_AGREEMENT = 1e-2


class LogitLens:
    """The lens of one model.

    Raises:
        Unusable: what it reads after the last layer is not what the model says.
    """

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        mapping = model.bridge.adapter.component_mapping
        self._norm: Any = model.plain.get_submodule(mapping["ln_final"].name)
        self._head: Any = model.plain.get_output_embeddings()
        config = model.plain.config.get_text_config()
        self._cap: float | None = getattr(config, "final_logit_softcapping", None)
        self._factor = float(getattr(config, "logit_scale", None) or 1) / float(
            getattr(config, "logits_scaling", None) or 1
        )
        self._check()

    @torch.inference_mode()
    def logits(self, residual: torch.Tensor) -> torch.Tensor:
        """What is said at each residual: `[..., d_model]` to `[..., d_vocab]`, float32."""
        found: torch.Tensor = self._head(self._norm(residual.to(self._model.dtype))).float() * self._factor
        return found if self._cap is None else torch.tanh(found / self._cap) * self._cap

    @torch.inference_mode()
    def read(self, residual: torch.Tensor, n: int, *, only_words: bool) -> tuple[list[list[int]], list[list[float]]]:
        """The `n` likeliest tokens at each of several layers, the last one being the model's own.

        Args:
            residual: `[layer, d_model]` at one position.
            only_words: leave out tokens without a letter or digit, but never the model's own first choice.

        Returns:
            ids and probabilities (of all tokens together, whatever is left out), both `[layer][n]`.
        """
        logits = self.logits(residual)
        probabilities = torch.softmax(logits, dim=-1)
        ranked = logits
        if only_words:
            shown = self._words.to(logits.device).expand_as(logits).clone()
            shown[-1, logits[-1].argmax()] = True
            ranked = torch.where(shown, logits, -torch.inf)
        top = ranked.topk(min(n, ranked.shape[-1]), dim=-1).indices
        return top.tolist(), probabilities.gather(-1, top).tolist()

    @cached_property
    def _words(self) -> torch.Tensor:
        """Which tokens have a letter or digit, `[d_vocab]`."""
        label = self._model.tokenizer.label
        known = len(self._model.tokenizer.hf)
        return torch.tensor(
            [i < known and any(sign.isalnum() for sign in label(i)) for i in range(self._model.n_vocab)]
        )

    def _check(self) -> None:
        model = self._model
        probe = torch.arange(3)[None] + min(20, model.n_vocab - 3)
        name = f"blocks.{model.n_layers - 1}.hook_resid_post"
        said = model.logits(probe)[0]
        read = self.logits(model.capture(probe, [name])[name][0, -1])
        if not torch.allclose(read, said, rtol=_AGREEMENT, atol=_AGREEMENT * float(said.abs().max())):
            raise Unusable(
                f"What {model.name} says is more than its final norm and unembedding; the lens would not show it.",
                field="type",
            )


@lru_cache(maxsize=4)
def logit_lens(model: LanguageModel) -> LogitLens:
    """The lens of a model, made once."""
    return LogitLens(model)
