"""A source as a file: what it is, how its features fire, and the list of them."""

from __future__ import annotations

from collections.abc import Sequence

from memicos_app.components.feature_facts import Fact
from memicos_app.components.figures import count, share, value
from memicos_app.components.source_overview import Overview, overview
from memicos_app.components.source_rows import hook_words, sae_path
from memicos_app.components.static import tokens
from memicos_app.components.static.markup import Html, joined, tag
from memicos_app.components.static.pieces import card, chart, code, document, facts, head, words
from memicos_app.components.static.source_plots import density_plot, strongest_plot
from memicos_app.components.static.tokens import alpha
from memicos_app.library.token_text import readable
from memicos_app.library.views import FeatureRow, SourceDetail

PAGES = "features"
"""Folder of the features' pages, where they lie beside this one."""


def source_page(
    detail: SourceDetail, rows: Sequence[FeatureRow], *, total: int, linked: str = "", with_pages: bool = False
) -> bytes:
    """The page of a source with these of its `total` features; `with_pages`, each leads to its own page."""
    source = detail.source
    shown = overview(detail, sae_path(source.model_id, source.id))
    name = hook_words(source.hook_name, source.layer)
    listed = f"{count(len(rows))} of {count(total)}" if len(rows) < total else count(total)
    return document(
        f"{source.id} · {source.model_id}",
        head(f"/{source.model_id}/{source.id}", source.model_id, source.set_name, source.id),
        tag("h1", words(name[:1].upper() + name[1:]) if name else words(source.id), class_="title iso"),
        _summary(detail),
        tag("p", words(source.description), class_="muted iso") if source.description else None,
        tag(
            "div",
            tag("div", _cards(shown, detail), class_="side"),
            tag("div", _list(rows, listed, with_pages=with_pages), class_="stack"),
            class_="cols",
        ),
        linked=linked,
    )


def _summary(detail: SourceDetail) -> Html:
    source = detail.source
    figures = (
        (count(source.n_dashboards), f"of {count(source.n_features)} features live"),
        (share(source.n_explained / (source.n_dashboards or 1)), "explained"),
        (count(detail.skipped), "dead or too sparse"),
    )
    return tag("div", [tag("span", tag("b", figure), f" {said}") for figure, said in figures], class_="meta")


def _cards(shown: Overview, detail: SourceDetail) -> Html:
    listed = (
        ("Evaluation", shown.evaluation, None),
        ("Configuration", shown.config, code(shown.snippet)),
        ("How these numbers were made", shown.made_from, None),
    )
    return joined(
        chart(
            "How often features fire", density_plot(detail.density), "Features by the share of tokens they fire on"
        ),
        chart("How strongly", strongest_plot(detail.max_activation), "Features by their maximum activation"),
        [
            card(title, tag("div", facts([Fact(*pair) for pair in pairs]), more, class_="card-body"), class_="config")
            for title, pairs, more in listed
            if pairs
        ],
    )


def _list(rows: Sequence[FeatureRow], listed: str, *, with_pages: bool) -> Html:
    names = (("index", ""), ("explanation", ""), ("strongest example", "hide-phone"), ("fires on", "num hide-phone"))
    heads = [tag("th", name, class_=kind or None) for name, kind in (*names, ("max", "num"))]
    table = tag(
        "table",
        tag("thead", tag("tr", heads)),
        tag("tbody", [_row(one, with_pages=with_pages) for one in rows]),
        class_="table features",
    )
    return card("Features", table, aside=tag("span", listed, class_="num small"), class_="browser")


def _row(one: FeatureRow, *, with_pages: bool) -> Html:
    text = words(one.explanation) if one.explanation else tag("span", "not explained", class_="faint")
    index = str(one.index)
    where = tag("a", index, href=f"{PAGES}/{index}.html", class_="cover") if with_pages else index
    return tag(
        "tr",
        tag("td", where, class_="f-index"),
        tag("td", text, class_="f-words iso", title=one.explanation or None),
        tag("td", _tokens(one), class_="f-tokens hide-phone"),
        tag("td", share(one.density), class_="f-density num hide-phone"),
        tag("td", value(one.max_activation), class_="num"),
    )


def _tokens(one: FeatureRow) -> Html:
    """The strongest example around its peak, as the lists of the site draw it."""
    texts = readable(one.tokens)
    spans = []
    for text, activation in zip(texts, one.values, strict=True):
        strength = alpha(activation, one.max_activation)
        shown = tokens.visible(text)
        spans.append(tag("span", shown, class_="tok", style=f"--a:{strength:.3f}") if strength else shown)
    before, after = joined(spans[: one.peak]), joined(spans[one.peak :])
    return tag(
        "div",
        tag("div", tag("span", before), class_="kwic-before"),
        tag("div", after, class_="kwic-after"),
        class_="kwic",
    )
