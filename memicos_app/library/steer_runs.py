"""Runs of steering: a request made into the worker's, and its texts as they grow."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, get_args

from inference_worker.wire import steering as wire
from inference_worker.wire.turns import Waiting
from memicos_app.library import rates
from memicos_app.library.errors import BadInputError
from memicos_app.library.inference import inference
from memicos_app.library.steering import MOST_SWEPT, ChatTurn, SteerRequest, SteerResult, SteerText, check

_Asked = wire.SteerCompletionRequest | wire.SteerChatRequest
_Answer = wire.SteerCompletionResponse | wire.SteerChatResponse
_FIELDS = {"source": "source_id", "model": "model_id", "n_completion_tokens": "n_tokens", "steering_vector": "vector"}


async def stream(
    request: SteerRequest, *, only: wire.SteerType | None = None, whole: bool = False
) -> AsyncGenerator[SteerResult, None]:
    """Run a request; yields the texts so far, and last the complete ones. Closing the generator stops the run.

    Args:
        only: one side alone; the other one stays empty.
        whole: with log probabilities in every result; else they come with a text's end, for they are a hundred times
            as long as the text, and are sent anew with each token.

    Raises:
        BadInputError, NotFoundError: the request cannot be right; `field` names what.
        UnavailableError: the worker is down, loading or busy.
    """
    check(request)
    if only != "DEFAULT":
        await rates.take("steer")
    asked = _wire(request)
    asked = asked.model_copy(update={"stream_format": "cumulative" if whole else "text"})
    if only is not None:
        asked = asked.model_copy(update={"types": [only]})
    async with aclosing(_answers(asked)) as answers:
        async for answer in answers:
            yield _result(answer)


async def complete(request: SteerRequest) -> SteerResult:
    """Run a request to its end. Raises as `stream`."""
    check(request)
    await rates.take("steer")
    asked = _wire(request)
    with inference(_fields(asked)) as client:
        if isinstance(asked, wire.SteerChatRequest):
            return _result(await client.complete_chat(asked))
        return _result(await client.complete(asked))


async def sweep(request: SteerRequest, multipliers: Sequence[float]) -> AsyncGenerator[list[SteerText], None]:
    """The steered text at several multiples of the strengths, generated together; yields them as they grow.

    Raises as `stream`.
    """
    check(request)
    if not 1 <= len(multipliers) <= MOST_SWEPT:
        raise BadInputError(f"A sweep has 1 to {MOST_SWEPT} multipliers.", field="multipliers")
    await rates.take("steer")
    asked = _wire(request).model_copy(update={"types": ["STEERED"], "sweep": list(multipliers)})
    async with aclosing(_answers(asked)) as answers:
        async for answer in answers:
            if not isinstance(answer, Waiting):
                yield [_text(output) for output in answer.outputs]


async def _answers(asked: _Asked) -> AsyncGenerator[_Answer | Waiting, None]:
    with inference(_fields(asked)) as client:
        answers: AsyncGenerator[_Answer | Waiting, None]
        answers = client.watch_chat(asked) if isinstance(asked, wire.SteerChatRequest) else client.watch(asked)
        async with aclosing(answers):
            async for answer in answers:
                yield answer


def _fields(asked: _Asked) -> dict[str, str]:
    return {**_FIELDS, "prompt": "chat"} if isinstance(asked, wire.SteerChatRequest) else _FIELDS


def _wire(request: SteerRequest) -> _Asked:
    options = _options(request)
    if not request.chat:
        return wire.SteerCompletionRequest(**options, prompt=request.prompt)
    turns = [wire.ChatMessage(role=turn.role, content=turn.content) for turn in request.chat]
    return wire.SteerChatRequest(**options, prompt=turns)


def _options(request: SteerRequest) -> dict[str, Any]:
    condition = request.condition
    return {
        "model": request.model_id,
        "features": [
            wire.SteerFeature(model=each.model_id, source=each.source_id, index=each.index, strength=each.strength)
            for each in request.features
        ],
        "vectors": [
            wire.SteerVector(steering_vector=list(each.vector), strength=each.strength, hook=each.hook)
            for each in request.vectors
        ],
        "condition": condition
        and wire.SteerCondition(source=condition.source_id, index=condition.index, threshold=condition.threshold),
        "n_completion_tokens": request.n_tokens,
        "stop": list(request.stop),
        **{name: getattr(request, name) for name in _SAME},
    }


_SAME = (
    "temperature",
    "top_p",
    "strength_multiplier",
    "freq_penalty",
    "seed",
    "steer_method",
    "normalize_steering",
    "keep_error",
    "positions",
    "steer_special_tokens",
    "n_logprobs",
    "prepend_bos",
)
"""Options that the worker knows by the same names."""


def _result(answer: _Answer | Waiting) -> SteerResult:
    if isinstance(answer, Waiting):
        return SteerResult(SteerText(), SteerText(), False, None, place_in_line=answer.position)
    texts = {output.type: _text(output) for output in answer.outputs}
    rendered = answer.input.raw if isinstance(answer, wire.SteerChatResponse) else ""
    default, steered = (texts.get(side, SteerText()) for side in get_args(wire.SteerType))
    return SteerResult(default, steered, answer.prepend_bos, answer.tokens_per_second, rendered)


def _text(output: wire.SteerOutput) -> SteerText:
    logprobs = None if output.logprobs is None else [one.model_dump() for one in output.logprobs]
    turns = output.chat_template if isinstance(output, wire.SteerChatOutput) else []
    chat = [ChatTurn(turn.role, turn.content) for turn in turns]
    raw = output.raw if isinstance(output, wire.SteerChatOutput) else ""
    return SteerText(output.output, output.n_tokens, output.finish_reason, logprobs, chat, raw)
