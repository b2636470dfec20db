"""What a dataset's cards say, put into the catalog: models, releases, source sets, sources, explanation types.

A card adds and corrects; it does not take away what an earlier import or a person knew better: an unknown
layer count or dimension never replaces a known one, and visibility set here stays.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from memicos_app.db.text import storable, storable_all, storable_json
from memicos_app.library import saes
from memicos_app.library.datasets import layout
from memicos_app.library.datasets.copying import Connection
from memicos_app.library.datasets.layout import (
    Card,
    ExplanationModelLine,
    ExplanationTypeLine,
    ModelLine,
    ReleaseLine,
    SourceLine,
    SourceSetLine,
)
from memicos_app.library.datasets.origins import Cards
from memicos_app.library.datasets.reading import Problems, read_lines, read_object

OWNER = "owner"
_REFUSED = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Described:
    """A source by its names and the folders that hold its cards and its origin's look-up tables."""

    model_id: str
    source_id: str
    folder: Path
    config: Path
    cards: Cards

    @property
    def set_name(self) -> str:
        """Name of its source set: as its own card says, else from its id."""
        card = self.cards.source
        return (card.set_name if card else None) or layout.layer_and_set(self.source_id)[1]

    @property
    def layer(self) -> int:
        """Layer, from its id."""
        return layout.layer_and_set(self.source_id)[0]


async def write_cards(connection: Connection, one: Described, problems: Problems) -> None:
    """Bring the catalog up to date with a dataset's cards; what has no card gets a minimal row."""
    await _write_config(connection, one.config, problems)
    cards = one.cards
    if cards.release is not None:
        await _write_release(connection, cards.release)
    await _write_model(connection, one.model_id, cards.model)
    await _write_set(connection, one, cards.source_set, problems)
    await _write_source(connection, one, cards.source)
    if cards.release is not None:
        await connection.execute(
            "UPDATE source_sets SET release_name = %(name)s "
            "WHERE release_name IS NULL AND extra->>'releaseName' = %(name)s",
            {"name": storable(cards.release.name)},
        )


def check_cards(one: Described, problems: Problems) -> None:
    """Report cards that speak of something else than their folder; the folder's names are used."""
    cards = one.cards
    spoken = {
        "model.jsonl": (cards.model and cards.model.id, one.model_id),
        "sourceset.jsonl": (cards.source_set and cards.source_set.model_id, one.model_id),
        "source.jsonl": (cards.source and cards.source.id, one.source_id),
    }
    for name, (said, expected) in spoken.items():
        if said is not None and said != expected:
            problems.add(one.folder / name, 1, f"speaks of {said!r}; taken as {expected!r}")


async def _write_config(connection: Connection, folder: Path, problems: Problems) -> None:
    """Explanation types and models; without these files, names met in explanations are added as they are."""
    types = folder / "explanation_type.jsonl"
    if types.is_file():
        for _, line in read_lines(types, ExplanationTypeLine, problems):
            values = _type_values(line)
            await _upsert(connection, "explanation_types", {"name": storable(line.name)}, values)
    models = folder / "explanation_model_type.jsonl"
    if models.is_file():
        for _, model in read_lines(models, ExplanationModelLine, problems):
            values = {
                "display_name": storable(model.display_name or model.name),
                "description": storable(model.description),
                "featured": model.featured,
                "url": model.url,
                "creator_name": storable(model.creator_name),
            }
            await _upsert(connection, "explanation_models", {"name": storable(model.name)}, values)


def _type_values(line: ExplanationTypeLine) -> dict[str, Any]:
    return {
        "display_name": storable(line.display_name or line.name),
        "description": storable(line.description),
        "featured": line.featured,
        "is_attention": line.is_attention,
        "url": line.url,
        "creator_name": storable(line.creator_name),
        "settings": line.settings,
    }


async def _write_release(connection: Connection, card: ReleaseLine) -> None:
    values = {
        "description": storable(card.description),
        "description_short": card.description_short and storable(card.description_short),
        "urls": storable_all(card.urls),
        "creator_name": storable(card.creator_name),
        "creator_email": card.creator_email,
        "featured": card.featured,
        "default_source_set": card.default_source_set_name,
        "default_source": card.default_source_id,
        "extra": _extra(card.rest),
    }
    await _upsert(connection, "releases", {"name": storable(card.name)}, values, once=_owned(card))


async def _write_model(connection: Connection, model_id: str, card: ModelLine | None) -> None:
    card = card or ModelLine(id=model_id)
    known = {
        "display_name": storable(card.display_name or card.display_name_short),
        "owner": storable(card.owner),
        "layers": card.layers,
        "neurons_per_layer": card.neurons_per_layer,
        "dimension": card.dimension,
        "instruct": card.instruct,
        "thinking": card.thinking,
        "inference_enabled": card.inference_enabled,
        "tlens_id": card.tlens_id,
        "website": storable(card.website),
        "default_source_set": card.default_source_set_name,
        "default_source": card.default_source_id,
        "extra": _extra(card.rest),
    }
    said = {name: value for name, value in known.items() if value}
    await _upsert(connection, "models", {"id": model_id}, said, once=_owned(card))


