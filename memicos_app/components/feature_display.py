"""A feature as its page shows it: words, addresses and packed rows made once from a `FeatureView`.

State holds this and nothing else of a feature, so that what travels to the browser is small and typed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from reflex.vars import ObjectVar

from memicos_app.components.charts import Drawing, draw
from memicos_app.components.feature_address import feature_path, json_path, source_path, steer_path
from memicos_app.components.figures import share, value
from memicos_app.components.token_strip import SPECIAL, StripGroup, StripRow, pack
from memicos_app.components.visible_text import one_line
from memicos_app.library.example_groups import ExampleGroup, default_strength, example_groups
from memicos_app.library.token_text import readable
from memicos_app.library.views import ActivationView, ExplanationView, FeatureView, Histogram

T = TypeVar("T")
if TYPE_CHECKING:

    class Shown(ObjectVar[T]):
        """A var of one of the classes below; Reflex knows the types of its fields at run time only."""

        def __getattr__(self, name: str) -> Any: ...

else:
    Shown = ObjectVar

MISSING_LOGIT = -10_000.0
LAYOUTS = ("stacked", "snippet", "full")
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


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class LogitRow:
    """A token and how much the feature adds to its logit; `text` is the number as shown."""

    token: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Related:
    """Another feature of the source and how near it is."""

    index: int
    href: str
    explanation: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True)
class ExplanationLine:
    """An explanation with who made it and how it scored."""

    text: str
    kind: str
    by: str
    notes: str
    scores: list[Fact]


@dataclass(frozen=True, slots=True)
class FeatureDisplay:
    """What the page of one feature shows, apart from its examples."""

    model: str = ""
    source: str = ""
    number: str = ""
    set_name: str = ""
    layer: str = ""
    title: str = ""
    explained: bool = False
    explanations: list[ExplanationLine] = field(default_factory=list)
    density: str = ""
    maximum: str = ""
    dead: bool = False
    negative: list[LogitRow] = field(default_factory=list)
    positive: list[LogitRow] = field(default_factory=list)
    logit_maximum: float = 0.0
    activation_plot: Drawing = field(default_factory=Drawing)
    logit_plot: Drawing = field(default_factory=Drawing)
    similar: list[Related] = field(default_factory=list)
    correlated: list[Related] = field(default_factory=list)
    configuration: list[Fact] = field(default_factory=list)
    more_configuration: list[Fact] = field(default_factory=list)
    load_snippet: str = ""
    made_from: list[Fact] = field(default_factory=list)
    has_vector: bool = False
    model_href: str = ""
    set_href: str = ""
    source_href: str = ""
    previous_href: str = ""
    next_href: str = ""
    steer_href: str = ""
    json_href: str = ""


def feature_display(view: FeatureView) -> FeatureDisplay:
    """The words and numbers of `view` as they are shown."""
    place = (view.model_id, view.source_id)
    configuration, more = configuration_facts(view.saelens_config)
    return FeatureDisplay(
        model=view.model_id,
        source=view.source_id,
        number=str(view.index),
        set_name=view.source.set_name,
        layer=f"layer {view.source.layer}",
        title=one_line(view.explanations[0].description) if view.explanations else f"Feature {view.index}",
        explained=bool(view.explanations),
        explanations=[explanation_line(one) for one in view.explanations],
        density=share(view.density),
        maximum=value(view.max_activation),
        dead=view.max_activation <= 0,
        negative=logit_rows(view.negative_tokens, view.negative_values),
        positive=logit_rows(view.positive_tokens, view.positive_values),
        logit_maximum=logit_maximum(view),
        activation_plot=plot(view.activation_histogram, "activation"),
        logit_plot=plot(view.logits_histogram, "logit", signed=True),
        similar=[
            Related(one.index, feature_path(*place, one.index), one_line(one.explanation), f"{one.cosine:.2f}", "")
            for one in view.similar
            if one.index != view.index
        ],
        correlated=correlated(view),
        configuration=configuration,
        more_configuration=more,
        load_snippet=load_snippet(view),
        made_from=made_from(view),
        has_vector=view.has_vector,
        model_href=f"/{view.model_id}",
        set_href=source_path(view.model_id, view.source.set_name),
        source_href=source_path(*place),
        previous_href="" if view.previous_index is None else feature_path(*place, view.previous_index),
        next_href="" if view.next_index is None else feature_path(*place, view.next_index),
        steer_href=steer_path(*place, view.index, default_strength(view.max_activation)),
        json_href=json_path(*place, view.index),
    )


def explanation_line(view: ExplanationView) -> ExplanationLine:
    by = view.model_name or view.author
    return ExplanationLine(
        text=one_line(view.description, 2000),
        kind=view.type_display_name or view.type_name,
        by=one_line(by or ""),
        notes=one_line(view.notes or "", 2000),
        scores=[score_fact(score) for score in view.scores],
    )


def score_fact(score: dict[str, Any]) -> Fact:
    """A score's kind and value, with its interval and sample size where they are known."""
    name = score.get("type_name") or score.get("explanationScoreTypeName") or score.get("type") or "score"
    found = score.get("value")
    text = f"{found:.2f}" if isinstance(found, (int, float)) else str(found)
    if isinstance(score.get("error"), (int, float)):
        text += f" ± {score['error']:.2f}"
    return Fact(str(name), f"{text} n={score['n']}" if score.get("n") else text)


