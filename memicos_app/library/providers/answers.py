"""A completion of the `openai` package read into an `Answer`; what lacks its parts is a bad answer."""

from __future__ import annotations

from typing import Any

from memicos_app.library.providers import prices
from memicos_app.library.providers.endpoints import ChatModel, Provider
from memicos_app.library.providers.errors import ProviderError
from memicos_app.library.providers.messages import Answer, TokenLogprob


def answer_of(completion: Any, call_id: int, each: Provider, model: ChatModel) -> Answer:
    """What was said, what it took and what it cost.

    Raises:
        ProviderError: `bad_answer`: nothing was said.
    """
    choices = getattr(completion, "choices", None)
    if not choices or getattr(choices[0], "message", None) is None:
        raise ProviderError("bad_answer", f"{each.title} answers in a form that is not OpenAI's.")
    first = choices[0]
    usage = getattr(completion, "usage", None)
    tokens_in, tokens_out = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return Answer(
        text=str(first.message.content or ""),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost_usd=_cost(usage, each, model, tokens_in, tokens_out),
        call_id=call_id,
        logprobs=_logprobs(first),
        cut=first.finish_reason == "length",
        model_said=str(getattr(completion, "model", "") or ""),
    )


def _count(usage: Any, name: str) -> int | None:
    found = getattr(usage, name, None)
    return int(found) if isinstance(found, int | float) and found >= 0 else None


def _cost(
    usage: Any, each: Provider, model: ChatModel, tokens_in: int | None, tokens_out: int | None
) -> float | None:
    """What the provider says, else tokens by their price; None where one of them is unknown."""
    said = getattr(usage, "cost", None)
    if each.tells_cost and isinstance(said, int | float) and said >= 0:
        return float(said)
    known = prices.price(model.provider, model.name)
    return known.of(tokens_in, tokens_out) if known and tokens_in is not None and tokens_out is not None else None


def _logprobs(choice: Any) -> tuple[TokenLogprob, ...] | None:
    content = getattr(getattr(choice, "logprobs", None), "content", None)
    if content is None:
        return None
    return tuple(
        TokenLogprob(one.token, one.logprob, tuple((top.token, top.logprob) for top in one.top_logprobs or ()))
        for one in content
    )
