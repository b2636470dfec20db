"""What an SAE holds: directions, how alike they are, and how alike a text's tokens are to it."""

from __future__ import annotations

import torch

from inference_worker.engine.directions import Direction, decoder, encoder, likest, predicted_similarity
from inference_worker.engine.errors import BadInput, Unknown
from inference_worker.engine.matching import best_matches
from inference_worker.engine.together import Shared
from inference_worker.requests.engine import Engine, require_model
from inference_worker.requests.texts import read, tokens_of
from inference_worker.wire.util import (
    CossimRequest,
    CossimResponse,
    DecoderMatchRequest,
    DecoderMatchResponse,
    FeatureRef,
    FeatureVectorRequest,
    FeatureVectorResponse,
    SimilarFeature,
    SimilarityMatrixRequest,
    SimilarityMatrixResponse,
)


def vector(engine: Engine, request: FeatureVectorRequest) -> FeatureVectorResponse:
    """What steering with a feature adds, what the feature reads, or both."""
    require_model(engine, request.model)
    loaded = engine.saes.get(request.source)
    main = encoder(loaded, request.index) if request.which == "encoder" else decoder(loaded, request.index)
    answer = FeatureVectorResponse(
        vector=main.vector.tolist(),
        norm=main.norm,
        hook_name=main.hook_name,
        which=request.which,
        space=main.space,
    )
    if request.which == "both":
        read_by = encoder(loaded, request.index)
        answer.encoder_vector, answer.encoder_norm = read_by.vector.tolist(), read_by.norm
        answer.encoder_hook_name = read_by.hook_name
    return answer


def similar(engine: Engine, request: CossimRequest) -> CossimResponse:
    """The features of a source whose decoder directions are most alike to a feature's or to a vector."""
    require_model(engine, request.model)
    loaded = engine.saes.get(request.source)
    direction = _direction(engine, request, decoder(loaded, 0).hook_name)
    indices, cosines = likest(direction, loaded, request.num_results)
    return CossimResponse(
        feature=request.feature,
        topk_decoder_cossim_features=[
            SimilarFeature(
                feature=FeatureRef(model=request.model, source=request.source, index=index), cosine_similarity=cosine
            )
            for index, cosine in zip(indices, cosines, strict=True)
        ],
    )


def matches(engine: Engine, request: DecoderMatchRequest) -> Shared[DecoderMatchResponse]:
    """For each feature of two sources the one of the other that is most alike."""
    require_model(engine, request.model)
    first = engine.saes.get(request.source)
    try:
        second = engine.saes.get(request.target)
    except Unknown as error:
        raise Unknown(error.message, field="target") from None
    there, back = yield from best_matches(first, second, request.features)
    return DecoderMatchResponse(
        source=request.source,
        target=request.target,
        features=request.features,
        indices=there.indices.tolist(),
        cosines=[round(cosine, 6) for cosine in there.cosines.tolist()],
        target_indices=back.indices.tolist(),
        target_cosines=[round(cosine, 6) for cosine in back.cosines.tolist()],
    )


def similarity_matrix(engine: Engine, request: SimilarityMatrixRequest) -> Shared[SimilarityMatrixResponse]:
    """How alike a text's tokens are in what a temporal SAE predicts from their context."""
    require_model(engine, request.model_id, "model_id")
    try:
        loaded = engine.saes.get(request.source_id)
    except Unknown as error:
        raise Unknown(error.message, field="source_id") from None
    if request.index is not None:
        loaded.require(request.index)
    tokens = tokens_of(engine, request.text, None, "text")
    (text,) = yield from read(engine, [tokens], [loaded.hook_name])
    first = 1 if tokens.ids[0] == engine.model.bos_id else 0
    matrix = predicted_similarity(text.captured[loaded.hook_name], loaded, first)
    return SimilarityMatrixResponse(similarity_matrix=matrix.tolist(), tokens=tokens.strings[first:])


def _direction(engine: Engine, request: CossimRequest, hook_name: str) -> Direction:
    if (request.feature is None) == (request.vector is None):
        raise BadInput("Give either a feature or a vector.", field="feature")
    if request.vector is not None:
        return Direction(torch.tensor(request.vector, dtype=torch.float32), hook_name)
    assert request.feature is not None
    require_model(engine, request.feature.model, "feature.model")
    try:
        return decoder(engine.saes.get(request.feature.source), request.feature.index)
    except Unknown as error:
        raise Unknown(error.message, field=f"feature.{error.field}") from None
