"""Steered generation: a request checked and turned into rows, and its answer as it grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference_worker.engine.chat import Message, opened_thinking, render, without_thinking
from inference_worker.engine.errors import BadInput
from inference_worker.engine.generate import generation
from inference_worker.engine.sampling import Logprob, Output, Sampling
from inference_worker.engine.steer import Steering
from inference_worker.engine.together import Steps
from inference_worker.engine.tokens import Tokens
from inference_worker.requests.engine import Engine, require_model, within_limit
from inference_worker.requests.interventions import steered_rows
from inference_worker.wire.steering import (
    ChatInput,
    ChatMessage,
    SteerChatOutput,
    SteerChatRequest,
    SteerChatResponse,
    SteerCompletionRequest,
    SteerCompletionResponse,
    SteerDelta,
    SteerDeltas,
    SteerOptions,
    SteerOutput,
    SteerType,
    TokenLogprob,
    TopLogprob,
)

SteerRequest = SteerCompletionRequest | SteerChatRequest
SteerResponse = SteerCompletionResponse | SteerChatResponse


@dataclass(frozen=True, slots=True)
class Completion:
    """A steering request that was found good: what is left is to generate."""

    request: SteerRequest
    multipliers: list[float | None]
    """Of each output; None: not steered."""
    tokens: Tokens
    rendered: str
    """The prompt as text; of a conversation what its template made of it."""
    rows: list[Steering]
    sampling: Sampling


def prepare(engine: Engine, request: SteerRequest) -> Completion:
    """Check a steering request and turn it into tokens and vectors, before anything is generated."""
    require_model(engine, request.model)
    multipliers = _multipliers(request)
    rows = steered_rows(engine, request, multipliers)
    rendered, tokens = _prompt(engine, request)
    return Completion(request, multipliers, tokens, rendered, rows, _sampling(engine, request))


def complete(engine: Engine, completion: Completion) -> Steps[SteerResponse]:
    """Generate text unsteered and steered; yields the answer so far after every step, last the complete one."""
    answers = Answers(completion)
    return generation(engine.model, completion.tokens.ids, completion.rows, completion.sampling, answers.so_far)


class Answers:
    """The answers to one request as it grows; what was put on the wire once is kept."""

    def __init__(self, completion: Completion) -> None:
        self._completion = completion
        self._logprobs: list[list[TokenLogprob]] = [[] for _ in completion.multipliers]
        self._began: float | None = None
        self._first = 0

    def so_far(self, outputs: Sequence[Output]) -> SteerResponse:
        """The answer with what the rows have written until now."""
        texts = [self._output(number, output) for number, output in enumerate(outputs)]
        request, added = self._completion.request, self._completion.tokens.prepend_bos
        tokens_per_second = self._rate(sum(len(output.ids) for output in outputs))
        if isinstance(request, SteerCompletionRequest):
            return SteerCompletionResponse(outputs=texts, prepend_bos=added, tokens_per_second=tokens_per_second)
        rendered = self._completion.rendered
        return SteerChatResponse(
            outputs=[_turn(rendered, request.prompt, text) for text in texts],
            input=ChatInput(chat_template=request.prompt, raw=rendered),
            prepend_bos=added,
            tokens_per_second=tokens_per_second,
        )

    def _output(self, number: int, output: Output) -> SteerOutput:
        multiplier, logprobs = self._completion.multipliers[number], self._logprobs[number]
        logprobs.extend(_logprob(one) for one in output.logprobs[len(logprobs) :])
        return SteerOutput(
            type="DEFAULT" if multiplier is None else "STEERED",
            strength_multiplier=multiplier,
            output=output.text,
            n_tokens=len(output.ids),
            finish_reason=output.finish_reason,
            logprobs=logprobs if self._completion.request.n_logprobs else None,
        )

    def _rate(self, written: int) -> float | None:
        """Tokens a second since the first ones came."""
        if self._began is None and written:
            self._began, self._first = time.monotonic(), written
        seconds = time.monotonic() - self._began if self._began is not None else 0.0
        return (written - self._first) / seconds if written > self._first and seconds > 0 else None


def framing(request: SteerRequest) -> Callable[[SteerResponse], SteerResponse | SteerDeltas | None]:
    """What a stream sends for an answer so far: the answer, or what was added since the call before, if anything.

    Every stream needs a function of its own. Answers may be skipped.
    """
    if request.stream_format == "delta":
        return _Deltas().frame
    return _texts if request.stream_format == "text" else lambda so_far: so_far


def _texts(so_far: SteerResponse) -> SteerResponse:
    outputs = [one if one.finish_reason else one.model_copy(update={"logprobs": None}) for one in so_far.outputs]
    return so_far.model_copy(update={"outputs": outputs})


class _Deltas:
    """What was sent of each output of one stream."""

    def __init__(self) -> None:
        self._sent: dict[int, SteerOutput] = {}

    def frame(self, so_far: SteerResponse) -> SteerDeltas | None:
        deltas = [self._delta(row, output) for row, output in enumerate(so_far.outputs)]
        self._sent = dict(enumerate(so_far.outputs))
        new = [delta for delta in deltas if delta is not None]
        return SteerDeltas(deltas=new) if new else None

    def _delta(self, row: int, output: SteerOutput) -> SteerDelta | None:
        sent = self._sent.get(row)
        text = output.output[len(sent.output) if sent else 0 :]
        logprobs = (output.logprobs or [])[len(sent.logprobs or []) if sent else 0 :]
        ended = output.finish_reason if sent is None or sent.finish_reason is None else None
        if not (text or logprobs or ended):
            return None
        return SteerDelta(row=row, text=text, logprobs=logprobs or None, finish_reason=ended)


def _prompt(engine: Engine, request: SteerRequest) -> tuple[str, Tokens]:
    if isinstance(request, SteerCompletionRequest):
        if not request.prompt:
            raise BadInput("The prompt is empty.", field="prompt")
        rendered, prepend_bos = request.prompt, request.prepend_bos
    else:
        # A template writes BOS itself where the model wants one.
        rendered, prepend_bos = _rendered(engine, request), bool(request.prepend_bos)
    tokens = within_limit(engine, engine.model.tokenizer.tokenize(rendered, prepend_bos), "prompt")
    if len(tokens.ids) >= engine.model.context_length:
        raise BadInput(f"The prompt fills the model's {engine.model.context_length} tokens.", field="prompt")
    if not tokens.ids:
        raise BadInput("The prompt holds nothing that the model reads.", field="prompt")
    return rendered, tokens


def _rendered(engine: Engine, request: SteerChatRequest) -> str:
    if request.is_assistant_axis:
        raise BadInput(
            "The assistant axis is not measured here: it needs vectors made for one model.", field="is_assistant_axis"
        )
    messages = [without_thinking(Message(message.role, message.content)) for message in request.prompt]
    try:
        return render(engine.model.tokenizer, messages)
    except BadInput as error:
        raise BadInput(error.message, field="prompt") from error


def _multipliers(request: SteerOptions) -> list[float | None]:
    steered: list[float | None] = [*(request.sweep or [request.strength_multiplier])]
    kinds: dict[SteerType, list[float | None]] = {"DEFAULT": [None], "STEERED": steered}
    return [multiplier for name in dict.fromkeys(request.types) for multiplier in kinds[name]]


def _sampling(engine: Engine, request: SteerOptions) -> Sampling:
    if request.n_completion_tokens > engine.max_completion_tokens:
        raise BadInput(
            f"At most {engine.max_completion_tokens} tokens are generated, not {request.n_completion_tokens}.",
            field="n_completion_tokens",
        )
    return Sampling(
        max_tokens=request.n_completion_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        freq_penalty=request.freq_penalty,
        stop=tuple(request.stop),
        seed=request.seed,
        n_logprobs=request.n_logprobs,
    )


def _turn(rendered: str, messages: Sequence[ChatMessage], text: SteerOutput) -> SteerChatOutput:
    """The conversation with what the assistant wrote."""
    turn = ChatMessage(role="assistant", content=opened_thinking(rendered) + text.output)
    return SteerChatOutput(**dict(text), chat_template=[*messages, turn], raw=rendered + text.output)


def _logprob(one: Logprob) -> TokenLogprob:
    top = [TopLogprob(token=token, logprob=value) for token, value in one.top]
    return TokenLogprob(token=one.token, logprob=one.logprob, top_logprobs=top)
