"""One feature as a file: what its page shows, without the test box and with every example in it."""

from __future__ import annotations

from collections.abc import Collection

from memicos_app.components.example_display import example_display
from memicos_app.components.explanation_lines import ExplanationLine
from memicos_app.components.feature_display import (
    LAYOUTS,
    FeatureDisplay,
    LogitRow,
    Related,
    feature_display,
)
from memicos_app.components.figures import share, value
from memicos_app.components.static import tokens
from memicos_app.components.static.markup import Html, joined, tag
from memicos_app.components.static.pieces import (
    card,
    chart,
    code,
    document,
    facts,
    head,
    more_facts,
    words,
)
from memicos_app.components.static.tokens import Scale
from memicos_app.components.token_strip import SPECIAL
from memicos_app.library.example_groups import ExampleGroup, example_groups
from memicos_app.library.token_text import readable
from memicos_app.library.views import FeatureView

MASKED = (
    "Special tokens and attention sinks do not count: their activation is 0 everywhere here, in tests of your own "
    "text too."
)


def feature_page(view: FeatureView, *, linked: str = "", beside: Collection[int] = ()) -> bytes:
    """The page of `view` as a whole file.

    Args:
        linked: address of the style sheet beside it; empty: it is in the file.
        beside: indices whose pages lie in the same folder; they are linked to.
    """
    shown = feature_display(view)
    path = f"/{view.model_id}/{view.source_id}/{view.index}"
    return document(
        f"{shown.title} · {view.source_id}/{view.index} · {view.model_id}",
        head(path, view.model_id, view.source.set_name, shown.layer, shown.number),
        _title(shown),
        tag(
            "div",
            tag("div", _effect(view, shown), _background(shown, beside), class_="side"),
            tag("div", examples(view), class_="stack"),
            class_="cols feature",
        ),
        linked=linked,
    )


def examples(view: FeatureView) -> Html:
    """The examples with the two ways of drawing them, chosen by CSS alone."""
    groups = example_groups(view.activations)
    if not groups:
        empty = tag(
            "div", tag("h2", "No examples"), tag("p", "No stored text makes this feature fire."), class_="empty"
        )
        return tag("section", empty, class_="card examples")
    display = example_display(view, fold=True)
    scale = Scale(display.maximum, display.attributed_maximum)
    full = LAYOUTS[min(max(view.default_range, 0), 2)] == "full"
    ways = [
        tag("label", tag("input", type="radio", name="ways", class_="sr", checked=on, id=f"way-{name}"), label)
        for name, label, on in (("snippet", "Snippet", not full), ("full", "Full", full))
    ]
    breaks = tag("input", type="checkbox", id="breaks", checked=view.default_show_breaks)
    folded = f"{display.folded} duplicate{'s' if display.folded != 1 else ''} folded" if display.folded else None
    bar = tag(
        "div",
        tag("div", ways, class_="seg", role="group", aria_label="How examples are drawn"),
        tag(
            "div",
            tag("label", breaks, "line breaks", class_="switch"),
            tag("span", folded, class_="small faint") if folded else None,
            class_="example-toggles",
        ),
        class_="example-bar",
    )
    strip = tag("div", [_group(group, scale) for group in groups], class_="strip")
    return tag("section", bar, strip, aria_label="Examples", class_="card examples")


def _group(group: ExampleGroup, scale: Scale) -> Html | None:
    if not group.examples:
        return None
    note = f"max {value(group.high)}" if group.share is None else f"{share(group.share)} of tokens"
    title = tag("h3", tag("span", group.title), tag("span", note, class_="strip-share"), class_="strip-head")
    rows = []
    for number, example in enumerate(group.examples):
        texts = readable(example.tokens)
        special = [place for place, token in enumerate(texts) if SPECIAL.fullmatch(token)]
        rows.append(tokens.row(example, texts, special, scale, f"{number + 1} of {group.title}"))
    return tag("section", title, tag("ol", rows), class_="strip-group")


