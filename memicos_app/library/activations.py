"""Test a feature on a text: what it does, token by token, computed by the inference worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference_worker.wire.activations import ActivationSingleRequest, ActivationSingleResponse
from memicos_app.library import rates, vectors
from memicos_app.library.errors import BadInputError
from memicos_app.library.inference import inference, require_text

MAX_TEXTS = 16


@dataclass(frozen=True, slots=True)
class ActivationTest:
    """Activations of one feature on one text, one value a token."""

    model_id: str
    source_id: str
    index: int
    tokens: list[str]
    token_ids: list[int]
    values: list[float]
    tokens_is_special: list[bool]
    """True where a position does not count (a special token or an attention sink) and its value is 0."""
    max_value: float
    min_value: float
    max_value_token_index: int
    prepend_bos: bool
    """Whether BOS was put before the text; it is listed unless it was ignored."""
    hook_name: str
    dtype: str
    dfa_values: list[float] | None = None
    """For features of attention heads' outputs: what each token gave to the activation at `dfa_target_index`."""
    dfa_target_index: int | None = None
    dfa_max_value: float | None = None


async def test(
    model_id: str,
    source_id: str,
    index: int,
    text: str,
    *,
    ignore_bos: bool = True,  # noqa: PT028
    prepend_bos: bool | None = None,  # noqa: PT028
) -> ActivationTest:
    """Run a feature on a text.

    Args:
        ignore_bos: leave a BOS that was put before the text out of the answer. It never counts.
        prepend_bos: put BOS before the text; None: as the model expects it.

    Raises:
        BadInputError, NotFoundError: what was asked for cannot be right; `field` names it.
        UnavailableError: the worker is down, loading or busy.
    """
    text = require_text(text)
    await rates.take("activation")
    if vectors.is_vector(source_id):
        own = await vectors.get(model_id, source_id, index)
        request = ActivationSingleRequest(
            model=model_id, vector=own.values, hook=own.hook_name, prompt=text, prepend_bos=prepend_bos
        )
    else:
        request = ActivationSingleRequest(
            model=model_id, source=source_id, index=index, prompt=text, prepend_bos=prepend_bos
        )
    with inference({"prompt": "text", "model": "model_id", "source": "source_id"}) as worker:
        answer = await worker.activation_single(request)
    found = _view(model_id, source_id, index, answer)
    return _without_bos(found) if ignore_bos and found.prepend_bos else found


async def test_each(
    model_id: str,
    source_id: str,
    index: int,
    texts: Sequence[str],
    *,
    ignore_bos: bool = True,  # noqa: PT028
    prepend_bos: bool | None = None,  # noqa: PT028
) -> list[ActivationTest]:
    """Run a feature on each of several texts; as `test`."""
    if not 1 <= len(texts) <= MAX_TEXTS:
        raise BadInputError(f"Between 1 and {MAX_TEXTS} texts can be tested at once.", field="text")
    each = (test(model_id, source_id, index, t, ignore_bos=ignore_bos, prepend_bos=prepend_bos) for t in texts)
    return list(await asyncio.gather(*each))


def _view(model_id: str, source_id: str, index: int, answer: ActivationSingleResponse) -> ActivationTest:
    return ActivationTest(
        model_id=model_id,
        source_id=source_id,
        index=index,
        tokens=answer.tokens,
        token_ids=answer.token_ids,
        values=answer.activation.values,
        tokens_is_special=answer.tokens_is_special,
        max_value=answer.activation.max_value,
        min_value=answer.activation.min_value,
        max_value_token_index=answer.activation.max_value_index,
        prepend_bos=answer.prepend_bos,
        hook_name=answer.hook_name,
        dtype=answer.dtype,
        dfa_values=answer.activation.dfa_values,
        dfa_target_index=answer.activation.dfa_target_index,
        dfa_max_value=answer.activation.dfa_max_value,
    )


def _without_bos(found: ActivationTest) -> ActivationTest:
    values = found.values[1:]
    return replace(
        found,
        tokens=found.tokens[1:],
        token_ids=found.token_ids[1:],
        values=values,
        tokens_is_special=found.tokens_is_special[1:],
        min_value=min(values),
        max_value_token_index=max(found.max_value_token_index - 1, 0),
        dfa_values=found.dfa_values and found.dfa_values[1:],
        dfa_target_index=found.dfa_target_index and found.dfa_target_index - 1,
    )
