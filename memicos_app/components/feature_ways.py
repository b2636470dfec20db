"""From an address to a feature, or to what is near it."""

from __future__ import annotations

from memicos_app.components.empty import Suggestion
from memicos_app.components.feature_address import feature_path, source_path
from memicos_app.library import catalog, features
from memicos_app.library.errors import NotFoundError
from memicos_app.library.neighbours import neighbours
from memicos_app.library.views import FeatureView, SourceView

LARGEST_INDEX = 2**31 - 1


def index_of(text: str) -> int | None:
    """The index that a part of an address means, or None."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else LARGEST_INDEX + 1
    return number if number <= LARGEST_INDEX else None


async def read(model_id: str, source_id: str, text: str) -> FeatureView:
    """The feature of an address.

    Raises:
        NotFoundError: there is none, or `text` is no index.
    """
    index = index_of(text)
    if index is None:
        raise NotFoundError(
            f"The last part of this address should be an index; “{text[:40]}” is none.", field="index"
        )
    return await features.feature(model_id, source_id, index)


async def ways_on(model_id: str, source_id: str, text: str) -> list[Suggestion]:
    """Where to go from an address without a feature: the nearest ones, the source, else what there is."""
    index = index_of(text)
    near = [] if index is None else await neighbours(model_id, source_id, index)
    ways = [
        Suggestion(
            words=words or f"Feature {number}", note=str(number), href=feature_path(model_id, source_id, number)
        )
        for number, words in near
    ]
    return ways + await sources_near(model_id, source_id)


async def sources_near(model_id: str, source_id: str) -> list[Suggestion]:
    """The source itself where it exists, else the model's sources, else the models."""
    try:
        sources = [source for one in await catalog.source_sets(model_id) for source in one.sources]
    except NotFoundError:
        return [Suggestion(words=one.display_name, note="model", href=f"/{one.id}") for one in await catalog.models()]
    chosen = [source for source in sources if source.id == source_id] or sources
    return [
        Suggestion(words=source_words(one), note=one.hook_name, href=source_path(model_id, one.id)) for one in chosen
    ]


def source_words(source: SourceView) -> str:
    return f"All {source.n_dashboards:,} features of {source.id}" if source.n_dashboards else source.id
