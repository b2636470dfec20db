"""Search by text: which features are active on a text, over the sources of a set, and token by token.

The worker ranks; what is known of the features found comes from the database. Dense features are left out
before the ranking is cut, so that as many come back as were asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from inference_worker.wire.activations import MAX_PROMPTS
from inference_worker.wire.search import (
    ActivationAllBatchRequest,
    ActivationAllResponse,
    ActivationSourceRequest,
    ActivationTopkByTokenBatchRequest,
    ActivationTopkByTokenResponse,
    ActiveFeatures,
)
from memicos_app.library import rates, reach
from memicos_app.library.datasets.layout import layer_and_set
from memicos_app.library.errors import BadInputError, LibraryError
from memicos_app.library.feature_facts import UNKNOWN, FeatureFacts, facts, too_dense
from memicos_app.library.inference import inference, require_text

MAX_TEXTS = MAX_PROMPTS
MAX_FOUND, MAX_A_TOKEN = 100, 20
_FIELDS = {
    "model": "model_id",
    "source": "source_id",
    "source_set": "set_name",
    "selected_sources": "source_ids",
    "sort_by_token_indexes": "sort_by",
    "num_results": "limit",
    "top_k": "limit",
    "prompts": "text",
}


@dataclass(frozen=True, slots=True)
class FoundFeature:
    """A feature that is active on the text, with a value a token."""

    source_id: str
    index: int
    values: list[float]
    max_value: float
    max_value_token_index: int
    sum_value: float
    """Over the tokens that were sorted by; 0 where none were."""
    facts: FeatureFacts
    dfa_values: list[float] | None = None
    dfa_target_index: int | None = None
    dfa_max_value: float | None = None


@dataclass(frozen=True, slots=True)
class TextSearch:
    """The strongest features of one text, the strongest first."""

    model_id: str
    tokens: list[str]
    tokens_is_special: list[bool]
    """True where a position counts in none of the searched sources."""
    prepend_bos: bool
    source_ids: list[str]
    """Those that were searched."""
    sort_by: list[int]
    features: list[FoundFeature]


@dataclass(frozen=True, slots=True)
class TokenFeature:
    """A feature at one token."""

    index: int
    value: float
    facts: FeatureFacts


@dataclass(frozen=True, slots=True)
class TokenFeatures:
    """The strongest features at one token, the strongest first."""

    position: int
    """Place among all tokens of the text, BOS counted."""
    token: str
    is_special: bool
    features: list[TokenFeature]


@dataclass(frozen=True, slots=True)
class TokenSearch:
    """The strongest features of one source at each token of a text."""

    model_id: str
    source_id: str
    tokens: list[str]
    prepend_bos: bool
    results: list[TokenFeatures]


async def served_sets(model_id: str) -> dict[str, list[str]]:
    """Source sets with their sources by layer, that can be searched now; none where another model is served.

    Of sources that are not listed for the person asking, nothing is said.

    Raises:
        UnavailableError: the worker is down or loading.
    """
    with inference() as client:
        served = await client.capabilities()
    sets: dict[str, list[str]] = defaultdict(list)
    here = served.sources if model_id in (served.model, *served.models) else []
    for source_id in await reach.listed_of(model_id, here):
        sets[layer_and_set(source_id)[1]].append(source_id)
    return dict(sets)


async def search(
    model_id: str,
    text: str,
    set_name: str,
    *,
    source_ids: Sequence[str] = (),
    sort_by: Sequence[int] = (),
    density: float = 0.0,
    limit: int = 50,
) -> TextSearch:
    """The strongest features of a text.

    Args:
        source_ids: sources of the set; none: all of them.
        sort_by: rank by the sum over these tokens, BOS counted; none: by the largest activation.
        density: leave out features that fire on a larger share of tokens; 0: leave none out.
        limit: how many at most, 1 to 100.

    Raises:
        BadInputError, NotFoundError: what was asked for cannot be right; `field` names it.
        UnavailableError: the worker is down, loading or busy.
    """
    with _only_text():
        found = await search_each(
            model_id, [text], set_name, source_ids=source_ids, sort_by=sort_by, density=density, limit=limit
        )
    return found[0]


async def search_each(
    model_id: str,
    texts: Sequence[str],
    set_name: str,
    *,
    source_ids: Sequence[str] = (),
    sort_by: Sequence[int] = (),
    density: float = 0.0,
    limit: int = 50,
) -> list[TextSearch]:
    """As `search`, of one to four texts; what is wrong with one is named as `text.2`."""
    prompts = _texts(texts)
    _require_between("limit", limit, 1, MAX_FOUND)
    await rates.take("search-all")
    chosen = list(source_ids) or (await served_sets(model_id)).get(set_name, [])
    exclude = await too_dense(model_id, chosen, density)
    request = ActivationAllBatchRequest(
        model=model_id,
        source_set=set_name,
        selected_sources=chosen,
        sort_by_token_indexes=list(sort_by),
        num_results=limit,
        prompts=prompts,
        exclude=exclude,
    )
    with inference(_FIELDS) as client:
        answers = (await client.search_batch(request)).results
    known = await facts(model_id, [(one.source, one.index) for answer in answers for one in answer.activations])
    return [_text_search(model_id, answer, sorted(set(sort_by)), known) for answer in answers]


async def top_by_token(
    model_id: str, source_id: str, text: str, *, density: float = 0.0, limit: int = 10, ignore_bos: bool = True
) -> TokenSearch:
    """The strongest features of a source at each token of a text; arguments and errors as `search`'s.

    Args:
        limit: features a token, 1 to 20.
        ignore_bos: leave a BOS that was put before the text out of the results; it never counts.
    """
    with _only_text():
        found = await top_by_token_each(
            model_id, source_id, [text], density=density, limit=limit, ignore_bos=ignore_bos
        )
    return found[0]


async def top_by_token_each(
    model_id: str,
    source_id: str,
    texts: Sequence[str],
    *,
    density: float = 0.0,
    limit: int = 10,
    ignore_bos: bool = True,
) -> list[TokenSearch]:
    """As `top_by_token`, of one to four texts."""
    prompts = _texts(texts)
    _require_between("limit", limit, 1, MAX_A_TOKEN)
    await rates.take("search-topk")
    exclude = await too_dense(model_id, [source_id], density)
    request = ActivationTopkByTokenBatchRequest(
        model=model_id,
        source=source_id,
        top_k=limit,
        ignore_bos=ignore_bos,
        prompts=prompts,
        exclude=exclude.get(source_id, []),
    )
    with inference(_FIELDS) as client:
        answers = (await client.top_by_token_batch(request)).results
    shown = {top.feature_index for answer in answers for one in answer.results for top in one.top_features}
    known = await facts(model_id, [(source_id, index) for index in shown])
    return [_token_search(model_id, source_id, answer, known) for answer in answers]


async def active_features(model_id: str, source_id: str, texts: Sequence[str]) -> list[ActiveFeatures]:
    """Every feature of a source that is active on each of one to four texts; errors as `search`'s."""
    request = ActivationSourceRequest(model=model_id, source=source_id, prompts=_texts(texts))
    await rates.take("activation")
    with inference(_FIELDS) as client:
        return (await client.active_features(request)).results