def _title(shown: FeatureDisplay) -> Html:
    unexplained = tag("span", "not explained yet", class_="chip")
    made = _made_by(shown.explanations[0]) if shown.explained else unexplained
    numbers = joined(
        tag("span", "fires on ", tag("b", shown.density), " of tokens"), tag("span", "max ", tag("b", shown.maximum))
    )
    dead = tag("span", "never fired on the corpus", class_="chip amber")
    return tag(
        "header",
        tag("h1", words(shown.title), class_="title iso"),
        tag("div", made, dead if shown.dead else numbers, class_="meta"),
        class_="feature-title",
    )


def _made_by(line: ExplanationLine) -> Html:
    return joined(
        tag("span", words(line.kind), class_="chip") if line.kind else None,
        tag("span", "by ", tag("span", words(line.by), class_="iso")) if line.by else None,
        [tag("span", words(one.name), " ", tag("b", words(one.value))) for one in line.scores],
    )


def _effect(view: FeatureView, shown: FeatureDisplay) -> Html:
    """What the feature does to the output, and how it fires."""
    lists = tag(
        "div",
        _logits("down", "Negative logits", shown.negative, shown.logit_maximum),
        _logits("up", "Positive logits", shown.positive, shown.logit_maximum),
        class_="logits",
    )
    density = tag("b", shown.density, class_="num")
    return joined(
        card("Logits it pushes", lists),
        chart("Activation density", shown.activation_plot, "Activations where it fires", density),
        chart("Effect on all logits", shown.logit_plot, "Effect on all logits"),
    )


def _logits(word: str, label: str, rows: list[LogitRow], largest: float) -> Html:
    items = [
        tag(
            "li",
            tag(
                "bdi",
                tokens.alone(one.token),
                class_=f"tok alone mono {'neg' if one.value < 0 else 'pos'}",
                style=f"--a:{abs(one.value) / largest:.3f}" if largest and one.value else None,
            ),
            tag("span", one.text, class_="num small"),
        )
        for one in rows
    ]
    body = tag("ol", items, aria_label=label) if items else tag("p", "not stored", class_="small faint")
    return tag("div", tag("h3", word, class_="label", title=label), body)


def _background(shown: FeatureDisplay, beside: Collection[int]) -> Html:
    """What is near the feature, and what its numbers rest on."""
    made = tag(
        "div",
        facts(shown.made_from),
        more_facts(shown.more_made_from),
        tag("p", MASKED, class_="tiny faint"),
        class_="card-body",
    )
    configuration = tag(
        "div",
        facts(shown.configuration),
        more_facts(shown.more_configuration),
        code(shown.load_snippet),
        class_="card-body",
    )
    return joined(
        _explanations(shown.explanations) if len(shown.explanations) > 1 else None,
        _related("Closest decoder directions", "cosine", shown.similar, beside),
        _related("Fires together with", "Pearson", shown.correlated, beside),
        card("How these numbers were made", made, class_="config"),
        card("Configuration", configuration, class_="config"),
        [
            card(
                one.title, tag("div", facts(one.rows), class_="card-body"), aside=_small(one.measure), class_="config"
            )
            for one in shown.tables
        ],
    )


def _explanations(lines: list[ExplanationLine]) -> Html:
    items = [
        tag(
            "li",
            tag("p", words(one.text), class_="iso"),
            tag("p", _made_by(one), class_="row wrap tiny muted"),
            tag("p", words(one.notes), class_="tiny faint iso") if one.notes else None,
        )
        for one in lines
    ]
    return card("Explanations", tag("ul", items, class_="card-rows"), class_="explanations")


def _related(title: str, measure: str, rows: list[Related], beside: Collection[int]) -> Html | None:
    if not rows:
        return None
    items = []
    for one in rows:
        text = words(one.explanation) if one.explanation else f"feature {one.index}"
        parts = (
            tag("span", text, class_="clip iso" if one.explanation else "clip muted"),
            tag("span", one.value, class_="num muted"),
        )
        href = f"{one.index}.html" if one.index in beside else None
        said = f"{one.index} · {one.detail}" if one.detail else str(one.index)
        items.append(tag("li", tag("a", *parts, href=href, title=said)))
    return card(title, tag("ol", items), aside=_small(measure), class_="related")


def _small(text: str) -> Html:
    return tag("span", words(text), class_="small")
