"""Activations of features on a text."""

from __future__ import annotations

import torch

from inference_worker.engine.encode import counted, encode
from inference_worker.engine.errors import BadInput
from inference_worker.engine.model import token_rows
from inference_worker.engine.tokens import Tokens
from inference_worker.requests.engine import Engine, dtype_name, require_model, within_limit
from inference_worker.wire.activations import Activation, ActivationSingleRequest, ActivationSingleResponse


def activation(engine: Engine, request: ActivationSingleRequest) -> ActivationSingleResponse:
    """Activations of one feature on a text."""
    require_model(engine, request.model)
    loaded = engine.saes.get(request.source)
    index = _index(request.index)
    loaded.require(index)
    tokens = _activation_tokens(engine, request)
    ids = token_rows([tokens.ids], engine.model.n_vocab)
    residual = engine.model.capture(ids, [loaded.hook_name])[loaded.hook_name]
    values = encode(residual, ids, loaded, engine.model.special_ids, features=[index])[0, :, 0]
    special = ~counted(residual, ids, loaded, engine.model.special_ids)[0]
    return ActivationSingleResponse(
        activation=_activation(values),
        tokens=tokens.strings,
        token_ids=tokens.ids,
        tokens_is_special=special.tolist(),
        prepend_bos=tokens.prepend_bos,
        hook_name=loaded.hook_name,
        dtype=dtype_name(engine),
    )


def _activation_tokens(engine: Engine, request: ActivationSingleRequest) -> Tokens:
    if (request.prompt is None) == (request.tokens is None):
        raise BadInput("Give either a prompt or tokens.", field="prompt")
    if request.tokens is None:
        if not request.prompt:
            raise BadInput("The prompt is empty.", field="prompt")
        tokens = engine.model.tokenizer.tokenize(request.prompt, request.prepend_bos)
        return within_limit(engine, tokens, "prompt")
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
