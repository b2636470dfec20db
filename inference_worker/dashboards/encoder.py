"""The model and the SAE of a run, over the engine: what `collect` and `logits` need and nothing more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from inference_worker.dashboards.logits import norm_gain, unembedding
from inference_worker.engine.attention import attribution, head_hooks
from inference_worker.engine.encode import counted, encode
from inference_worker.engine.errors import Unusable
from inference_worker.engine.loading import load_model
from inference_worker.engine.model import LanguageModel
from inference_worker.engine.saes import LoadedSae, load_sae

Wanted = tuple[torch.Tensor, torch.Tensor]
"""Features and their target positions."""


class Encoder:
    """A model and an SAE, each loaded when first used.

    Args:
        model: packaged id, folder, or TransformerLens name.
        models_dir: where the packaged model is converted to.
        sae: folder in SAELens format.
        dtype: of the model, for example `float32`; the SAE computes in float32.
    """

    def __init__(
        self, model: str, models_dir: Path, sae: Path, source_id: str, *, device: str = "cpu", dtype: str = "float32"
    ) -> None:
        self._model, self._models_dir, self._sae, self._source_id = model, models_dir, sae, source_id
        self._device, self._dtype = device, getattr(torch, dtype)

    @cached_property
    def model(self) -> LanguageModel:
        """The language model."""
        return load_model(self._model, models_dir=self._models_dir, device=self._device, dtype=self._dtype)

    @cached_property
    def loaded(self) -> LoadedSae:
        """The SAE."""
        return load_sae(self._sae, self._source_id, device=self._device)

    @property
    def n_features(self) -> int:
        """Features of the SAE."""
        return self.loaded.d_sae

    def check(self) -> None:
        """Raises `Unusable` where the model lacks what the SAE reads or writes, or is of another width there."""
        tokens = torch.tensor([[0, 1]])
        self.loaded.flat(self.residuals(tokens))
        out = self.loaded.steer_hook_name
        if self.loaded.is_transcoder:
            found = self.model.capture(tokens, [out])[out][0, 0].numel()
            if found != self.decoder.shape[1]:
                raise Unusable(
                    f"The SAE {self._source_id} writes {self.decoder.shape[1]} dimensions, but the model has {found} "
                    f"at {out}: it was trained on another model."
                )

    def residuals(self, tokens: torch.Tensor) -> torch.Tensor:
        """What the SAE reads, `[batch, position, d_in]`; the forward pass ends there."""
        hook = self.loaded.hook_name
        return self.model.capture(tokens, [hook])[hook]

    def encode(self, residuals: torch.Tensor, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Masked activations `[batch, position, feature]` and which positions count `[batch, position]`."""
        special = self.model.special_ids
        return (
            encode(residuals, tokens, self.loaded, special),
            counted(residuals, tokens, self.loaded, special),
        )

    @property
    def attributes(self) -> bool:
        """Whether it reads attention heads' outputs, so that tokens can be told apart by what they gave."""
        return head_hooks(self.loaded) is not None

    @torch.inference_mode()
    def attributions(self, tokens: torch.Tensor, wanted: Sequence[Wanted]) -> list[torch.Tensor]:
        """What each token gave to features at target positions.

        Args:
            tokens: `[batch, position]`.
            wanted: for each row its features and their target positions, `[n]` each.

        Returns:
            `[n, position]` for each row.
        """
        hooks = head_hooks(self.loaded)
        assert hooks is not None
        seen = self.model.capture(tokens, [hooks.values, hooks.pattern])
        rows = zip(seen[hooks.values], seen[hooks.pattern], wanted, strict=True)
        return [
            attribution(values, pattern, self.loaded, features, targets).cpu()
            for values, pattern, (features, targets) in rows
        ]

    @property
    def vectors(self) -> torch.Tensor | None:
        """The vectors themselves, `[n, d]`, where the source is a set of them."""
        return self.decoder if self.loaded.is_vectors else None

    @property
    def labels(self) -> list[str]:
        """What the features are called by whoever brought them; none for an SAE."""
        return self.loaded.sae.labels if self.loaded.is_vectors else []

    @cached_property
    def decoder(self) -> torch.Tensor:
        """Decoder directions `[n_features, d_out]`, float32 on the CPU."""
        weights: torch.Tensor = self.loaded.sae.W_dec.detach().float().cpu()
        return weights

    @cached_property
    def written(self) -> torch.Tensor | None:
        """What each feature adds to the residual stream, `[n_features, d_model]`; None where that is not linear."""
        hook = str(self.loaded.sae.cfg.metadata.get("hook_name_out") or self.loaded.hook_name)
        return residual_directions(self.decoder, hook, self.model.bridge)

    @cached_property
    def unembed(self) -> torch.Tensor:
        """The unembedding with the final norm folded in, `[d_model, vocab]`."""
        return unembedding(self.model.bridge.W_U.detach().cpu(), norm_gain(self._final_norm(), self.model.d_model))

    def _final_norm(self) -> Any:
        mapping = self.model.bridge.adapter.component_mapping
        return self.model.plain.get_submodule(mapping["ln_final"].name)


def residual_directions(decoder: torch.Tensor, hook_name: str, bridge: Any) -> torch.Tensor | None:
    """Decoder directions at a hook point carried to the residual stream.

    Attention heads' outputs (`hook_z`) go through the layer's output matrix, neurons (`mlp.hook_post`) through the
    MLP's; the residual stream and what is added to it stay as they are.

    Args:
        decoder: `[n_features, d_out]`.
    """
    layer = re.match(r"blocks\.(\d+)\.", hook_name)
    onwards: torch.Tensor | None = None
    if layer and hook_name.endswith("hook_z"):
        onwards = bridge.W_O[int(layer[1])].flatten(0, 1)  # [heads * d_head, d_model]
    elif layer and hook_name.endswith(("mlp.hook_post", "mlp.hook_pre")):
        onwards = bridge.W_out[int(layer[1])]  # [d_mlp, d_model]
    if onwards is not None:
        return decoder @ onwards.detach().float().cpu()
    return decoder if decoder.shape[1] == bridge.cfg.d_model else None
