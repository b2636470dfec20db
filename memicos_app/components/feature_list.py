"""Features as rows: number, what it means, its strongest example, how often it fires, how strongly."""

from __future__ import annotations

from typing import TypedDict
from urllib.parse import quote

import reflex as rx

from memicos_app.components.figures import share, value
from memicos_app.components.token_preview import token_preview
from memicos_app.components.token_strip import StripRow, pack
from memicos_app.components.visible_text import one_line
from memicos_app.library.token_text import readable
from memicos_app.library.views import FeatureRow

NO_TOKENS = StripRow(t="", n="", v=[], p=0, m=0.0, k=0, s=[])


class ListedFeature(TypedDict):
    """A row ready to be drawn."""

    number: str
    href: str
    explanation: str
    kind: str
    place: str
    density: str
    strongest: str
    strip: StripRow


def listed(row: FeatureRow, model_id: str, source_id: str, place: str = "") -> ListedFeature:
    """`row` as words; `place` names the source where rows of several stand together."""
    return ListedFeature(
        number=str(row.index),
        href=f"/{quote(model_id, safe='')}/{quote(source_id, safe='')}/{row.index}",
        explanation=one_line(row.explanation),
        kind=row.explanation_type,
        place=place,
        density=share(row.density),
        strongest=value(row.max_activation),
        strip=pack(readable(row.tokens), row.values, peak=row.peak) if row.tokens else NO_TOKENS,
    )


def feature_table(
    rows: rx.Var[list[ListedFeature]],
    *,
    head: rx.Component | None = None,
    label: str = "Features",
    places: bool = False,
) -> rx.Component:
    """The rows as a table; j/k move, Enter opens. `head` is a row of headings, e.g. with links that sort."""
    return rx.el.table(
        head or rx.el.thead(plain_head(places)),
        rx.el.tbody(rx.foreach(rows, lambda row: feature_row(row, places)), data_list=""),
        aria_label=label,
        class_name="table features with-places" if places else "table features",
    )


def plain_head(places: bool) -> rx.Component:
    return rx.el.tr(
        rx.el.th("feature" if places else "index", class_name="num", scope="col"),
        rx.el.th("explanation", scope="col"),
        rx.el.th("strongest example", scope="col"),
        rx.el.th("fires on", class_name="num", scope="col"),
        rx.el.th("max", class_name="num", scope="col"),
    )


def feature_row(row: rx.Var[ListedFeature], places: bool) -> rx.Component:
    number = (rx.el.span(row["place"], class_name="faint"), " ", row["number"]) if places else (row["number"],)
    return rx.el.tr(
        rx.el.td(*number, class_name="num mono f-index"),
        rx.el.td(explanation_link(row), class_name="f-words"),
        rx.el.td(token_preview(row["strip"]), class_name="f-tokens"),
        rx.el.td(row["density"], class_name="num f-density"),
        rx.el.td(row["strongest"], class_name="num f-max"),
    )


def explanation_link(row: rx.Var[ListedFeature]) -> rx.Component:
    """The link that covers its whole row, so that a click, a ctrl-click and Enter all open the feature."""
    words = rx.cond(row["explanation"] != "", row["explanation"], "not explained yet")
    return rx.el.a(
        rx.el.bdi(words),
        href=row["href"],
        title=row["kind"],
        data_item="",
        class_name=rx.cond(row["explanation"] != "", "cover", "cover faint"),
    )


NOTHING_LISTED = ListedFeature(
    number="", href="", explanation="", kind="", place="", density="", strongest="", strip=NO_TOKENS
)
"""What a single row holds before it is read."""
