"""A question to a model and its answer: paced, tried again while what fails may pass, and written into the ledger."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from memicos_app.library.errors import LibraryError
from memicos_app.library.providers import keys, prices
from memicos_app.library.providers.answers import answer_of
from memicos_app.library.providers.connection import PATIENCE
from memicos_app.library.providers.endpoints import LOCAL, ChatModel, Provider, provider, providers
from memicos_app.library.providers.errors import ProviderError
from memicos_app.library.providers.failures import Passing, judged
from memicos_app.library.providers.ledger import Ledger
from memicos_app.library.providers.messages import Answer, Message
from memicos_app.library.providers.pace import Pace, pace, pause
from memicos_app.settings import get_settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TRIES = 6
THINKING_TOKENS = 2048
"""Room for the thoughts of models that think before they answer."""
FRAME_TOKENS = 64
"""Of what a provider puts before a conversation, such as a system prompt of its own."""
BYTES_A_TOKEN = 2
"""Fewer than texts have, so that what a question may cost is not told too low."""
_log = logging.getLogger(__name__)


async def models(person: str | None = None) -> list[ChatModel]:
    """Models that can be asked now: of providers with a key those with a price, and those of the local server."""
    usable = {one.provider for one in await keys.known(person) if one.usable}
    found: list[ChatModel] = []
    for each in providers():
        if each.name in usable:
            names = await _local_models(each, person) if each.name == LOCAL else prices.listed(each.name)
            found += [ChatModel(each.name, name) for name in names]
    return found


async def _local_models(each: Provider, person: str | None) -> list[str]:
    """Those that the settings name, else those that the server lists; none while it does not answer."""
    if named := get_settings().chat_models:
        return named
    with suppress(Exception):
        key = await keys.key_of(each, person)
        async with asyncio.timeout(5), Ledger("list").connection(each, _text(key)) as client:
            return [one.id for one in (await client.models.list()).data]
    return []


async def ask(
    model: ChatModel,
    messages: Sequence[Message],
    *,
    ledger: Ledger,
    temperature: float = 1.0,
    max_tokens: int = 400,
    seed: int | None = None,
    logprobs: bool = False,
    top_logprobs: int = 0,
    about: str = "",
) -> Answer:
    """What a model says.

    Args:
        ledger: where the call and its cost are written; its budget is kept to.
        temperature: not sent to models that take none.
        max_tokens: of the answer; models that think get more for their thoughts.
        seed: where the provider takes one.
        logprobs: whether each token's log-probability is wanted; `top_logprobs`: and of how many others in its place.
        about: what the question is about, for the ledger.

    Raises:
        ProviderError: no answer that can be used came.
        BudgetSpent: it could cost more than what is left.
    """
    each = provider(model.provider)
    if logprobs and not (each.gives_logprobs and not each.reasons(model.name)):
        raise ProviderError("refused", f"{model} gives no log-probabilities.", final=True, field="model")
    key = await _key(each, ledger.person)
    limit = _longest(each, model, max_tokens)
    options: dict[str, Any] = {
        "model": model.name,
        "messages": [{"role": m.role, "content": m.text} for m in messages],
    }
    options |= _options(each, model, temperature=temperature, limit=limit, seed=seed)
    if logprobs:
        options |= {"logprobs": True, "top_logprobs": top_logprobs}
    with ledger.holding(most_usd(model, messages, limit)):
        return await _recorded(each, model, key, options, ledger, about)


def most_usd(model: ChatModel, messages: Sequence[Message], max_tokens: int) -> float | None:
    """What a question may cost at most; None where the price is unknown."""
    known = prices.price(model.provider, model.name)
    read = FRAME_TOKENS + sum(len(message.text.encode()) / BYTES_A_TOKEN + 8 for message in messages)
    return known.of(read, max_tokens) if known else None


def _longest(each: Provider, model: ChatModel, max_tokens: int) -> int:
    return max_tokens + (THINKING_TOKENS if each.reasons(model.name) or each.tells_cost else 0)


def _options(each: Provider, model: ChatModel, *, temperature: float, limit: int, seed: int | None) -> dict[str, Any]:
    """What differs from provider to provider."""
    options: dict[str, Any] = {"max_completion_tokens" if each.newer_limit else "max_tokens": limit}
    if each.reasons(model.name):
        options["reasoning_effort"] = "low"
    else:
        options["temperature"] = temperature
    if seed is not None and each.seeds:
        options["seed"] = seed
    if each.tells_cost:
        options["extra_body"] = {"usage": {"include": True}, "reasoning": {"effort": "low"}}
    return options


async def _key(each: Provider, person: str | None) -> str:
    try:
        key = _text(await keys.key_of(each, person))
    except LibraryError as error:
        raise ProviderError("key", error.message, final=True, field="model") from error
    if not key and not each.keyless:
        raise ProviderError(
            "key",
            f"There is no key for {each.title}: set {each.key_setting.upper()}, or `memicos keys set {each.name}`.",
            final=True,
            field="model",
        )
    return key


async def _recorded(
    each: Provider, model: ChatModel, key: str, options: dict[str, Any], ledger: Ledger, about: str
) -> Answer:
    call_id, began, attempts = await ledger.begin(model, about), time.monotonic(), [0]
    try:
        async with ledger.connection(each, key) as client:
            completion = await _tried(each, key, client, options, attempts)
        answer = answer_of(completion, call_id, each, model)
    except ProviderError as error:
        await ledger.failed(call_id, error, seconds=time.monotonic() - began, attempts=attempts[0])
        raise
    except asyncio.CancelledError:
        await asyncio.shield(ledger.lost(call_id))
        raise
    await ledger.answered(answer, seconds=time.monotonic() - began, attempts=attempts[0])
    return answer


async def _tried(each: Provider, key: str, client: AsyncOpenAI, options: dict[str, Any], attempts: list[int]) -> Any:
    """The completion, asked for as often as it may help. Raises `ProviderError`."""
    own = pace(each.name, key)
    while True:
        attempts[0] += 1
        try:
            async with own.turn():
                return await _once(each, key, client, options, own)
        except Passing as error:
            if attempts[0] >= TRIES or error.hopeless:
                raise error.given_up(attempts[0]) from None
            _log.info("%s: %s; asked again", each.title, error.message)
            await asyncio.sleep(pause(attempts[0]))


async def _once(each: Provider, key: str, client: AsyncOpenAI, options: dict[str, Any], own: Pace) -> Any:
    try:
        async with asyncio.timeout(PATIENCE.whole):
            raw = await client.chat.completions.with_raw_response.create(**options)
        own.went_well(raw.headers)
        return raw.parse()
    except Exception as error:
        failure = judged(error, each, key)
        if isinstance(failure, Passing) and failure.busy:
            own.too_busy(failure.asked_s)
        raise failure from None


def _text(key: Any) -> str:
    return str(key.get_secret_value()) if key is not None else ""
