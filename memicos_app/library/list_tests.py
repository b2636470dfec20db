"""A text tested on every feature of a list: the model reads it once a source, however many features there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from inference_worker.wire.search import ActivationSourceRequest, ActiveFeatures
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.inference import inference, require_text
from memicos_app.library.quick_lists import FeatureAddress

LONGEST = 2000
"""Characters; every active feature of a source travels, so a list is tested on short texts."""


@dataclass(frozen=True, slots=True)
class ListTest:
    """What the features of one source do on a text; `problem` says why where nothing is known."""

    model_id: str
    source_id: str
    tokens: list[str]
    tokens_is_special: list[bool]
    values: dict[int, list[float]]
    """One value a token, by feature; BOS that was put before the text is left out."""
    problem: str = ""


async def tested(wanted: Sequence[FeatureAddress], text: str) -> AsyncIterator[ListTest]:
    """The text on every feature of `wanted`, a source at a time.

    Raises:
        BadInputError: an empty or too long text.
        UnavailableError: the worker is down, loading or busy.
    """
    require_text(text, LONGEST)
    of_source: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in wanted:
        of_source[one.model_id, one.source_id].append(one.index)
    for (model_id, source_id), indices in of_source.items():
        yield await _of_source(model_id, source_id, indices, text)


async def _of_source(model_id: str, source_id: str, indices: Sequence[int], text: str) -> ListTest:
    request = ActivationSourceRequest(model=model_id, source=source_id, prompts=[text])
    try:
        with inference({"prompts.0": "text", "source": "source_id", "model": "model_id"}) as worker:
            (found,) = (await worker.active_features(request)).results
    except (NotFoundError, BadInputError) as error:
        return ListTest(model_id, source_id, [], [], {}, error.message)
    first = 1 if found.prepend_bos else 0
    return ListTest(
        model_id,
        source_id,
        found.tokens[first:],
        found.tokens_is_special[first:],
        {index: _values(found, index)[first:] for index in indices},
    )


def _values(found: ActiveFeatures, index: int) -> list[float]:
    values = [0.0] * len(found.tokens)
    for position, value in found.active_features.get(str(index), []):
        values[position] = value
    return values