async def _write_set(connection: Connection, one: Described, card: SourceSetLine | None, problems: Problems) -> None:
    card = card or SourceSetLine(model_id=one.model_id, name=one.set_name)
    release = card.release_name and storable(card.release_name)
    if release:
        found = await connection.execute("SELECT FROM releases WHERE name = %s", [release])
        if await found.fetchone() is None:
            problems.add(one.folder / "sourceset.jsonl", 1, f"names release {card.release_name!r}, which is unknown")
            release = None
    values = {
        "description": storable(card.description),
        "type": storable(card.type),
        "urls": storable_all(card.urls),
        "creator_name": storable(card.creator_name),
        "creator_email": card.creator_email,
        "release_name": release,
        "has_dashboards": card.has_dashboards,
        "allow_inference_search": card.allow_inference_search,
        "default_range": card.default_range,
        "default_show_breaks": card.default_show_breaks,
        "show_dfa": card.show_dfa,
        "show_correlated": card.show_correlated,
        "show_head_attribution": card.show_head_attribution,
        "show_umap": card.show_umap,
        "extra": _extra({**card.rest, **({"releaseName": card.release_name} if card.release_name else {})}),
    }
    names = {"model_id": one.model_id, "name": one.set_name}
    await _upsert(connection, "source_sets", names, values, once=_owned(card))


async def _write_source(connection: Connection, one: Described, card: SourceLine | None) -> None:
    card = card or SourceLine(id=one.source_id, model_id=one.model_id)
    local = next((s for s in saes.local_saes() if (s.model_id, s.source_id) == (one.model_id, one.source_id)), None)
    config = card.saelens_config or (local.config if local else {})
    measures = saes.evaluation(config) | (local.evaluation if local else {}) | saes.read_measures(one.folder)
    values = {
        "set_name": one.set_name,
        "layer": one.layer,
        "hook_name": storable(saes.hook_name(config) or card.hook_name),
        "description": storable(card.description),
        "n_features": card.n_features or int(config.get("d_sae") or 0),
        "has_dashboards": card.has_dashboards,
        "inference_enabled": card.inference_enabled,
        "saelens_config": _extra(config),
        "saelens_release": card.saelens_release,
        "saelens_sae_id": card.saelens_sae_id,
        "hf_repo_id": card.hf_repo_id,
        "hf_folder_id": card.hf_folder_id,
        "num_prompts": card.num_prompts,
        "num_tokens_in_prompt": card.num_tokens_in_prompt,
        "dataset": card.dataset and storable(card.dataset),
        "notes": card.notes and storable(card.notes),
        "evaluation": _extra({**measures, **card.evaluation}),
        "made_from": _extra(_generation_card(one.folder)),
        "cos_sim_match_model_id": card.cos_sim_match_model_id,
        "cos_sim_match_source_id": card.cos_sim_match_source_id,
        "extra": _extra(card.rest),
    }
    names = {"model_id": one.model_id, "id": one.source_id}
    await _upsert(connection, "sources", names, values, once=_owned(card))
    await connection.execute(
        """
        UPDATE sources AS s SET n_features = greatest(
            s.n_features, (SELECT max(index) + 1 FROM features WHERE generation_id = s.current_generation)
        )
        WHERE s.model_id = %(model_id)s AND s.id = %(id)s
        """,
        names,
    )


def _generation_card(folder: Path) -> dict[str, Any]:
    """`generation.json`, which our own generator writes beside the cards: how the numbers were made."""
    return read_object(folder / layout.MADE)


def _owned(card: Card) -> dict[str, Any]:
    made = {"created_at": card.created_at} if card.created_at else {}
    return {"visibility": card.visibility, "creator_id": OWNER, **made}


def _extra(value: dict[str, Any]) -> Jsonb:
    return Jsonb(storable_json(value), dumps=json.dumps)


def _storable(value: Any) -> Any:
    """Texts that went through `storable` before hold nothing that it would change, other than its own mark."""
    return storable(value) if isinstance(value, str) and _REFUSED.search(value) else value


async def _upsert(
    connection: Connection,
    table: str,
    names: dict[str, Any],
    values: dict[str, Any],
    once: dict[str, Any] | None = None,
) -> None:
    """Insert a row, or set `values` on the one of these `names`; `once` is only used for a new row."""
    row = {name: _storable(value) for name, value in {**names, **(once or {}), **values}.items()}
    columns = ", ".join(row)
    places = ", ".join(f"%({name})s" for name in row)
    updates = (
        ", ".join(f"{name} = excluded.{name}" for name in values)
        or f"{next(iter(names))} = excluded.{next(iter(names))}"
    )
    await connection.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({places}) ON CONFLICT ({', '.join(names)}) DO UPDATE SET {updates}",
        row,
    )
