"""Addresses of what is steered, sorted: features of SAEs stay addresses, vectors of people's own become numbers."""

from __future__ import annotations

from collections.abc import Sequence

from memicos_app.library import vectors
from memicos_app.library.errors import LibraryError
from memicos_app.library.steering import SteeredFeature, SteeredVector


async def sorted_out(parts: Sequence[SteeredFeature]) -> tuple[list[SteeredFeature], list[SteeredVector]]:
    """Features and vectors of a list of addresses, each in the order given.

    Raises:
        NotFoundError: there is no such vector; `field` says which of the list.
    """
    features = [one for one in parts if not vectors.is_vector(one.source_id)]
    found = [await _vector(number, one) for number, one in enumerate(parts) if vectors.is_vector(one.source_id)]
    return features, found


async def _vector(number: int, part: SteeredFeature) -> SteeredVector:
    try:
        kept = await vectors.get(part.model_id, part.source_id, part.index)
    except LibraryError as error:
        error.field = f"features.{number}.{error.field}" if error.field else f"features.{number}"
        raise
    return SteeredVector(kept.values, part.strength, kept.hook_name, kept.label)
