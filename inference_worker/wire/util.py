"""What an SAE holds: directions, how alike they are, and how alike a text's tokens are to it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from inference_worker.wire.base import Wire

MAX_SIMILAR = 1000
MAX_MATCHED = 100_000

VectorKind = Literal["decoder", "encoder", "both"]


class FeatureVectorRequest(Wire):
    model: str
    source: str
    index: int
    which: VectorKind = "decoder"


class FeatureVectorResponse(Wire):
    """A feature's direction: what steering adds (decoder row) or what it reads (encoder column), and its norm.

    With `which: both`, `vector` is the decoder's and `encoder_vector` the encoder's.
    """

    vector: list[float]
    norm: float
    hook_name: str
    """Where `vector` belongs: a transcoder reads and writes at different places."""
    which: VectorKind = "decoder"
    space: str = ""
    """Directions can be compared where this is the same."""
    encoder_vector: list[float] | None = None
    encoder_norm: float | None = None
    encoder_hook_name: str | None = None


class FeatureRef(Wire):
    model: str
    source: str
    index: int


class CossimRequest(Wire):
    """The features of `source` whose decoder directions are most alike to a feature's, or to a vector."""

    model: str
    source: str
    """Whose features are compared."""
    feature: FeatureRef | None = None
    """May be of another source that writes to the same space."""
    vector: list[float] | None = None
    num_results: Annotated[int, Field(ge=1, le=MAX_SIMILAR)] = 10


class SimilarFeature(Wire):
    feature: FeatureRef
    cosine_similarity: float


class CossimResponse(Wire):
    """Most alike first; a feature is its own best match in its own source."""

    feature: FeatureRef | None = None
    topk_decoder_cossim_features: list[SimilarFeature]


class DecoderMatchRequest(Wire):
    """For each feature of `source` the one of `target` whose decoder direction is most alike, and back."""

    model: str
    source: str
    target: str
    features: Annotated[list[int], Field(min_length=1, max_length=MAX_MATCHED)] | None = None
    """Only these of `source`; left out: all."""


class DecoderMatchResponse(Wire):
    """Best matches by place: `indices[i]` is the feature of `target` for the i-th feature of `source`."""

    source: str
    target: str
    features: list[int] | None = None
    """The features of `source` that were compared; null: all, in order."""
    indices: list[int]
    cosines: list[float]
    target_indices: list[int]
    """For each feature of `target`, the compared feature of `source` that is most alike."""
    target_cosines: list[float]


class SimilarityMatrixRequest(Wire):
    model_id: str
    source_id: str
    text: str
    index: int | None = None
    """Checked, and not used otherwise: the matrix is of the whole source."""


class SimilarityMatrixResponse(Wire):
    """How alike the tokens are in what the SAE predicts from their context: cosine, `[token, token]`, without BOS."""

    similarity_matrix: list[list[float]]
    tokens: list[str]
