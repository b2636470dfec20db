"""The public dataset layout: where files are, and what a line of each holds.

Lines come from several exporters of several ages, so types are tolerant where these are known to differ:
an index is an integer or its text, an embedding is a list or its text, lists may be missing or null.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from memicos_app.library.datasets.field_types import Embedding, Index, Integer, Numbers, Object, Time, Visibility

VERSION = "v1"
CONFIG = "config"
CREATOR = "clkht01d40000jv08hvalcvly"
"""Creator and author of exported rows: the default user of every database that reads the public exports."""
MARKED = "memicosMarks"
"""A line with this field holds texts in the form of `db/text.py`, since no database takes them as they are."""
BESIDE = "memicos.jsonl"
"""Fields of the cards that are no columns of the layout, by card."""
MADE = "generation.json"
"""How a source's numbers were made."""


def source_folder(origin: Path, model_id: str, source_id: str) -> Path:
    """Folder of one source."""
    return origin / VERSION / model_id / source_id


def batches(folder: Path, kind: str) -> list[Path]:
    """Batch files of `features`, `activations` or `explanations`, in the order of their numbers."""
    found = [path for path in (folder / kind).glob("*.jsonl*") if path.name.endswith((".jsonl", ".jsonl.gz"))]
    return sorted((path for path in found if not path.name.startswith(".")), key=_batch_order)


def _batch_order(path: Path) -> tuple[int, str]:
    number = re.search(r"\d+", path.name)
    return int(number.group()) if number else -1, path.name


def layer_and_set(source_id: str) -> tuple[int, str]:
    """Layer and set name of a source id: `15-res-4k__l0-32` is layer 15 of `res-4k__l0-32`; `3` is plain neurons."""
    head, _, rest = source_id.partition("-")
    if head == "e" and rest:
        return 0, rest
    if not head.isdigit():
        return 0, source_id
    return int(head), rest or "neurons"


class Line(BaseModel):
    """A line of any file: null means missing; fields that have no place of their own stay in `rest`."""

    model_config = ConfigDict(
        extra="allow",
        protected_namespaces=(),
        coerce_numbers_to_str=True,
        alias_generator=to_camel,
        populate_by_name=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        return {name: item for name, item in value.items() if item is not None} if isinstance(value, dict) else value

    @property
    def rest(self) -> dict[str, Any]:
        """Fields that the type does not name, without those that say nothing."""
        return {name: value for name, value in (self.model_extra or {}).items() if value not in ([], {}, "")}


class Card(Line):
    """A line about a model, release, source set or source."""

    visibility: Visibility = "public"
    created_at: Time = None
    creator_id: Any = None


class ModelLine(Card):
    """`model.jsonl`."""

    id: str
    display_name: str = ""
    display_name_short: str = ""
    owner: str = ""
    layers: int = 0
    neurons_per_layer: int = 0
    dimension: int | None = None
    instruct: bool = False
    thinking: bool = False
    inference_enabled: bool = False
    tlens_id: str | None = None
    website: str = ""
    default_source_set_name: str | None = None
    default_source_id: str | None = None


class ReleaseLine(Card):
    """`release.jsonl`."""

    name: str
    description: str = ""
    description_short: str | None = None
    urls: list[str] = []
    creator_name: str = ""
    creator_email: str | None = None
    featured: bool = False
    default_source_set_name: str | None = None
    default_source_id: str | None = None


class SourceSetLine(Card):
    """`sourceset.jsonl`."""

    model_id: str
    name: str
    description: str = ""
    type: str = ""
    urls: list[str] = []
    creator_name: str = ""
    creator_email: str | None = None
    release_name: str | None = None
    has_dashboards: bool = True
    allow_inference_search: bool = True
    default_range: Annotated[int, Field(ge=0, le=2)] = 1
    default_show_breaks: bool = True
    show_dfa: bool = False
    show_correlated: bool = False
    show_head_attribution: bool = False
    show_umap: bool = False


class SourceLine(Card):
    """`source.jsonl`; from `evaluation` on the fields are ours."""

    id: str
    model_id: str
    set_name: str | None = None
    has_dashboards: bool = True
    inference_enabled: bool = False
    saelens_config: Object = {}
    saelens_release: str | None = None
    saelens_sae_id: str | None = None
    hf_repo_id: str | None = None
    hf_folder_id: str | None = None
    num_prompts: int | None = None
    num_tokens_in_prompt: int | None = None
    dataset: str | None = None
    notes: str | None = None
    cos_sim_match_model_id: str | None = None
    cos_sim_match_source_id: str | None = None
    evaluation: Object = {}
    description: str = ""
    hook_name: str = ""
    n_features: int = 0


class RowLine(Line):
    """A line about one feature of one source."""

    model_id: str
    layer: str
    index: Index


class FeatureLine(RowLine):
    """A line of `features/`."""

    max_act_approx: float | None = None
    frac_nonzero: float | None = None
    neg_str: list[str] = []
    neg_values: Numbers = []
    pos_str: list[str] = []
    pos_values: Numbers = []
    freq_hist_data_bar_values: Numbers = []
    freq_hist_data_bar_heights: Numbers = []
    logits_hist_data_bar_values: Numbers = []
    logits_hist_data_bar_heights: Numbers = []
    topk_cos_sim_indices: list[Integer] = []
    topk_cos_sim_values: Numbers = []
    correlated_features_indices: list[Integer] = []
    correlated_features_pearson: Numbers = []
    correlated_features_l1: Numbers = []
    vector: Numbers = []
    has_vector: bool | None = None
    # Known to every row and kept nowhere.
    creator_id: Any = None
    created_at: Any = None
    source_set_name: Any = None


class ActivationLine(RowLine):
    """A line of `activations/`."""

    tokens: list[str]
    values: Numbers
    bin_min: float | None = None
    bin_max: float | None = None
    bin_contains: float | None = None
    qualifying_token_index: Integer | None = None
    data_source: str | None = None
    # Made from the values, or known to every row.
    id: Any = None
    max_value: Any = None
    min_value: Any = None
    max_value_token_index: Any = None
    creator_id: Any = None
    created_at: Any = None

    @model_validator(mode="after")
    def _as_many(self) -> ActivationLine:
        if len(self.tokens) != len(self.values):
            raise ValueError(f"{len(self.tokens)} tokens but {len(self.values)} values")
        if not self.tokens:
            raise ValueError("no tokens")
        return self


class ExplanationLine(RowLine):
    """A line of `explanations/`."""

    id: str | None = None
    description: str
    type_name: str | None = None
    explanation_model_name: str | None = None
    author_id: str | None = None
    notes: str | None = None
    score_v1: float | None = None
    score_v2: float | None = None
    scores: list[dict[str, Any]] = []
    embedding: Embedding = None
    embeddings: dict[str, Embedding] = {}
    created_at: Time = None


class ExplanationTypeLine(Line):
    """`config/explanation_type.jsonl`."""

    name: str
    display_name: str = ""
    description: str = ""
    featured: bool = True
    is_attention: bool = False
    url: str | None = None
    creator_name: str = ""
    settings: str | None = None


class ExplanationModelLine(Line):
    """`config/explanation_model_type.jsonl`."""

    name: str
    display_name: str = ""
    description: str = ""
    featured: bool = True
    url: str | None = None
    creator_name: str = ""
