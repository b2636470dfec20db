"""What the catalog says of an SAE that somebody adds: its model, set and source, from the first minute on.

What is known of model and set already stays as it is, in the catalog and in the dashboards' own cards.
"""

from __future__ import annotations

import json
import re
from typing import Any

from psycopg.types.json import Jsonb

from memicos_app.db.session import raw_connection
from memicos_app.db.text import original, originals, storable, storable_json
from memicos_app.library.accounts.person import me
from memicos_app.library.model_shapes import ModelShape
from memicos_app.library.query import row
from memicos_app.library.sae_folders import Names, SaeFolder
from memicos_app.library.vector_files import ARCHITECTURE

KINDS = (
    (r"hook_resid_(pre|mid|post)|hook_in|hook_out", "Residual stream"),
    (r"attn\.hook_z", "Attention heads"),
    (r"hook_attn_out", "Attention output"),
    (r"mlp\.hook_(post|pre)", "MLP neurons"),
    (r"hook_mlp_(out|in)|ln2\..+|mlp\.hook_(in|out)", "MLP"),
)


def kind_of(folder: SaeFolder) -> str:
    """What a set of such SAEs is about, in words."""
    if folder.architecture == ARCHITECTURE:
        return "Steering vectors"
    if folder.hook_name_out != folder.hook_name:
        return "Transcoder"
    point = re.sub(r"^blocks\.\d+\.", "", folder.hook_name)
    return next((words for pattern, words in KINDS if re.fullmatch(pattern, point)), folder.hook_name)


def description_of(folder: SaeFolder) -> str:
    """What is said of a set until somebody says it better."""
    if folder.architecture == ARCHITECTURE:
        return "Directions, each a feature: its activation is the projection on it"
    return f"{kind_of(folder)}, {folder.d_sae:,} features a layer"


async def register(folder: SaeFolder, model_id: str, names: Names, shape: ModelShape | None) -> None:
    """Make the rows of model, set and source that are not there yet."""
    model = {
        "id": model_id,
        "display_name": model_id,
        "layers": shape.layers if shape else 0,
        "dimension": shape.d_model if shape else None,
        "neurons_per_layer": shape.d_mlp if shape else 0,
        "inference_enabled": True,
        "creator_id": me(),
    }
    source_set = {
        "model_id": model_id,
        "name": names.set_name,
        "description": description_of(folder),
        "type": kind_of(folder),
        "show_dfa": folder.hook_name.endswith("hook_z"),
        "show_correlated": True,
        "creator_id": me(),
    }
    source = {
        "model_id": model_id,
        "id": names.source_id,
        "set_name": names.set_name,
        "layer": folder.layer,
        "hook_name": folder.hook_name,
        "n_features": folder.d_sae,
        "inference_enabled": True,
        "saelens_config": Jsonb(storable_json(folder.config), dumps=json.dumps),
        "creator_id": me(),
    }
    async with raw_connection() as connection:
        for table, values in (("models", model), ("source_sets", source_set), ("sources", source)):
            stored = {name: storable(value) if isinstance(value, str) else value for name, value in values.items()}
            places = ", ".join(f"%({name})s" for name in stored)
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(stored)}) VALUES ({places}) ON CONFLICT DO NOTHING", stored
            )


async def cards_of(folder: SaeFolder, model_id: str, names: Names) -> list[str]:
    """`--cards` of `memicos generate`: what the catalog says of model and set, for the dashboards' own cards."""
    model = await row("SELECT * FROM models WHERE id = :model", model=model_id)
    own = await row(
        """
        SELECT t.*, r.description AS release_description FROM source_sets AS t
        LEFT JOIN releases AS r ON r.name = t.release_name WHERE t.model_id = :model AND t.name = :name
        """,
        model=model_id,
        name=names.set_name,
    )
    cards: dict[str, dict[str, Any]] = {"model": {}, "set": {"kind": kind_of(folder)}}
    if model is not None:
        cards["model"] = {name: original(model[name]) for name in ("display_name", "owner", "website")}
        cards["model"]["instruct"] = model["instruct"]
    if own is not None:
        cards["set"] = {
            "description": original(own["description"]),
            "kind": original(own["type"]) or kind_of(folder),
            "creator": original(own["creator_name"]),
            "release": original(own["release_name"] or ""),
            "release_description": original(own["release_description"] or ""),
            "urls": originals(own["urls"]),
        }
    known = {what: {name: value for name, value in card.items() if value} for what, card in cards.items()}
    return ["--cards", json.dumps(known)]
