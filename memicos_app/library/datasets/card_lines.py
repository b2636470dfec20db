"""The cards of a source as lines of the public layout, and beside them what the layout has no columns for.

Other importers hand a card's fields to their database as they are: a field that is no column there, or names a
row that may not be there, stops them. Such fields go to `memicos.json`, which only MemicOS reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from memicos_app.db.text import original, original_json
from memicos_app.library.datasets.layout import CREATOR
from memicos_app.library.datasets.lines import Line, Row, moment

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "model": ("openRouterId",),
    "release": ("isNewUi", "creatorNameShort", "defaultUmapSourceIds"),
    "sourceset": ("hasGraphs", "graphEnabled", "similarityMatrixEnabled"),
    "source": ("hasUmap", "hasUmapLogSparsity", "hasUmapClusters"),
}
"""Columns of the layout's tables that have no place of their own here."""


@dataclass(frozen=True, slots=True)
class CardLine:
    """One card: its line, and the fields that go beside it."""

    line: Line
    beside: Line = field(default_factory=dict)


def model_card(row: Row) -> CardLine:
    """`model.jsonl`."""
    line = {
        "id": row["id"],
        "displayNameShort": original(row["display_name"]),
        "displayName": original(row["display_name"]),
        "creatorId": CREATOR,
        "tlensId": row["tlens_id"],
        "dimension": row["dimension"],
        "thinking": row["thinking"],
        "visibility": row["visibility"].upper(),
        "defaultSourceSetName": None,
        "defaultSourceId": None,
        "inferenceEnabled": row["inference_enabled"],
        "instruct": row["instruct"],
        "layers": row["layers"],
        "neuronsPerLayer": row["neurons_per_layer"],
        "owner": original(row["owner"]),
        "website": original(row["website"]),
        "createdAt": moment(row["created_at"]),
    }
    defaults = {"defaultSourceSetName": row["default_source_set"], "defaultSourceId": row["default_source"]}
    return _card("model", line, row["extra"], defaults)


def release_card(row: Row) -> CardLine:
    """`release.jsonl`."""
    line = {
        "name": original(row["name"]),
        "visibility": row["visibility"].upper(),
        "featured": row["featured"],
        "description": original(row["description"]),
        "descriptionShort": _text(row["description_short"]),
        "urls": [original(url) for url in row["urls"]],
        "creatorEmail": row["creator_email"],
        "creatorName": original(row["creator_name"]),
        "creatorId": CREATOR,
        "defaultSourceSetName": row["default_source_set"],
        "defaultSourceId": row["default_source"],
        "createdAt": moment(row["created_at"]),
    }
    return _card("release", line, row["extra"], {})


def set_card(row: Row) -> CardLine:
    """`sourceset.jsonl`."""
    line = {
        "modelId": row["model_id"],
        "name": row["name"],
        "hasDashboards": row["has_dashboards"],
        "allowInferenceSearch": row["allow_inference_search"],
        "visibility": row["visibility"].upper(),
        "description": original(row["description"]),
        "type": original(row["type"]),
        "creatorName": original(row["creator_name"]),
        "urls": [original(url) for url in row["urls"]],
        "creatorEmail": row["creator_email"],
        "creatorId": CREATOR,
        "releaseName": _text(row["release_name"]),
        "defaultRange": row["default_range"],
        "defaultShowBreaks": row["default_show_breaks"],
        "showDfa": row["show_dfa"],
        "showCorrelated": row["show_correlated"],
        "showHeadAttribution": row["show_head_attribution"],
        "showUmap": row["show_umap"],
        "createdAt": moment(row["created_at"]),
    }
    return _card("sourceset", line, row["extra"], {})


def source_card(row: Row) -> CardLine:
    """`source.jsonl`."""
    line = {
        "id": row["id"],
        "modelId": row["model_id"],
        "setName": row["set_name"],
        "hasDashboards": row["has_dashboards"],
        "inferenceEnabled": row["inference_enabled"],
        "saelensConfig": original_json(row["saelens_config"]),
        "saelensRelease": row["saelens_release"],
        "saelensSaeId": row["saelens_sae_id"],
        "hfRepoId": row["hf_repo_id"],
        "hfFolderId": row["hf_folder_id"],
        "visibility": row["visibility"].upper(),
        "creatorId": CREATOR,
        "num_prompts": row["num_prompts"],
        "num_tokens_in_prompt": row["num_tokens_in_prompt"],
        "dataset": _text(row["dataset"]),
        "notes": _text(row["notes"]),
        "cosSimMatchModelId": None,
        "cosSimMatchSourceId": None,
        "createdAt": moment(row["created_at"]),
    }
    beside = {
        "description": original(row["description"]),
        "hookName": original(row["hook_name"]),
        "nFeatures": row["n_features"],
        "evaluation": original_json(row["evaluation"]),
        "cosSimMatchModelId": row["cos_sim_match_model_id"],
        "cosSimMatchSourceId": row["cos_sim_match_source_id"],
    }
    return _card("source", line, row["extra"], beside)


def type_line(row: Row) -> Line:
    """A line of `config/explanation_type.jsonl`."""
    return {
        "name": original(row["name"]),
        "displayName": original(row["display_name"]),
        "description": original(row["description"]),
        "featured": row["featured"],
        "isAttention": row["is_attention"],
        "settings": row["settings"],
        "url": row["url"],
        "creatorName": original(row["creator_name"]),
        "creatorId": CREATOR,
    }


def explainer_line(row: Row) -> Line:
    """A line of `config/explanation_model_type.jsonl`."""
    return {
        "name": original(row["name"]),
        "displayName": original(row["display_name"]),
        "description": original(row["description"]),
        "featured": row["featured"],
        "url": row["url"],
        "creatorName": original(row["creator_name"]),
    }


def _card(kind: str, line: Line, extra: Line, beside: Line) -> CardLine:
    """The line with those further fields that are columns, the others and `beside` beside it."""
    further = {name: value for name, value in sorted(original_json(extra).items()) if name not in line}
    columns = {name: value for name, value in further.items() if name in _COLUMNS[kind]}
    # A release that is not here is known by its name alone, which `extra` keeps.
    unknown = {"releaseName": extra.get("releaseName")} if kind == "sourceset" and not line["releaseName"] else {}
    said = {**beside, **unknown, **{name: value for name, value in further.items() if name not in columns}}
    return CardLine({**line, **columns}, {name: value for name, value in said.items() if value not in _NOTHING})


_NOTHING: tuple[object, ...] = (None, "", [], {})


def _text(text: str | None) -> str | None:
    return None if text is None else original(text)
