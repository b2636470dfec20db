"""What the model would say after each layer, position by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from inference_worker.engine.chat import Message, render, without_thinking
from inference_worker.engine.errors import BadInput
from inference_worker.engine.lens import LogitLens, logit_lens
from inference_worker.engine.reading import Growing
from inference_worker.engine.sampling import RowWriter, Sampling
from inference_worker.engine.together import Steps
from inference_worker.engine.tokens import Detokenizer, Tokens
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
    if request.num_completion_tokens > engine.max_completion_tokens:
        raise BadInput(
            f"At most {engine.max_completion_tokens} tokens are generated, not {request.num_completion_tokens}.",
            field="num_completion_tokens",
        )
    tokens = _tokens(engine, request)
    if request.max_seq_len is not None and len(tokens.ids) > request.max_seq_len:
        raise BadInput(f"The text has {len(tokens.ids)} tokens, not {request.max_seq_len}.", field="max_seq_len")
    return Reading(request, logit_lens(engine.model), tokens, _layers(engine, request))


def read(engine: Engine, reading: Reading) -> Steps[LensPromptResponse]:
    """Yields the answer so far, one and the same object that grows by a position a step; last the complete one."""
    names = [f"blocks.{layer}.hook_resid_post" for layer in reading.layers]
    text = Growing(engine.model, reading.tokens.ids, names)
    listed, writer = _Listed(engine, reading), _writer(engine, reading)
    while True:
        held = yield from text.more()
        residual = torch.stack([held[name] for name in names])  # [layer, pos, d_model]
        for place in range(residual.shape[1]):
            if listed.add(residual[:, place]):
                yield listed.answer
        if writer is None or writer.output.finish_reason:
            break
        index = writer.write(reading.lens.logits(residual[-1, -1]))
        if index in engine.model.eos_ids:
            break
        listed.goes_on(index)
        text.append(index)
    listed.end(writer.output.text if writer else "")
    yield listed.answer


def _writer(engine: Engine, reading: Reading) -> RowWriter | None:
    """What chooses the tokens that the text goes on with; None: it does not go on."""
    request, model = reading.request, engine.model
    most = min(request.max_seq_len or model.context_length, model.context_length) - len(reading.tokens.ids)
    room = min(request.num_completion_tokens, most)
    sampling = Sampling(room, temperature=request.temperature, seed=request.seed)
    return RowWriter(model, sampling, room) if room > 0 else None


class _Listed:
    """The answer with what was read until now."""

    def __init__(self, engine: Engine, reading: Reading) -> None:
        self._engine, self._reading = engine, reading
        self._ids, self._strings = list(reading.tokens.ids), list(reading.tokens.strings)
        self._pieces = Detokenizer(engine.model.tokenizer)
        self._read = 0
        self.answer = _begun(engine, reading)

    def goes_on(self, index: int) -> None:
        """A token that the model has chosen."""
        self._ids.append(index)
        self._strings.append(self._pieces.push(index))

    def add(self, residual: torch.Tensor) -> bool:
        """The next position, `[layer, d_model]`; whether it is listed."""
        position, self._read = self._read, self._read + 1
        if position < self.answer.meta.reuse_len:
            return False
        generated = position >= len(self._reading.tokens.ids)
        self.answer.tokens.append(
            LensToken(
                position=position,
                token=self._strings[position],
                id=self._ids[position],
                is_generated=generated,
                results=[_readout(self._engine, self._reading, residual)],
            )
        )
        return True

    def end(self, completion: str) -> None:
        """Everything was read."""
        prompt_len, n_vocab = len(self._reading.tokens.ids), self._engine.model.n_vocab
        self.answer.done = LensDone(
            seq_len=len(self._ids), prompt_len=prompt_len, vocab_size=n_vocab, completion=completion
        )


def _begun(engine: Engine, reading: Reading) -> LensPromptResponse:
    tokens, request = reading.tokens, reading.request
    meta = LensMeta(
        model=engine.model.name,
        types=["LOGIT_LENS"],
        layers_by_type={"LOGIT_LENS": reading.layers},
        top_n=request.top_n,
        prompt_len=len(tokens.ids),
        num_completion_tokens=request.num_completion_tokens,
        temperature=request.temperature,
        prepend_bos=tokens.prepend_bos,
        reuse_len=_common(tokens.ids, request.cached_token_ids),
    )
    listed = [
        LensPromptToken(position=place, token=string, id=index)
        for place, (string, index) in enumerate(zip(tokens.strings, tokens.ids, strict=True))
    ]
    return LensPromptResponse(meta=meta, prompt=LensPrompt(tokens=listed), tokens=[])


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _readout(engine: Engine, reading: Reading, residual: torch.Tensor) -> LensReadout:
    request, label = reading.request, engine.model.tokenizer.label
    ids, probabilities = reading.lens.read(residual, request.top_n, only_words=request.filter_non_word_tokens)
    return LensReadout(
        type="LOGIT_LENS",
        top_tokens=[[label(index) for index in row] for row in ids],
        top_probs=[[round(one, 6) for one in row] for row in probabilities],
    )


def _tokens(engine: Engine, request: LensPromptRequest) -> Tokens:
    given = [request.prompt, request.chat, request.input_token_ids]
    if sum(one is not None for one in given) != 1:
        raise BadInput("Give one of prompt, chat and input_token_ids.", field="prompt")
    if request.prompt is not None:
        return tokens_of(engine, request.prompt, request.prepend_bos)
    if request.prepend_bos is not None:
        raise BadInput("Only a prompt gets a BOS; a chat's template and token ids bring theirs.", field="prepend_bos")
    if request.chat is not None:
        return tokens_of(engine, _rendered(engine, request, request.chat), False, "chat")
    ids = request.input_token_ids or []
    if not ids:
        raise BadInput("The list of tokens is empty.", field="input_token_ids")
    if any(not 0 <= index < engine.model.n_vocab for index in ids):
        raise BadInput(f"Token ids go from 0 to {engine.model.n_vocab - 1}.", field="input_token_ids")
    return within_limit(engine, Tokens(ids, engine.model.tokenizer.strings(ids), False), "input_token_ids")


def _rendered(engine: Engine, request: LensPromptRequest, chat: Sequence[TemplateMessage]) -> str:
    """A chat as the model reads it; one that ends with the assistant's turn is left open there."""
    begun = chat[-1].content if chat[-1].role == "assistant" and len(chat) > 1 else ""
    messages = [Message(one.role, one.content, one.channel) for one in (chat[:-1] if begun else chat)]
    if not request.preserve_thinking:
        messages = [without_thinking(message) for message in messages]
    options = {"enable_thinking": request.enable_thinking}
    try:
        return render(engine.model.tokenizer, messages, options=options) + begun
    except BadInput as error:
        raise BadInput(error.message, field="chat") from error


def _layers(engine: Engine, request: LensPromptRequest) -> list[int]:
    last = engine.model.n_layers - 1
    for number, layer in enumerate(request.layers):
        if not 0 <= layer <= last:
            raise BadInput(f"{engine.model.name} has layers 0 to {last}, not {layer}.", field=f"layers.{number}")
    return sorted({*request.layers, last}) if request.layers else list(range(last + 1))