@contextmanager
def _only_text() -> Iterator[None]:
    """What is wrong with the only text is named as `text`."""
    try:
        yield
    except LibraryError as error:
        error.field = "text" if error.field == "text.0" else error.field
        raise


def _texts(texts: Sequence[str]) -> list[str]:
    _require_between("text", len(texts), 1, MAX_TEXTS)
    return [require_text(text, field=f"text.{number}") for number, text in enumerate(texts)]


def _require_between(field: str, number: int, least: int, most: int) -> None:
    if not least <= number <= most:
        raise BadInputError(f"{field}: from {least} to {most} are allowed, not {number}.", field=field)


def _text_search(
    model_id: str, answer: ActivationAllResponse, sort_by: list[int], known: dict[tuple[str, int], FeatureFacts]
) -> TextSearch:
    return TextSearch(
        model_id=model_id,
        tokens=answer.tokens,
        tokens_is_special=answer.tokens_is_special,
        prepend_bos=answer.prepend_bos,
        source_ids=answer.sources,
        sort_by=sort_by,
        features=[
            FoundFeature(
                source_id=one.source,
                index=one.index,
                values=one.values,
                max_value=one.max_value,
                max_value_token_index=one.max_value_index,
                sum_value=one.sum_values,
                facts=known.get((one.source, one.index), UNKNOWN),
                dfa_values=one.dfa_values,
                dfa_target_index=one.dfa_target_index,
                dfa_max_value=one.dfa_max_value,
            )
            for one in answer.activations
        ],
    )


def _token_search(
    model_id: str,
    source_id: str,
    answer: ActivationTopkByTokenResponse,
    known: dict[tuple[str, int], FeatureFacts],
) -> TokenSearch:
    return TokenSearch(
        model_id=model_id,
        source_id=source_id,
        tokens=answer.tokens,
        prepend_bos=answer.prepend_bos,
        results=[
            TokenFeatures(
                position=one.token_position,
                token=one.token,
                is_special=one.is_special,
                features=[
                    TokenFeature(
                        top.feature_index,
                        top.activation_value,
                        known.get((source_id, top.feature_index), UNKNOWN),
                    )
                    for top in one.top_features
                ],
            )
            for one in answer.results
        ],
    )
