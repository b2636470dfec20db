"""What the model itself holds on a text: its residual stream and its attention."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from inference_worker.engine.attention import attention_pattern
from inference_worker.engine.errors import BadInput
from inference_worker.engine.model import token_rows
from inference_worker.engine.together import Shared
from inference_worker.requests.engine import Engine, dtype_name, require_model
from inference_worker.requests.texts import ReadText, read, tokens_of, tokens_of_each
from inference_worker.wire.internals import (
    ActivationAttentionRequest,
    ActivationAttentionResponse,
    ActivationRawRequest,
    ActivationRawResponse,
    LayerActivation,
    RawResult,
)

KEYS_A_QUERY, LEAST = 8, 0.005


def raw(engine: Engine, request: ActivationRawRequest) -> Shared[ActivationRawResponse]:
    """The residual stream after layers, at the last token of each prompt."""
    if request.model is not None:
        require_model(engine, request.model)
    layers = _layers(engine, request.layers)
    each = tokens_of_each(engine, request.prompts, request.prepend_bos)
    texts = yield from read(engine, each, [_after(layer) for layer in layers])
    return ActivationRawResponse(
        hook_point=request.hook_point,
        type=request.type,
        dtype=dtype_name(engine),
        device=str(engine.model.device),
        results=[_last(text, layers) for text in texts],
    )


def attention(engine: Engine, request: ActivationAttentionRequest) -> ActivationAttentionResponse:
    """One head's attention on a text."""
    require_model(engine, request.model)
    tokens = tokens_of(engine, request.prompt, request.prepend_bos)
    ids = token_rows([tokens.ids], engine.model.n_vocab)[0]
    pattern = attention_pattern(engine.model, ids, request.layer, request.head)
    indices, values = _sparse(pattern)
    return ActivationAttentionResponse(
        seq_len=len(tokens.ids),
        attention_indices=indices,
        attention_values=values,
        max_activation=round(float(pattern[1:, 1:].max()), 4) if len(pattern) > 1 else 0.0,
        tokens=tokens.strings,
    )


def _layers(engine: Engine, layers: Sequence[int] | None) -> list[int]:
    if layers is None:
        return list(range(engine.model.n_layers))
    for number, layer in enumerate(layers):
        if not 0 <= layer < engine.model.n_layers:
            message = f"{engine.model.name} has layers 0 to {engine.model.n_layers - 1}, not {layer}."
            raise BadInput(message, field=f"layers.{number}")
    if not layers:
        raise BadInput("The list of layers is empty; leave it out for all of them.", field="layers")
    return sorted(set(layers))


def _after(layer: int) -> str:
    return f"blocks.{layer}.hook_resid_post"


def _last(text: ReadText, layers: Sequence[int]) -> RawResult:
    last = len(text.ids) - 1
    return RawResult(
        token_strings=text.tokens.strings,
        token_ids=text.tokens.ids,
        activations=[
            LayerActivation(
                layer=layer, token_indices=[last], values=[text.captured[_after(layer)][last].float().tolist()]
            )
            for layer in layers
        ],
    )


def _sparse(pattern: torch.Tensor) -> tuple[list[int], list[float]]:
    """Flat indices and values of what is worth showing, by query and key."""
    values, keys = pattern.topk(min(KEYS_A_QUERY, len(pattern)))
    flat = torch.arange(len(pattern), device=keys.device)[:, None] * len(pattern) + keys
    shown = values >= LEAST
    order = flat[shown].argsort()
    return flat[shown][order].tolist(), [round(value, 4) for value in values[shown][order].tolist()]
