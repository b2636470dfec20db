"""Which features are active on a text: over sources, in one source, and token by token."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

import torch

from inference_worker.engine.attention import head_hooks
from inference_worker.engine.errors import BadInput, Unknown
from inference_worker.engine.saes import LoadedSae, set_name
from inference_worker.engine.search import Strongest, active, strongest, strongest_by_token
from inference_worker.engine.together import Shared
from inference_worker.engine.tokens import Tokens
from inference_worker.requests.activations import attribution_of
from inference_worker.requests.engine import Engine, dtype_name, require_model
from inference_worker.requests.texts import ReadText, read, tokens_of, tokens_of_each
from inference_worker.wire.search import (
    ActivationAllBatchRequest,
    ActivationAllBatchResponse,
    ActivationAllRequest,
    ActivationAllResponse,
    ActivationSourceRequest,
    ActivationSourceResponse,
    ActivationTopkByTokenBatchRequest,
    ActivationTopkByTokenBatchResponse,
    ActivationTopkByTokenRequest,
    ActivationTopkByTokenResponse,
    ActiveFeatures,
    FoundFeature,
    SearchOptions,
    SourceOptions,
    TokenTopFeatures,
    TopFeature,
    TopkOptions,
)

T = TypeVar("T")

TOP_K = 5


def search(engine: Engine, request: ActivationAllRequest) -> Shared[ActivationAllResponse]:
    """The strongest features of a text over sources."""
    require_model(engine, request.model)
    sources = sources_of(engine, request)
    each = [tokens_of(engine, request.prompt, request.prepend_bos)]
    (found,) = yield from _searched(engine, request, sources, each)
    return found


def search_batch(engine: Engine, request: ActivationAllBatchRequest) -> Shared[ActivationAllBatchResponse]:
    """As `search`, of several texts."""
    require_model(engine, request.model)
    sources = sources_of(engine, request)
    each = tokens_of_each(engine, request.prompts, request.prepend_bos)
    results = yield from _searched(engine, request, sources, each)
    return ActivationAllBatchResponse(results=results)


def active_features(engine: Engine, request: ActivationSourceRequest) -> Shared[ActivationSourceResponse]:
    """Every feature of a source that is active on each of several texts."""
    require_model(engine, request.model)
    loaded = engine.saes.get(request.source)
    each = tokens_of_each(engine, request.prompts, request.prepend_bos)
    texts = yield from read(engine, each, [loaded.hook_name])
    results = yield from _each(_active(loaded, text) for text in texts)
    return ActivationSourceResponse(results=results)


def top_by_token(engine: Engine, request: ActivationTopkByTokenRequest) -> Shared[ActivationTopkByTokenResponse]:
    """The strongest features of a source at each token of a text."""
    require_model(engine, request.model)
    loaded = engine.saes.get(request.source)
    each = [tokens_of(engine, request.prompt, request.prepend_bos)]
    (found,) = yield from _by_token(engine, request, loaded, each)
    return found


def top_by_token_batch(
    engine: Engine, request: ActivationTopkByTokenBatchRequest
) -> Shared[ActivationTopkByTokenBatchResponse]:
    """As `top_by_token`, of several texts."""
    require_model(engine, request.model)
    loaded = engine.saes.get(request.source)
    each = tokens_of_each(engine, request.prompts, request.prepend_bos)
    results = yield from _by_token(engine, request, loaded, each)
    return ActivationTopkByTokenBatchResponse(results=results)


def sources_of(engine: Engine, request: SourceOptions) -> list[str]:
    """Sources that a request looks through. Raises `Unknown` for one that is not there, also in `exclude`."""
    of_set = [source for source in engine.saes.sources() if set_name(source) == request.source_set]
    if not of_set:
        raise Unknown(
            f"There is no source set {request.source_set} for {engine.model.name} here.", field="source_set"
        )
    for number, source in enumerate(request.selected_sources):
        if source not in of_set:
            message = f"There is no source {source} in the set {request.source_set} here."
            raise Unknown(message, field=f"selected_sources.{number}")
    sources = list(dict.fromkeys(request.selected_sources)) or of_set
    for source in request.exclude:
        if source not in of_set:
            raise Unknown(f"There is no source {source} in the set {request.source_set} here.", field="exclude")
    return sources


def _searched(
    engine: Engine, request: SearchOptions, sources: Sequence[str], each: Sequence[Tokens]
) -> Shared[list[ActivationAllResponse]]:
    for tokens in each:
        _require_positions(request.sort_by_token_indexes, len(tokens.ids))
    texts = yield from read(engine, each, _hooks(engine, sources))
    rankings = [_Ranking(request, text) for text in texts]
    for source in sources:
        loaded = engine.saes.get(source)
        require_indices(request.exclude.get(source, []), loaded)
        for ranking in rankings:
            yield from ranking.add(loaded)
    return [ranking.answer(dtype_name(engine)) for ranking in rankings]


def _hooks(engine: Engine, sources: Sequence[str]) -> list[str]:
    hooks = []
    for source in sources:
        loaded = engine.saes.get(source)
        hooks.append(loaded.hook_name)
        if heads := head_hooks(loaded):
            hooks += [heads.values, heads.pattern]
    return hooks


class _Ranking:
    """The strongest features of one text over the sources seen so far; earlier sources win where keys are equal."""

    def __init__(self, request: SearchOptions, text: ReadText) -> None:
        self._request, self._text = request, text
        self._at = sorted(set(request.sort_by_token_indexes))
        self._sources: list[str] = []
        self._best: Strongest | None = None
        self._given: dict[tuple[int, int], list[float]] = {}
        self._counts = torch.zeros(len(text.ids), dtype=torch.bool)

    def add(self, loaded: LoadedSae) -> Shared[None]:
        """Rank a source's features among those found so far."""
        number, k = len(self._sources), self._request.num_results
        exclude = self._request.exclude.get(loaded.source_id, [])
        text = self._text.at(loaded.hook_name)
        found = yield from strongest(text, loaded, k, number=number, at=self._at, exclude=exclude)
        self._sources.append(loaded.source_id)
        self._counts |= self._text.counts(loaded).cpu()
        self._best = found if self._best is None else self._best.merged(found, k)
        if head_hooks(loaded):
            self._attribute(number, loaded, self._best)

    def _attribute(self, number: int, loaded: LoadedSae, best: Strongest) -> None:
        mine = best.sources == number
        indices = best.indices[mine]
        given = attribution_of(self._text, loaded, indices, best.values[:, mine].argmax(0))
        self._given |= {(number, index): one for index, one in zip(indices.tolist(), given.tolist(), strict=True)}

    def answer(self, dtype: str) -> ActivationAllResponse:
        """The answer for the text."""
        tokens = self._text.tokens
        return ActivationAllResponse(
            activations=self._features(),
            tokens=tokens.strings,
            token_ids=tokens.ids,
            tokens_is_special=(~self._counts).tolist(),
            prepend_bos=tokens.prepend_bos,
            sources=self._sources,
            dtype=dtype,
        )

    def _features(self) -> list[FoundFeature]:
        best = self._best
        if best is None:
            return []
        columns = (best.sources, best.indices, best.keys, best.values.T)
        return [self._feature(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    def _feature(self, number: int, index: int, key: float, values: list[float]) -> FoundFeature:
        largest = max(values)
        given = self._given.get((number, index))
        return FoundFeature(
            source=self._sources[number],
            index=index,
            values=values,
            sum_values=key if self._at else 0.0,
            max_value=largest,
            max_value_index=values.index(largest),
            dfa_values=given,
            dfa_target_index=values.index(largest) if given else None,
            dfa_max_value=max(given) if given else None,
        )


def _active(loaded: LoadedSae, text: ReadText) -> Shared[ActiveFeatures]:
    of_feature: dict[str, list[tuple[int, float]]] = defaultdict(list)
    positions, features, values = yield from active(text.at(loaded.hook_name), loaded)
    for position, feature, value in zip(positions.tolist(), features.tolist(), values.tolist(), strict=True):
        of_feature[str(feature)].append((position, value))
    return ActiveFeatures(
        tokens=text.tokens.strings,
        active_features=of_feature,
        tokens_is_special=(~text.counts(loaded)).tolist(),
        prepend_bos=text.tokens.prepend_bos,
    )


def _by_token(
    engine: Engine, request: TopkOptions, loaded: LoadedSae, each: Sequence[Tokens]
) -> Shared[list[ActivationTopkByTokenResponse]]:
    require_indices(request.exclude, loaded)
    texts = yield from read(engine, each, [loaded.hook_name])
    return (yield from _each(_tops(request, loaded, text) for text in texts))


def _each(parts: Iterable[Shared[T]]) -> Shared[list[T]]:
    """One after the other."""
    found = []
    for part in parts:
        one = yield from part
        found.append(one)
    return found


def _tops(request: TopkOptions, loaded: LoadedSae, text: ReadText) -> Shared[ActivationTopkByTokenResponse]:
    k, at = request.top_k or TOP_K, text.at(loaded.hook_name)
    tops = yield from strongest_by_token(at, loaded, k, exclude=request.exclude)
    indices, values = (part.tolist() for part in tops)
    counts = text.counts(loaded).tolist()
    first = 1 if request.ignore_bos and text.tokens.prepend_bos else 0
    results = [
        TokenTopFeatures(
            token_position=place,
            token=text.tokens.strings[place],
            is_special=not counts[place],
            top_features=[
                TopFeature(feature_index=index, activation_value=value)
                for index, value in zip(indices[place], values[place], strict=True)
                if value > 0
            ],
        )
        for place in range(first, len(counts))
    ]
    return ActivationTopkByTokenResponse(
        results=results, tokens=text.tokens.strings, prepend_bos=text.tokens.prepend_bos
    )


def _require_positions(positions: Sequence[int], length: int) -> None:
    for number, position in enumerate(positions):
        if not 0 <= position < length:
            message = f"The text has tokens 0 to {length - 1}, not {position}."
            raise BadInput(message, field=f"sort_by_token_indexes.{number}")


def require_indices(indices: Sequence[int], loaded: LoadedSae) -> None:
    """Raises `BadInput` for a feature to leave out that a source does not have."""
    for index in indices:
        if not 0 <= index < loaded.d_sae:
            raise BadInput(f"{loaded.source_id} has no feature {index} to leave out.", field="exclude")
