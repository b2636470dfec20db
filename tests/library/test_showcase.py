"""Features to begin with are explained ones, and the panel on the home page always finds some."""

from __future__ import annotations

from memicos_app.library import presets, showcase
from memicos_app.library.presets import Preset, PresetFeature
from tests.api import dataset


async def test_features_of_the_source_with_their_explanations(imported: str) -> None:
    hits = await showcase.showcase(dataset.MODEL, dataset.SOURCE, 2)
    assert len(hits) == 2
    assert all(hit.explanation and hit.index in dataset.INDICES for hit in hits)


async def test_those_of_presets_come_first_with_their_strength(imported: str) -> None:
    parts = {"a": (4000, 120.0), "b": (999_999, 5.0), "c": (10, -7.5)}
    kept = [
        await presets.save(
            Preset(dataset.MODEL, name, name, rank=rank, features=[PresetFeature(dataset.SOURCE, *part)])
        )
        for rank, (name, part) in enumerate(parts.items())
    ]
    hits = await showcase.showcase(dataset.MODEL, dataset.SOURCE)
    assert [(hit.index, hit.strength) for hit in hits] == [(4000, 120.0), (10, -7.5), (0, None)]
    for one in kept:
        await presets.remove(one.id)


async def test_a_source_that_is_not_here_has_none(imported: str) -> None:
    assert await showcase.showcase("no-model", "0-none") == []


async def test_a_random_row_is_a_row_of_its_list(imported: str) -> None:
    drawn = await showcase.random_row()
    assert drawn is not None
    model_id, source_id, row = drawn
    assert (model_id, source_id) == (dataset.MODEL, dataset.SOURCE)
    assert row.index in dataset.INDICES
    assert row.tokens
