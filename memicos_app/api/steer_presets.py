"""Presets of steering over the API, in the shape that published clients read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from memicos_app.api.answers import Json
from memicos_app.api.inputs import Body, Name
from memicos_app.api.rights import needs
from memicos_app.api.steer_shapes import SteerPresetsAnswer
from memicos_app.library import presets, vectors
from memicos_app.library.accounts.rights import Right
from memicos_app.library.presets import Preset
from memicos_app.library.vectors import Vector

router = APIRouter(tags=["steering"], dependencies=[needs(Right.READ)])


class SteerPresets(Body):
    """Of which model."""

    model_id: Name = Field(alias="modelId")


@router.post("/steer/presets", response_model=SteerPresetsAnswer)
async def steer_presets(body: SteerPresets) -> Json:
    """Prompts and features to begin with, and the owner's vectors."""
    found = await presets.of_model(body.model_id)
    prompts = [one for one in found if one.kind == "prompt"]
    features = [preset_json(one) for one in found if one.kind == "features"]
    own = [own_json(one) for one in await vectors.owned(body.model_id)]
    return Json(
        {
            "model": body.model_id,
            "defaultPrompt": prompts[0].prompt if prompts else "",
            "promptPresets": [{"name": one.name, "alias": one.alias, "prompt": one.prompt} for one in prompts],
            "featurePresets": [*features, *own],
            "defaultSelectedFeatures": features[0]["features"] if features else [],
        }
    )


def preset_json(one: Preset) -> dict[str, Any]:
    """A preset of features; `settings` only what it sets."""
    return {
        "name": one.name,
        "alias": one.alias,
        "isUserVector": False,
        "exampleSteerOutputId": None,
        "steerMethod": one.options.get("steer_method"),
        "features": [steered(one.model_id, each.source, each.index, each.strength) for each in one.features],
        "prompt": one.prompt or None,
        "settings": presets.settings(one),
    }


def own_json(one: Vector) -> dict[str, Any]:
    """A vector as a preset of one feature."""
    return {
        "name": one.label,
        "alias": None,
        "isUserVector": True,
        "exampleSteerOutputId": None,
        "steerMethod": None,
        "features": [steered(one.model_id, one.source_id, one.index, one.default_strength)],
        "prompt": None,
        "settings": {},
    }


def steered(model_id: str, source_id: str, index: int, strength: float) -> dict[str, Any]:
    return {"modelId": model_id, "layer": source_id, "source": source_id, "index": index, "strength": strength}
