"""Names and values beside a feature: configuration, how its numbers were made, neurons and heads behind it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from memicos_app.components.figures import share
from memicos_app.library.views import FeatureView

FEATURED = (
    "architecture",
    "hook_name",
    "d_in",
    "d_sae",
    "context_size",
    "prepend_bos",
    "dtype",
    "normalize_activations",
    "dataset_path",
    "model_name",
    "l0",
    "explained_variance",
    "sink_norm",
)
"""Keys of a SAELens configuration that say most, in the order shown."""

MADE_FROM = {
    "model": "model",
    "hook": "hook",
    "dataset": "texts",
    "tokens": "tokens",
    "n_tokens_counted": "tokens that count",
    "dtype": "precision",
    "bos": "BOS",
    "position_mask": "left out",
    "created_at": "date",
}
"""What says most of how numbers were made, with its name for people, in the order shown."""
ISO_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T\d{2}:")


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FactTable:
    """Names and values under a heading; `measure` says what the values are."""

    title: str
    measure: str
    rows: list[Fact]


def neuron_tables(extra: dict[str, Any]) -> list[FactTable]:
    """What a dataset says of the neurons and heads behind a feature, under the public names of its columns."""
    aligned = zip(*columns(extra, "neuron_alignment", "indices", "values", "l1"), strict=False)
    together = zip(*columns(extra, "correlated_neurons", "indices", "pearson", "l1"), strict=False)
    heads = extra.get("decoder_weights_dist") or []
    tables = [
        FactTable(
            "Aligned neurons", "value, share of L1", [neuron(i, f"{v:.3f}, {share(part)}") for i, v, part in aligned]
        ),
        FactTable("Correlated neurons", "Pearson, cosine", [neuron(i, f"{p:.3f}, {c:.3f}") for i, p, c in together]),
        FactTable(
            "Decoder weight by head", "share", [Fact(f"head {i}", share(part)) for i, part in enumerate(heads)]
        ),
    ]
    return [table for table in tables if table.rows]


def neuron(index: int, text: str) -> Fact:
    return Fact(f"neuron {index}", text)


def columns(extra: dict[str, Any], prefix: str, *names: str) -> list[list[Any]]:
    return [extra.get(f"{prefix}_{name}") or [] for name in names]


def configuration_facts(configuration: dict[str, Any]) -> tuple[list[Fact], list[Fact]]:
    """The keys that say most, and all the others; what lies under `metadata` counts as the configuration's own."""
    flat = dict(configuration)
    flat = (flat.pop("metadata", None) or {}) | flat
    known = {name: plain(setting) for name, setting in flat.items() if setting is not None}
    first = [Fact(name, known.pop(name)) for name in FEATURED if name in known]
    return first, [Fact(name, known[name]) for name in sorted(known)]


def plain(setting: object) -> str:
    """A value of a configuration in one line."""
    if isinstance(setting, str):
        return setting
    if isinstance(setting, float):
        return f"{setting:g}"
    return json.dumps(setting, ensure_ascii=False, default=str)


def load_snippet(view: FeatureView) -> str:
    """Python that loads the SAE with SAELens, from where it is published or from a folder."""
    facts = view.made_from | view.extra
    release, sae_id = facts.get("saelens_release"), facts.get("saelens_sae_id")
    if release and sae_id:
        arguments = f"from_pretrained(release={json.dumps(release)}, sae_id={json.dumps(sae_id)})"
    else:
        folder = f"demo/saes/{view.model_id}/{view.source_id}"
        arguments = f"load_from_disk({json.dumps(folder)})"
    return f"from sae_lens import SAE\n\nsae = SAE.{arguments}\ndirection = sae.W_dec[{view.index}]"


def made_from(view: FeatureView) -> tuple[list[Fact], list[Fact]]:
    """How the numbers of the page were made, as far as is known: what says most, and the rest."""
    known = {"model": view.model_id, "hook": view.source.hook_name} | view.made_from
    windows, length = known.get("n_prompts"), known.get("n_tokens_in_prompt")
    if isinstance(windows, int) and isinstance(length, int):
        known |= {
            "tokens": f"{windows * length:,} ({windows:,} × {length})",
            "n_prompts": None,
            "n_tokens_in_prompt": None,
        }
    facts = {name: fact_text(fact) for name, fact in known.items() if fact not in (None, "", [], {})}
    first = [Fact(words, facts.pop(name)) for name, words in MADE_FROM.items() if name in facts]
    return first, [Fact(name.replace("_", " "), facts[name]) for name in facts]


def fact_text(fact: object) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, dict) and "prepended" in fact:
        return f"prepended, id {fact.get('id')}" if fact["prepended"] else "not prepended"
    if isinstance(fact, str) and (moment := ISO_TIME.match(fact)):
        return moment.group(1)
    return f"{fact:,}" if isinstance(fact, int) else plain(fact)
