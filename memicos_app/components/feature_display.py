"""A feature as its page shows it: words, addresses and packed rows made once from a `FeatureView`.

State holds this and nothing else of a feature, so that what travels to the browser is small and typed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from reflex.vars import ObjectVar

from memicos_app.components.charts import Drawing, draw
from memicos_app.components.explanation_lines import ExplanationLine, explanation_line
from memicos_app.components.feature_address import feature_path, json_path, page_path, source_path, steer_path
from memicos_app.components.feature_facts import (
    Fact,
    FactTable,
    configuration_facts,
    load_snippet,
    made_from,
    neuron_tables,
)
from memicos_app.components.figures import share, value
from memicos_app.components.visible_text import one_line
from memicos_app.library.example_groups import default_strength
from memicos_app.library.token_text import readable
from memicos_app.library.vectors import is_vector
from memicos_app.library.views import FeatureView, Histogram

T = TypeVar("T")
if TYPE_CHECKING:

    class Shown(ObjectVar[T]):
        """A var of one of the classes below; Reflex knows the types of its fields at run time only."""

        def __getattr__(self, name: str) -> Any: ...

else:
    Shown = ObjectVar

MISSING_LOGIT = -10_000.0
LAYOUTS = ("stacked", "snippet", "full")


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
    tables: list[FactTable] = field(default_factory=list)
    configuration: list[Fact] = field(default_factory=list)
    more_configuration: list[Fact] = field(default_factory=list)
    load_snippet: str = ""
    made_from: list[Fact] = field(default_factory=list)
    more_made_from: list[Fact] = field(default_factory=list)
    model_href: str = ""
    set_href: str = ""
    source_href: str = ""
    vector: str = ""
    """Hook point of a vector of somebody's own; empty for features."""
    previous_href: str = ""
    next_href: str = ""
    steer_href: str = ""
    json_href: str = ""
    file_href: str = ""


def feature_display(view: FeatureView) -> FeatureDisplay:
    """The words and numbers of `view` as they are shown."""
    place = (view.model_id, view.source_id)
    configuration, more = configuration_facts(view.saelens_config)
    made, more_made = made_from(view)
    own = view.extra if is_vector(view.source_id) else {}
    home = f"/{view.model_id}"
    return FeatureDisplay(
        model=view.model_id,
        source=view.source_id,
        number=str(view.index),
        set_name=view.source.set_name,
        layer=f"layer {view.source.layer}",
        title=title(view, str(own.get("vectorLabel", ""))),
        vector=str(own.get("hookName", "")),
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
        tables=neuron_tables(view.extra),
        configuration=configuration,
        more_configuration=more,
        load_snippet=load_snippet(view),
        made_from=made,
        more_made_from=more_made,
        model_href=home,
        set_href=home if own else source_path(view.model_id, view.source.set_name),
        source_href=home if own else source_path(*place),
        previous_href="" if view.previous_index is None else feature_path(*place, view.previous_index),
        next_href="" if view.next_index is None else feature_path(*place, view.next_index),
        steer_href=steer_path(
            *place, view.index, own.get("vectorDefaultSteerStrength") or default_strength(view.max_activation)
        ),
        json_href=json_path(*place, view.index),
        file_href=page_path(*place, view.index),
    )


def title(view: FeatureView, label: str) -> str:
    """What it means, as far as anybody said; a vector goes by its label."""
    return one_line(view.explanations[0].description if view.explanations else label or f"Feature {view.index}")


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
