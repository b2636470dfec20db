"""The language model: loaded once, hooked at TransformerLens's hook points, run with or without a KV cache.

The same weights are held twice as modules: under TransformerLens's bridge, which knows every hook point,
and as the plain Hugging Face module, which is faster and serves the residual stream's hook points.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any, Literal

import torch
from torch import nn

from inference_worker.engine.cache import ONE_PASS, RowCache, Rows, attention_by_row
from inference_worker.engine.errors import BadInput, Unusable
from inference_worker.engine.hooking import Enough, Hook, bridge_hook, register, twin_of
from inference_worker.engine.linear import can_pack, pack
from inference_worker.engine.memory import rest
from inference_worker.engine.tokens import Tokenizer

_RESIDUAL = re.compile(r"blocks\.(\d+)\.hook_(resid_pre|in|resid_post|out)")
_AGREEMENT = 1e-3


class LanguageModel:
    """A causal language model with its tokenizer.

    Args:
        model: a Hugging Face causal language model in evaluation mode, on its device.
        tokenizer: its Hugging Face tokenizer.
        name: how requests call the model, where `names` says nothing else.
        names: how requests may call it, the first is its own.
        packed: pack the weights for generation on a CPU, see `linear.py`.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, name: str, names: Sequence[str] = (), packed: bool = True
    ) -> None:
        from transformer_lens.model_bridge import TransformerBridge

        has_bos = tokenizer.bos_token_id is not None
        self.names = tuple(names) or (name,)
        self.name = self.names[0]
        self.device = next(model.parameters()).device
        self.dtype: torch.dtype = next(model.parameters()).dtype
        twin = twin_of(model)
        twin.set_attn_implementation("eager")
        self.bridge: Any = TransformerBridge.boot_transformers(
            name, hf_model=twin, tokenizer=copy.deepcopy(tokenizer), device=self.device, dtype=self.dtype
        )
        self.tokenizer = Tokenizer(tokenizer, prepends_bos=has_bos and bool(self.bridge.cfg.default_prepend_bos))
        self.n_layers: int = self.bridge.cfg.n_layers
        self.d_model: int = self.bridge.cfg.d_model
        self.n_vocab: int = self.bridge.cfg.d_vocab
        self.context_length: int = self.bridge.cfg.n_ctx
        self.plain: Any = model
        self.is_packed = packed and can_pack(self.device, self.dtype)
        if self.is_packed:
            pack(model)
        self._plain_agrees = self._check_twins()
        if self.is_packed and self._plain_agrees:
            rest()

    @property
    def special_ids(self) -> frozenset[int]:
        """Ids of the tokenizer's special tokens."""
        return self.tokenizer.special_ids

    @property
    def bos_id(self) -> int | None:
        """Id of the BOS token, which may be 0, or None where the tokenizer has none."""
        return self.tokenizer.bos_id

    @cached_property
    def eos_ids(self) -> frozenset[int]:
        """Tokens that end a generation: the tokenizer's and all of the model's generation settings."""
        named = self.plain.generation_config.eos_token_id
        ids = named if isinstance(named, list) else [named]
        return frozenset(index for index in [*ids, self.tokenizer.hf.eos_token_id] if index is not None)

    @torch.inference_mode()
    def capture(self, token_ids: torch.Tensor, hook_names: Sequence[str]) -> dict[str, torch.Tensor]:
        """Activations at hook points; the forward pass stops as soon as the last of them is there.

        Args:
            token_ids: `[batch, pos]`; shorter rows are padded on the right, and what pads them means nothing.
            hook_names: TransformerLens names, for example `blocks.15.hook_resid_post`.

        Returns:
            name to `[batch, pos, ...]` in the model's dtype.

        Raises:
            Unusable: a hook point that this model does not have.
        """
        return self.seen(hook_names, lambda module: module(input_ids=token_ids.to(self.device), use_cache=False))

    @torch.inference_mode()
    def seen(self, hook_names: Sequence[str], run: Callable[[Any], object]) -> dict[str, torch.Tensor]:
        """Activations at hook points while `run` runs the module it is given; it is stopped at the last of them.

        Raises:
            Unusable: a hook point that is not passed.
        """
        seen: dict[str, torch.Tensor] = {}

        def keep(name: str) -> Hook:
            def hook(activation: torch.Tensor) -> None:
                seen[name] = activation
                if len(seen) == len(set(hook_names)):
                    raise Enough

            return hook

        with self.hooked({name: keep(name) for name in hook_names}) as module:
            try:
                run(module)
            except Enough:
                return seen
        raise Unusable(f"Hook points never reached: {sorted(set(hook_names) - seen.keys())}")

    @torch.inference_mode()
    def logits(
        self, token_ids: torch.Tensor, *, cache: Any = None, hooks: Mapping[str, Hook] | None = None
    ) -> torch.Tensor:
        """Logits after the last position, `[batch, d_vocab]` in float32; a cache grows by the tokens given."""
        with self.hooked(hooks or {}) as module:
            output = module(
                input_ids=token_ids.to(self.device),
                past_key_values=cache,
                use_cache=cache is not None,
                **self._last_only,
            )
        logits: torch.Tensor = output.logits[:, -1].float()
        return logits

    def runs_plain(self, hook_names: Iterable[str]) -> bool:
        """Whether a pass with these hooks runs the plain module: residual hook points only."""
        return self._plain_agrees and all(self._residual_site(name) is not None for name in hook_names)

    def agrees(self, found: torch.Tensor, expected: torch.Tensor) -> bool:
        """Whether two ways to the same activations or logits differ by no more than rounding."""
        tolerance = _AGREEMENT if self.dtype == torch.float32 else 0.1
        return bool((found - expected).norm() <= tolerance * expected.norm())

    @torch.inference_mode()
    def logits_of_rows(
        self,
        token_ids: torch.Tensor,
        starts: torch.Tensor,
        caches: Sequence[RowCache],
        *,
        hooks: Mapping[str, Hook] | None = None,
    ) -> torch.Tensor:
        """Logits after the last position of rows at positions of their own, `[batch, d_vocab]` in float32.

        Args:
            token_ids: `[batch, pos]`, what every row is given next.
            starts: `[batch]`, how much each row's cache holds already.
            caches: of the first rows; the rest only fill the batch up. They grow by the tokens given.
        """
        positions = starts[:, None] + torch.arange(token_ids.shape[1], device=token_ids.device)
        for cache in caches:
            cache.reserve(token_ids.shape[1])
        with self.hooked(hooks or {}) as module, attention_by_row(module):
            output = module(
                input_ids=token_ids,
                position_ids=positions,
                past_key_values=Rows(caches),
                use_cache=True,
                **self._last_only,
            )
        for cache in caches:
            cache.length += token_ids.shape[1]
        logits: torch.Tensor = output.logits[: len(caches), -1].float()
        return logits

    def new_cache(self) -> Any:
        """An empty KV cache of the kind this model uses."""
        from transformers import DynamicCache

        return DynamicCache(config=self.plain.config)

    @contextmanager
    def hooked(self, hooks: Mapping[str, Hook]) -> Iterator[Any]:
        """The module to run, with the hooks on it while the context is open; other threads wait meanwhile."""
        sites = {name: self._residual_site(name) for name in hooks}
        with ONE_PASS, ExitStack() as stack:
            if self.runs_plain(hooks):
                for name, site in sites.items():
                    if site is not None:
                        stack.callback(register(*site, hooks[name]).remove)
                yield self.plain
            else:
                self._require_hook_points(hooks)
                stack.enter_context(self.bridge.hooks(fwd_hooks=[(n, bridge_hook(h)) for n, h in hooks.items()]))
                yield self.bridge.original_model

    def has_hook_point(self, name: str) -> bool:
        """Whether the model has a hook point of this name."""
        return name in self.bridge.hook_dict

    @cached_property
    def _last_only(self) -> dict[str, int]:
        return {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(self.plain.forward).parameters else {}

    def _residual_site(self, name: str) -> tuple[nn.Module, Literal["in", "out"]] | None:
        found = _RESIDUAL.fullmatch(name)
        if not found or int(found[1]) >= self.n_layers:
            return None
        blocks = self.bridge.adapter.component_mapping["blocks"].name
        block = self.plain.get_submodule(f"{blocks}.{found[1]}")
        return block, "in" if found[2] in ("resid_pre", "in") else "out"

    def _require_hook_points(self, names: Mapping[str, Hook]) -> None:
        missing = [name for name in names if not self.has_hook_point(name)]
        if missing:
            raise Unusable(f"{self.name} has no hook point {missing[0]}.")

    def _check_twins(self) -> bool:
        """Whether the plain module equals the bridge, which some architectures' adapters could prevent."""
        probe = torch.arange(3, device=self.device)[None] + min(20, self.n_vocab - 3)
        name = f"blocks.{self.n_layers - 1}.hook_resid_post"
        seen = {}
        for agrees in (True, False):
            self._plain_agrees = agrees
            seen[agrees] = self.capture(probe, [name])[name].float()
        return self.agrees(seen[True], seen[False])


def token_rows(rows: Sequence[Sequence[int]], n_vocab: int) -> torch.Tensor:
    """Token ids as one tensor `[batch, pos]`, padded on the right with 0.

    Raises:
        BadInput: an id that the model does not have, or a row without tokens.
    """
    if not all(rows):
        raise BadInput("The text is empty.", field="prompt")
    if any(not 0 <= index < n_vocab for row in rows for index in row):
        raise BadInput(f"Token ids go from 0 to {n_vocab - 1}.", field="tokens")
    padded = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    for line, row in zip(padded, rows, strict=True):
        line[: len(row)] = torch.tensor(row)
    return padded
