"""Reading features: one with everything known of it, its vector, a random one; lists are in `feature_lists.py`."""

from __future__ import annotations

import random
from typing import Any

from inference_worker.wire.util import FeatureVectorRequest, FeatureVectorResponse
from memicos_app.db.text import original, original_json, originals
from memicos_app.library import blocks, catalog, explanations, histograms, sequences, vector_features, vectors
from memicos_app.library.activation_views import activation_views
from memicos_app.library.errors import NotFoundError
from memicos_app.library.feature_lists import feature_list, search_text
from memicos_app.library.inference import inference
from memicos_app.library.query import Row, reading, row, rows, rows_in
from memicos_app.library.views import ActivationView, ExplanationView, FeatureView, SimilarFeature
from memicos_app.library.visibility import listed

__all__ = ["activation_views", "feature", "feature_list", "random_feature", "search_text", "vector"]

_ATTEMPTS = 3
_FEATURE = f"""
    SELECT {catalog.READY_COLUMNS}, s.saelens_config, s.made_from, s.dataset, s.num_prompts, s.num_tokens_in_prompt,
           t.default_range, t.default_show_breaks, f.generation_id, f.index, f.density, f.max_activation,
           f.negative_tokens, f.negative_values, f.positive_tokens, f.positive_values, f.histograms,
           f.similar_indices, f.similar_cosines, f.correlated_indices, f.correlated_pearson, f.correlated_l1,
           f.has_vector, f.extra, e.block,
           (SELECT max(p.index) FROM features AS p
            WHERE p.generation_id = f.generation_id AND p.index < f.index) AS previous,
           (SELECT min(p.index) FROM features AS p
            WHERE p.generation_id = f.generation_id AND p.index > f.index) AS next,
           (SELECT jsonb_object_agg(l.index, l.description) FROM feature_labels AS l
            WHERE l.generation_id = f.generation_id AND l.index = ANY(f.similar_indices)) AS similar_labels
    FROM {catalog.SOURCES}
    JOIN source_sets AS t ON t.model_id = s.model_id AND t.name = s.set_name
    JOIN features AS f ON f.generation_id = s.current_generation AND f.index = :index
    LEFT JOIN feature_examples AS e ON e.generation_id = f.generation_id AND e.index = f.index
    WHERE s.model_id = :model AND s.id = :source
"""


async def feature(model_id: str, source_id: str, index: int) -> FeatureView:
    """Everything known of one feature.

    Raises:
        NotFoundError: no such model, source or feature; the message says which and where to look.
    """
    if vectors.is_vector(source_id):
        return await vector_features.feature_view(model_id, source_id, index)
    for _ in range(_ATTEMPTS):
        async with reading() as session:
            found = await rows_in(session, _FEATURE, model=model_id, source=source_id, index=index)
            explained = await explanations.for_feature(model_id, source_id, index, session=session)
        if not found:
            break
        try:
            return _view(found[0], await _activations(found[0]), explained)
        except sequences.GenerationGone:
            continue
    raise await _missing(model_id, source_id, index)


async def vector(model_id: str, source_id: str, index: int) -> FeatureVectorResponse:
    """The direction that steering with a feature adds, from the feature itself or from the worker's SAE.

    Raises:
        NotFoundError: no such feature.
        UnavailableError: the worker is needed and down, or does not have this SAE loaded.
    """
    if vectors.is_vector(source_id):
        one = await vectors.get(model_id, source_id, index)
        return FeatureVectorResponse(vector=one.values, norm=_norm(one.values), hook_name=one.hook_name)
    own = await row(
        """
        SELECT f.extra, s.hook_name FROM sources AS s JOIN features AS f ON f.generation_id = s.current_generation
        WHERE s.model_id = :model AND s.id = :source AND f.index = :index AND f.has_vector
        """,
        model=model_id,
        source=source_id,
        index=index,
    )
    if own is not None and own["extra"].get("vector"):
        values = [float(value) for value in own["extra"]["vector"]]
        hook_name = own["extra"].get("hookName") or own["hook_name"]
        return FeatureVectorResponse(vector=values, norm=_norm(values), hook_name=hook_name)
    with inference({"model": "model_id", "source": "source_id"}) as client:
        return await client.vector(FeatureVectorRequest(model=model_id, source=source_id, index=index))


def _norm(values: list[float]) -> float:
    return float(sum(value * value for value in values) ** 0.5)


