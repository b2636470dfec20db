"""What stands beside a source's features: configuration, evaluation, and how the numbers were made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import reflex as rx

from memicos_app.components.copy import snippet
from memicos_app.components.figures import EVALUATION, pairs
from memicos_app.components.ways_in import facts_card
from memicos_app.library.views import SourceDetail

CONFIG_FIRST = {
    "architecture": "architecture",
    "d_in": "input width",
    "d_sae": "features",
    "hook_name": "hook",
    "dtype": "precision",
}
MADE_FROM = {
    "dataset": "texts",
    "column": "column",
    "n_prompts": "windows",
    "n_prompts_available": "windows to choose from",
    "n_tokens_in_prompt": "tokens a window",
    "n_tokens_counted": "tokens that count",
    "bos": "BOS",
    "position_mask": "left out",
    "weights": "model",
    "hook_name": "hook",
    "dtype": "precision",
    "seed": "seed",
    "log_sparsity_threshold": "log sparsity threshold",
    "top": "strongest examples",
    "intervals": "intervals",
    "per_interval": "examples an interval",
    "created_at": "date",
    "versions": "versions",
    "corpus_sha256": "SHA-256 of the texts",
    "sae_sha256": "SHA-256 of the SAE",
    "windows_sha256": "SHA-256 of the windows",
}
"""What says how numbers were made, in the order shown."""
TOLD_OTHERWISE = {
    *(
        "command",
        "context",
        "prompts",
        "batch_prompts",
        "tokens_per_step",
        "features_per_batch",
        "format",
        "set_name",
    ),
    *("corpus", "generator"),
}
"""Settings that say the same again, or change no number."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The cards beside the list."""

    config: list[tuple[str, str]] = field(default_factory=list)
    evaluation: list[tuple[str, str]] = field(default_factory=list)
    made_from: list[tuple[str, str]] = field(default_factory=list)
    snippet: str = ""
    command: str = ""
    """What makes the numbers again."""


def overview(detail: SourceDetail, sae_path: str) -> Overview:
    """The cards of a source; `sae_path` is where its weights lie, for the snippet."""
    return Overview(
        config=pairs(detail.saelens_config, CONFIG_FIRST),
        evaluation=pairs(detail.source.evaluation, EVALUATION),
        made_from=made_from(detail.made_from),
        command=str(detail.made_from.get("command") or ""),
        snippet=load_snippet(detail.saelens_config, sae_path),
    )


def made_from(made: dict[str, Any]) -> list[tuple[str, str]]:
    """How the numbers were made, in words."""
    said = {name: value for name, value in made.items() if name not in TOLD_OTHERWISE and value != ""}
    bos = said.get("bos")
    if isinstance(bos, dict):
        said["bos"] = f"prepended, id {bos.get('id')}" if bos.get("prepended") else "not prepended"
    if isinstance(said.get("weights"), str):
        said["weights"] = Path(said["weights"]).name
    return pairs(said, MADE_FROM)


def load_snippet(config: dict[str, Any], sae_path: str) -> str:
    """Python that loads the SAE with SAELens, from its registry where the configuration names it there."""
    release, sae_id = config.get("saelens_release"), config.get("saelens_sae_id")
    if release and sae_id:
        call = f"SAE.from_pretrained({release!r}, {sae_id!r})"
    else:
        call = f"SAE.load_from_disk({sae_path!r})"
    return f"from sae_lens import SAE\n\nsae = {call}"


def overview_cards(shown: rx.Var[Overview]) -> rx.Component:
    """The cards below the plots, from what a reader asks first to what a careful one asks last."""
    return rx.fragment(
        rx.cond(shown.evaluation, facts_card("Evaluation", shown.evaluation), rx.fragment()),
        rx.cond(shown.config, facts_card("Configuration", shown.config, snippet(shown.snippet)), rx.fragment()),
        rx.cond(shown.made_from, made_card(shown), rx.fragment()),
    )


def made_card(shown: rx.Var[Overview]) -> rx.Component:
    again = rx.cond(shown.command != "", snippet(shown.command), rx.fragment())
    return facts_card("How these numbers were made", shown.made_from, again)