def logit_rows(tokens: list[str], values: list[float]) -> list[LogitRow]:
    return [
        LogitRow(token, 0.0, "N/A") if logit == MISSING_LOGIT else LogitRow(token, round(logit, 4), f"{logit:+.2f}")
        for token, logit in zip(readable(tokens), values, strict=False)
    ]


def logit_maximum(view: FeatureView) -> float:
    """Largest size of a logit in both lists: the full tint."""
    known = [abs(v) for v in (*view.negative_values, *view.positive_values) if v != MISSING_LOGIT]
    return round(max(known, default=0.0), 4)


def plot(histogram: Histogram, quantity: str, *, signed: bool = False) -> Drawing:
    """A histogram with the numbers at its ends; each bar says where it stands and how many it counts."""
    if not histogram.values:
        return Drawing()
    words = [
        f"{quantity} {value(at)}: {tall:,.6g}" for at, tall in zip(histogram.values, histogram.heights, strict=True)
    ]
    axis = (value(histogram.values[0]), "", value(histogram.values[-1]))
    return draw(histogram.values, histogram.heights, words=words, axis=axis, signed=signed)


def correlated(view: FeatureView) -> list[Related]:
    others = zip(view.correlated_indices, view.correlated_pearson, strict=False)
    l1 = dict(zip(view.correlated_indices, view.correlated_l1, strict=False))
    known = {one.index: one.explanation for one in view.similar}
    return [
        Related(
            index=index,
            href=feature_path(view.model_id, view.source_id, index),
            explanation=known.get(index, ""),
            value=f"{pearson:.2f}",
            detail=f"cosine {l1[index]:.2f}" if index in l1 else "",
        )
        for index, pearson in others
        if index != view.index
    ]


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


def made_from(view: FeatureView) -> list[Fact]:
    """How the numbers of the page were made, as far as is known."""
    facts = {"model": view.model_id, "hook": view.source.hook_name} | view.made_from
    windows, length = facts.get("n_prompts"), facts.get("n_tokens_in_prompt")
    if isinstance(windows, int) and isinstance(length, int):
        facts = {name: fact for name, fact in facts.items() if name not in ("n_prompts", "n_tokens_in_prompt")}
        facts["tokens"] = f"{windows * length:,} ({windows:,} × {length})"
    return [
        Fact(name.replace("_", " "), fact_text(fact))
        for name, fact in facts.items()
        if fact not in (None, "", [], {})
    ]


def fact_text(fact: object) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return f"{fact:,}" if isinstance(fact, int) else plain(fact)


@dataclass(frozen=True, slots=True)
class ExampleDisplay:
    """The examples of a feature, packed and grouped."""

    groups: list[StripGroup]
    maximum: float
    """Largest value of the list: the full colour."""
    attributed_maximum: float
    folded: int
    """Duplicates that are hidden, or that would be if they were folded."""


def example_display(view: FeatureView, *, fold: bool) -> ExampleDisplay:
    """Examples of `view` as rows; `fold` hides duplicates."""
    groups = example_groups(view.activations, fold=fold)
    hidden = groups if fold else example_groups(view.activations)
    mixed = len({one.data_source for one in view.activations}) > 1
    strongest = max((abs(one.max_value) for group in groups for one in group.examples), default=0.0)
    return ExampleDisplay(
        groups=[strip_group(group, mixed) for group in groups],
        maximum=round(strongest, 4),
        attributed_maximum=max((one.dfa_max_value or 0.0 for one in view.activations), default=0.0),
        folded=sum(group.folded for group in hidden),
    )


def strip_group(group: ExampleGroup, mixed: bool) -> StripGroup:
    note = f"max {value(group.high)}" if group.share is None else f"{share(group.share)} of tokens"
    if group.folded and not group.examples:
        note += " · all above"
    return StripGroup(title=group.title, note=note, rows=[strip_row(one, mixed) for one in group.examples])


def strip_row(example: ActivationView, mixed: bool) -> StripRow:
    """A packed row; where a feature's examples come from several corpora (`mixed`), it names its own."""
    tokens = readable(example.tokens)
    caption = example.data_source if mixed and example.data_source not in ("top", "bottom") else ""
    return pack(
        tokens,
        example.values,
        peak=min(max(example.max_value_token_index, 0), len(tokens) - 1),
        special=[i for i, token in enumerate(tokens) if SPECIAL.fullmatch(token)],
        attributed=example.dfa_values,
        caption=caption or "",
    )