async def random_feature(model_id: str | None = None, source_id: str | None = None) -> tuple[str, str, int]:
    """Address of some live feature: of everything, of a model, or of a source.

    Raises:
        NotFoundError: there is no feature to choose from.
    """
    choices = await rows(
        f"""
        SELECT s.model_id, s.id, s.current_generation, g.n_features
        FROM sources AS s JOIN source_generations AS g ON g.id = s.current_generation
        WHERE g.n_features > 0 AND ({listed("s")} OR s.id = :source)
          AND (s.model_id = :model OR {listed("s", "shown")})
          AND (CAST(:model AS text) IS NULL OR s.model_id = :model)
          AND (CAST(:source AS text) IS NULL OR s.id = :source)
        """,
        model=model_id,
        source=source_id,
    )
    if not choices:
        raise NotFoundError("There are no features to choose from.", field="source_id" if source_id else "model_id")
    chosen = random.choices(choices, [one["n_features"] for one in choices])[0]
    index = await _random_index(chosen["current_generation"])
    return chosen["model_id"], chosen["id"], index


async def _random_index(generation_id: int) -> int:
    """The first live feature from a random place on; the largest indices wrap to the smallest."""
    found = await row(
        """
        WITH bounds AS (SELECT min(index) AS low, max(index) AS high FROM features WHERE generation_id = :generation),
        start AS (SELECT low + floor(:part * (high - low + 1))::int AS index FROM bounds)
        SELECT coalesce(
            (SELECT f.index FROM features AS f, start WHERE f.generation_id = :generation AND f.index >= start.index
             AND f.max_activation > 0 ORDER BY f.index LIMIT 1),
            (SELECT min(f.index) FROM features AS f WHERE f.generation_id = :generation AND f.max_activation > 0),
            (SELECT low FROM bounds)
        ) AS index
        """,
        generation=generation_id,
        part=random.random(),
    )
    if found is None or found["index"] is None:
        raise NotFoundError("There are no features to choose from.", field="source_id")
    return int(found["index"])


async def _missing(model_id: str, source_id: str, index: int) -> NotFoundError:
    """Why there is no such feature, in a sentence that helps."""
    detail = await catalog.source(model_id, source_id)
    name = f"{model_id}/{source_id}"
    if detail.source.state != "ready":
        return NotFoundError(f"Source {name} has no dashboards here yet; import it first.", field="source_id")
    near = await rows(
        """
        SELECT f.index FROM sources AS s JOIN features AS f ON f.generation_id = s.current_generation
        WHERE s.model_id = :model AND s.id = :source ORDER BY abs(f.index - :index) LIMIT 2
        """,
        model=model_id,
        source=source_id,
        index=index,
    )
    if index >= detail.source.n_features:
        return NotFoundError(f"Source {name} has features 0 to {detail.source.n_features - 1}.", field="index")
    nearest = " and ".join(str(one["index"]) for one in sorted(near, key=lambda one: int(one["index"])))
    return NotFoundError(
        f"Feature {index} of {name} has no dashboard: it is dead or fires too rarely. Nearest are {nearest}.",
        field="index",
    )


async def _activations(found: Row) -> list[ActivationView]:
    if found["block"] is None:
        return []
    block = blocks.decode(bytes(found["block"]))
    windows = await sequences.windows(found["generation_id"], block)
    return activation_views(block, windows, f"{found['model_id']}/{found['id']}/{found['index']}")


def _view(one: Row, activations: list[ActivationView], explained: list[ExplanationView]) -> FeatureView:
    activation_histogram, logits_histogram = histograms.unpack(bytes(one["histograms"]))
    return FeatureView(
        model_id=one["model_id"],
        source_id=one["id"],
        index=one["index"],
        density=one["density"],
        max_activation=one["max_activation"],
        negative_tokens=originals(one["negative_tokens"]),
        negative_values=list(one["negative_values"]),
        positive_tokens=originals(one["positive_tokens"]),
        positive_values=list(one["positive_values"]),
        activation_histogram=activation_histogram,
        logits_histogram=logits_histogram,
        similar=_similar(one),
        correlated_indices=list(one["correlated_indices"]),
        correlated_pearson=list(one["correlated_pearson"]),
        correlated_l1=list(one["correlated_l1"]),
        activations=activations,
        explanations=explained,
        previous_index=one["previous"],
        next_index=one["next"],
        has_vector=one["has_vector"],
        extra=original_json(one["extra"]),
        source=catalog.source_view(one),
        made_from=catalog.made_from(one),
        saelens_config=original_json(one["saelens_config"]),
        default_range=one["default_range"],
        default_show_breaks=one["default_show_breaks"],
    )


def _similar(one: Row) -> list[SimilarFeature]:
    labels: dict[str, Any] = one["similar_labels"] or {}
    return [
        SimilarFeature(index, cosine, original(labels.get(str(index), "")))
        for index, cosine in zip(one["similar_indices"], one["similar_cosines"], strict=False)
    ]
