"""Which features tell two sets of texts apart, over sources: one reading of all texts, one ranking a side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from inference_worker.engine.contrast import Separation, farthest, measured, separation, values_on
from inference_worker.engine.saes import LoadedSae
from inference_worker.engine.together import Shared
from inference_worker.requests.engine import Engine, dtype_name, require_model
from inference_worker.requests.search import require_indices, sources_of
from inference_worker.requests.texts import ReadText, read, tokens_of
from inference_worker.wire.contrast import ContrastFeature, ContrastRequest, ContrastResponse, ContrastText, OnText


def contrast(engine: Engine, request: ContrastRequest) -> Shared[ContrastResponse]:
    """The features of each side that tell it most from the other."""
    require_model(engine, request.model)
    sources = sources_of(engine, request)
    sides = (("first", request.first), ("second", request.second))
    each = [
        tokens_of(engine, text, request.prepend_bos, f"{side}.{number}")
        for side, texts in sides
        for number, text in enumerate(texts)
    ]
    texts = yield from read(engine, each, [engine.saes.get(source).hook_name for source in sources])
    ranking = _Ranking(request, texts)
    for source in sources:
        loaded = engine.saes.get(source)
        require_indices(request.exclude.get(source, []), loaded)
        yield from ranking.add(loaded)
    return ranking.answer(sources, dtype_name(engine))


@dataclass(frozen=True, slots=True)
class _Measured:
    """What a source's features do on the texts."""

    loaded: LoadedSae
    values: torch.Tensor
    """`[n_texts, d_sae]`, the first side's texts first."""
    apart: Separation


class _Ranking:
    """The features of each side over the sources seen so far; earlier sources win where separations are equal."""

    def __init__(self, request: ContrastRequest, texts: Sequence[ReadText]) -> None:
        self._request, self._texts = request, texts
        self._n_first = len(request.first)
        self._first: list[ContrastFeature] = []
        self._second: list[ContrastFeature] = []
        self._typical: dict[str, float] = {}
        self._counts = [torch.zeros(len(text.ids), dtype=torch.bool) for text in texts]

    def add(self, loaded: LoadedSae) -> Shared[None]:
        """Rank a source's features among those found so far."""
        rows = []
        for text in self._texts:
            row = yield from measured(text.at(loaded.hook_name), loaded, self._request.measure)
            rows.append(row)
        values = torch.stack(rows)
        found = _Measured(loaded, values, separation(values[: self._n_first], values[self._n_first :]))
        self._first = self._merged(self._first, found, found.apart.score)
        self._second = self._merged(self._second, found, -found.apart.score)
        self._typical[loaded.source_id] = found.apart.typical
        for counts, text in zip(self._counts, self._texts, strict=True):
            counts |= text.counts(loaded).cpu()

    def _merged(self, before: list[ContrastFeature], found: _Measured, scores: torch.Tensor) -> list[ContrastFeature]:
        exclude, k = self._request.exclude.get(found.loaded.source_id, []), self._request.num_results
        more = self._features(found, farthest(scores, k, exclude))
        return sorted([*before, *more], key=lambda one: -abs(one.separation))[:k]

    def _features(self, found: _Measured, indices: torch.Tensor) -> list[ContrastFeature]:
        loaded, apart = found.loaded, found.apart
        acts = [values_on(text.at(loaded.hook_name), loaded, indices) for text in self._texts]
        made = []
        for place, index in enumerate(indices.tolist()):
            on = [
                OnText(value=value, active=_active(one[:, place]))
                for value, one in zip(found.values[:, index].tolist(), acts, strict=True)
            ]
            made.append(
                ContrastFeature(
                    source=loaded.source_id,
                    index=index,
                    separation=apart.score[index].item(),
                    first_mean=apart.first_mean[index].item(),
                    second_mean=apart.second_mean[index].item(),
                    spread=apart.spread[index].item(),
                    on_first=on[: self._n_first],
                    on_second=on[self._n_first :],
                )
            )
        return made

    def answer(self, sources: list[str], dtype: str) -> ContrastResponse:
        """The answer for both sides."""
        texts = [_text(*pair) for pair in zip(self._texts, self._counts, strict=True)]
        return ContrastResponse(
            first=self._first,
            second=self._second,
            first_texts=texts[: self._n_first],
            second_texts=texts[self._n_first :],
            sources=sources,
            typical=self._typical,
            dtype=dtype,
        )


def _active(values: torch.Tensor) -> list[tuple[int, float]]:
    places = values.nonzero()[:, 0]
    return list(zip(places.tolist(), values[places].tolist(), strict=True))


def _text(text: ReadText, counts: torch.Tensor) -> ContrastText:
    return ContrastText(
        tokens=text.tokens.strings,
        token_ids=text.tokens.ids,
        tokens_is_special=(~counts).tolist(),
        prepend_bos=text.tokens.prepend_bos,
    )
