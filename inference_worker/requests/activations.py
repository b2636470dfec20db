"""Activations of one feature, or of a direction of the caller's, on texts."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from inference_worker.engine.attention import HeadHooks, attribution, head_hooks
from inference_worker.engine.encode import encode
from inference_worker.engine.errors import BadInput, Unknown
from inference_worker.engine.model import token_rows
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.together import Shared
from inference_worker.engine.tokens import Tokens
from inference_worker.requests.engine import Engine, dtype_name, require_model, within_limit
from inference_worker.requests.texts import ReadText, read, tokens_of, tokens_of_each
from inference_worker.wire.activations import (
    Activation,
    ActivationSingleBatchRequest,
    ActivationSingleBatchResponse,
    ActivationSingleRequest,
    ActivationSingleResponse,
    ActivationTarget,
)

_READABLE = re.compile(
    r"blocks\.\d+\.(hook_(resid_pre|resid_mid|resid_post|in|out|attn_out|mlp_out)"
    r"|attn\.hook_[qkvz]|mlp\.hook_(pre|post)|ln[12]\.hook_normalized)"
)
"""Hook points with one vector a position."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of an SAE."""

    loaded: LoadedSae
    index: int

    @property
    def hook_name(self) -> str:
        """Where it reads."""
        return self.loaded.hook_name

    @property
    def heads(self) -> HeadHooks | None:
        """Where to read which tokens its activation came from, if it reads heads' outputs."""
        return head_hooks(self.loaded)

    def values(self, text: ReadText) -> tuple[torch.Tensor, torch.Tensor]:
        """One value a position, and which positions count; both `[pos]`."""
        residual, ids = text.captured[self.hook_name][None], text.ids[None]
        values = encode(residual, ids, self.loaded, text.special_ids, features=[self.index])[0, :, 0]
        return values, text.counts(self.loaded)


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction of the caller's at a hook point: a position's value is its dot product with what is there."""

    hook_name: str
    vector: torch.Tensor
    """`[d]`."""

    @property
    def heads(self) -> HeadHooks | None:
        """None: a direction has no encoder."""
        return None

    def values(self, text: ReadText) -> tuple[torch.Tensor, torch.Tensor]:
        """One value a position, and which positions count; both `[pos]`."""
        residual = text.captured[self.hook_name].flatten(1).float()
        if residual.shape[1] != len(self.vector):
            message = f"{self.hook_name} has {residual.shape[1]} dimensions, and the vector {len(self.vector)}."
            raise BadInput(message, field="vector")
        values = residual @ self.vector.to(residual.device)
        if not values.isfinite().all():
            raise BadInput("The vector is too long for numbers of 32 bits.", field="vector")
        return torch.where(text.ordinary.to(values.device), values, 0.0), text.ordinary


def activation(engine: Engine, request: ActivationSingleRequest) -> Shared[ActivationSingleResponse]:
    """Activations of one feature or direction on a text."""
    require_model(engine, request.model)
    target, tokens = _target(engine, request), _tokens(engine, request)
    (text,) = yield from read(engine, [tokens], _hooks(target))
    return _answer(engine, target, text)


def activation_batch(engine: Engine, request: ActivationSingleBatchRequest) -> Shared[ActivationSingleBatchResponse]:
    """As `activation`, on several texts."""
    require_model(engine, request.model)
    target = _target(engine, request)
    each = tokens_of_each(engine, request.prompts, request.prepend_bos)
    texts = yield from read(engine, each, _hooks(target))
    return ActivationSingleBatchResponse(results=[_answer(engine, target, text) for text in texts])


def _hooks(target: Feature | Direction) -> tuple[str, ...]:
    heads = target.heads
    return (target.hook_name, heads.values, heads.pattern) if heads else (target.hook_name,)


def _answer(engine: Engine, target: Feature | Direction, text: ReadText) -> ActivationSingleResponse:
    values, counts = target.values(text)
    found = _activation(values)
    if isinstance(target, Feature) and target.heads and found.max_value > 0:
        given = attribution_of(text, target.loaded, torch.tensor([target.index]), values.argmax()[None])[0]
        found.dfa_values = given.tolist()
        found.dfa_max_value = float(given.max())
        found.dfa_target_index = found.max_value_index
    return ActivationSingleResponse(
        activation=found,
        tokens=text.tokens.strings,
        token_ids=text.tokens.ids,
        tokens_is_special=(~counts).tolist(),
        prepend_bos=text.tokens.prepend_bos,
        hook_name=target.hook_name,
        dtype=dtype_name(engine),
    )


def attribution_of(text: ReadText, loaded: LoadedSae, indices: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """What each token gave to features' activations at target positions, `[feature, pos]`."""
    hooks = head_hooks(loaded)
    assert hooks is not None
    return attribution(text.captured[hooks.values], text.captured[hooks.pattern], loaded, indices, targets)


def _target(engine: Engine, request: ActivationTarget) -> Feature | Direction:
    of_feature = request.source is not None or request.index is not None
    if of_feature == (request.vector is not None or request.hook is not None):
        raise BadInput("Give either source and index, or vector and hook.", field="source")
    return _feature(engine, request) if of_feature else _direction(engine, request)


def _feature(engine: Engine, request: ActivationTarget) -> Feature:
    if request.source is None:
        raise BadInput("An index needs the source that it counts in.", field="source")
    if request.index is None:
        raise BadInput("The index of the feature is missing.", field="index")
    loaded = engine.saes.get(request.source)
    index = _index(request.index)
    loaded.require(index)
    return Feature(loaded, index)


def _direction(engine: Engine, request: ActivationTarget) -> Direction:
    if not request.vector:
        raise BadInput("The vector is missing or empty.", field="vector")
    if request.hook is None:
        raise BadInput("A vector needs the hook point that it belongs to.", field="hook")
    if not _READABLE.fullmatch(request.hook) or not engine.model.has_hook_point(request.hook):
        raise Unknown(f"{engine.model.name} has no hook point {request.hook} with a vector a token.", field="hook")
    return Direction(request.hook, torch.tensor(request.vector, dtype=torch.float32))


def _tokens(engine: Engine, request: ActivationSingleRequest) -> Tokens:
    if (request.prompt is None) == (request.tokens is None):
        raise BadInput("Give either a prompt or tokens.", field="prompt")
    if request.prompt is not None:
        return tokens_of(engine, request.prompt, request.prepend_bos)
    if request.prepend_bos is not None:
        raise BadInput("Tokens are taken as they are: put BOS among them if it is wanted.", field="prepend_bos")
    if not request.tokens:
        raise BadInput("The list of tokens is empty.", field="tokens")
    token_rows([request.tokens], engine.model.n_vocab)
    tokens = Tokens(request.tokens, engine.model.tokenizer.strings(request.tokens), prepend_bos=False)
    return within_limit(engine, tokens, "tokens")


def _index(index: int | str) -> int:
    try:
        return int(index)
    except ValueError:
        raise BadInput(f"The index of a feature is a whole number, not {index!r}.", field="index") from None


def _activation(values: torch.Tensor) -> Activation:
    peak = int(values.argmax())
    return Activation(
        values=values.tolist(),
        max_value=float(values[peak]),
        max_value_index=peak,
        min_value=float(values.min()),
    )
