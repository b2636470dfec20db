"""What the model would say after each layer, position by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from inference_worker.engine import reading as parts
from inference_worker.engine.chat import Message, render
from inference_worker.engine.errors import BadInput
from inference_worker.engine.lens import LogitLens, logit_lens
from inference_worker.engine.together import Steps
from inference_worker.engine.tokens import Tokens
from inference_worker.requests.engine import Engine, require_model, within_limit
from inference_worker.requests.texts import tokens_of
from inference_worker.wire.lens import (
    LensDone,
    LensMeta,
    LensPrompt,
    LensPromptRequest,
    LensPromptResponse,
    LensPromptToken,
    LensReadout,
    LensToken,
)
from inference_worker.wire.tokens import TemplateMessage


@dataclass(frozen=True, slots=True)
class Reading:
    """A request that was found good: what is left is to read."""

    request: LensPromptRequest
    lens: LogitLens
    tokens: Tokens
    layers: list[int]


def prepare(engine: Engine, request: LensPromptRequest) -> Reading:
    """Check a request, before anything is read."""
    require_model(engine, request.model)
    if "JACOBIAN_LENS" in request.type:
        raise BadInput(
            "The Jacobian lens needs a fitted matrix for each layer, which this worker does not have; "
            "the logit lens is served.",
            field="type",
        )
    return Reading(request, logit_lens(engine.model), _tokens(engine, request), _layers(engine, request))


def read(engine: Engine, reading: Reading) -> Steps[LensPromptResponse]:
    """Yields the answer so far, one and the same object that grows by a position a step; last the complete one."""
    tokens, layers, model = reading.tokens, reading.layers, engine.model
    answer = _begun(engine, reading)
    names = [f"blocks.{layer}.hook_resid_post" for layer in layers]
    (held,) = yield from parts.read(model, [tokens.ids], names)
    residual = torch.stack([held[name] for name in names])  # [layer, pos, d_model]
    for position in range(len(tokens.ids)):
        answer.tokens.append(_at(engine, reading, position, residual[:, position]))
        yield answer
    answer.done = LensDone(seq_len=len(tokens.ids), prompt_len=len(tokens.ids), vocab_size=model.n_vocab)
    yield answer


def _begun(engine: Engine, reading: Reading) -> LensPromptResponse:
    tokens, request = reading.tokens, reading.request
    meta = LensMeta(
        model=engine.model.name,
        types=["LOGIT_LENS"],
        layers_by_type={"LOGIT_LENS": reading.layers},
        top_n=request.top_n,
        prompt_len=len(tokens.ids),
        prepend_bos=tokens.prepend_bos,
    )
    listed = [
        LensPromptToken(position=place, token=string, id=index)
        for place, (string, index) in enumerate(zip(tokens.strings, tokens.ids, strict=True))
    ]
    return LensPromptResponse(meta=meta, prompt=LensPrompt(tokens=listed), tokens=[])


def _at(engine: Engine, reading: Reading, position: int, residual: torch.Tensor) -> LensToken:
    request, label = reading.request, engine.model.tokenizer.label
    ids, probabilities = reading.lens.read(residual, request.top_n, only_words=request.filter_non_word_tokens)
    readout = LensReadout(
        type="LOGIT_LENS",
        top_tokens=[[label(index) for index in row] for row in ids],
        top_probs=[[round(one, 6) for one in row] for row in probabilities],
    )
    tokens = reading.tokens
    return LensToken(position=position, token=tokens.strings[position], id=tokens.ids[position], results=[readout])


def _tokens(engine: Engine, request: LensPromptRequest) -> Tokens:
    given = [request.prompt, request.chat, request.input_token_ids]
    if sum(one is not None for one in given) != 1:
        raise BadInput("Give one of prompt, chat and input_token_ids.", field="prompt")
    if request.prompt is not None:
        return tokens_of(engine, request.prompt, request.prepend_bos)
    if request.prepend_bos is not None:
        raise BadInput("Only a prompt gets a BOS; a chat's template and token ids bring theirs.", field="prepend_bos")
    if request.chat is not None:
        return tokens_of(engine, _rendered(engine, request.chat), False, "chat")
    ids = request.input_token_ids or []
    if not ids:
        raise BadInput("The list of tokens is empty.", field="input_token_ids")
    if any(not 0 <= index < engine.model.n_vocab for index in ids):
        raise BadInput(f"Token ids go from 0 to {engine.model.n_vocab - 1}.", field="input_token_ids")
    return within_limit(engine, Tokens(ids, engine.model.tokenizer.strings(ids), False), "input_token_ids")


def _rendered(engine: Engine, chat: Sequence[TemplateMessage]) -> str:
    """A chat as the model reads it; one that ends with the assistant's turn is left open there."""
    begun = chat[-1].content if chat[-1].role == "assistant" and len(chat) > 1 else ""
    messages = [Message(one.role, one.content, one.channel) for one in (chat[:-1] if begun else chat)]
    try:
        return render(engine.model.tokenizer, messages) + begun
    except BadInput as error:
        raise BadInput(error.message, field="chat") from error


def _layers(engine: Engine, request: LensPromptRequest) -> list[int]:
    last = engine.model.n_layers - 1
    for number, layer in enumerate(request.layers):
        if not 0 <= layer <= last:
            raise BadInput(f"{engine.model.name} has layers 0 to {last}, not {layer}.", field=f"layers.{number}")
    return sorted({*request.layers, last}) if request.layers else list(range(last + 1))
