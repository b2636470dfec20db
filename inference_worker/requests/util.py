"""What an SAE holds, without a text."""

from __future__ import annotations

from inference_worker.requests.engine import Engine, require_model
from inference_worker.wire.util import FeatureVectorRequest, FeatureVectorResponse


def vector(engine: Engine, request: FeatureVectorRequest) -> FeatureVectorResponse:
    """What steering with a feature adds."""
    require_model(engine, request.model)
    loaded = engine.saes.get(request.source)
    direction = loaded.direction(request.index)
    return FeatureVectorResponse(
        vector=direction.tolist(), norm=float(direction.norm()), hook_name=loaded.steer_hook_name
    )
