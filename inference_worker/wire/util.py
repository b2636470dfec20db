"""What an SAE holds, without a text."""

from __future__ import annotations

from inference_worker.wire.base import Wire


class FeatureVectorRequest(Wire):
    model: str
    source: str
    index: int


class FeatureVectorResponse(Wire):
    """Decoder direction of a feature: what steering adds, `[d_model]`, and its norm."""

    vector: list[float]
    norm: float
    hook_name: str
