"""Vectors of people's own, seen as features: with texts that somebody says they are active on, under one address."""

from __future__ import annotations

from collections.abc import Sequence

from memicos_app.db.session import session
from memicos_app.db.steering import SteerVector
from memicos_app.db.text import storable
from memicos_app.library import blocks, catalog, vectors
from memicos_app.library.activation_views import activation_views
from memicos_app.library.datasets.layout import ActivationLine
from memicos_app.library.errors import NotFoundError
from memicos_app.library.ownership import is_mine
from memicos_app.library.query import reading
from memicos_app.library.upload_rows import packed
from memicos_app.library.views import FeatureView, Histogram, SourceView


async def keep_examples(model_id: str, source_id: str, index: int, lines: Sequence[ActivationLine]) -> int:
    """Keep texts that a vector is active on, in place of those kept before; how many they are.

    Raises:
        NotFoundError: there is no such vector of one's own; features of SAEs get theirs with an upload of features.
    """
    async with session() as opened:
        row = await opened.get(SteerVector, (storable(model_id), storable(source_id), index))
        if row is None or not is_mine(row.creator_id):
            raise NotFoundError(
                f"There is no vector {model_id}/{source_id}/{index}; texts of features come with the features.",
                field="index",
            )
        row.examples = packed(lines, lambda _: None)
        await opened.commit()
    return len(lines)


async def feature_view(model_id: str, source_id: str, index: int) -> FeatureView:
    """A vector as a feature.

    Raises:
        NotFoundError: there is none of this address.
    """
    one = await vectors.get(model_id, source_id, index)
    async with reading() as opened:
        row = await opened.get(SteerVector, (storable(model_id), source_id, index))
    block = blocks.decode(row.examples) if row is not None and row.examples else None
    name = f"{model_id}/{source_id}/{index}"
    activations = activation_views(block, block.windows(), name) if block is not None else []
    none = Histogram([], [])
    return FeatureView(
        model_id=model_id,
        source_id=source_id,
        index=index,
        density=-1.0,
        max_activation=activations[0].max_value if activations else 0.0,
        negative_tokens=[],
        negative_values=[],
        positive_tokens=[],
        positive_values=[],
        activation_histogram=none,
        logits_histogram=none,
        similar=[],
        correlated_indices=[],
        correlated_pearson=[],
        correlated_l1=[],
        activations=activations,
        explanations=[],
        previous_index=None,
        next_index=None,
        has_vector=True,
        extra={
            "vector": one.values,
            "vectorLabel": one.label,
            "hookName": one.hook_name,
            "vectorDefaultSteerStrength": one.default_strength,
        },
        source=await _source(one),
        made_from={},
        saelens_config={},
        default_range=1,
        default_show_breaks=True,
    )


async def _source(one: vectors.Vector) -> SourceView:
    """The vectors at a hook point, as a source; raises `NotFoundError` where their model is gone."""
    await catalog.model(one.model_id)
    layer, set_name = one.source_id.split("-", 1)
    return SourceView(
        model_id=one.model_id,
        id=one.source_id,
        set_name=set_name,
        layer=int(layer),
        hook_name=one.hook_name,
        description="Vectors of people's own",
        state="ready",
        n_features=0,
        n_dashboards=0,
        n_explained=0,
        evaluation={},
    )
