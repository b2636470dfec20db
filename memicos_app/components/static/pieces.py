"""Parts that several static pages share: the document around them, cards, charts, lists of facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from memicos_app.components.charts import HEIGHT, WIDTH, Drawing
from memicos_app.components.feature_facts import Fact
from memicos_app.components.static.markup import Child, Html, escaped, joined, tag
from memicos_app.components.visible_text import one_line
from memicos_app.settings import ROOT, get_settings

SHEETS = ("memicos.css", "token-strip.css", "feature.css", "pages.css")
STYLE_NAME = "style.css"
LONGEST = 4000


@lru_cache(maxsize=1)
def style() -> str:
    """The site's style sheets and what static pages add, without comments."""
    sheets = [(ROOT / "assets" / name).read_text("utf-8") for name in SHEETS]
    sheets.append(Path(__file__).with_name("static.css").read_text("utf-8"))
    return re.sub(r"/\*.*?\*/\s*", "", "\n".join(sheets), flags=re.S)


def document(title: str, *children: Child, linked: str = "") -> bytes:
    """A whole page. With `linked`, the address of the style sheet beside it, it is smaller; else it needs nothing.

    Its policy lets it load nothing and run nothing, whatever a text in it may be.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'" + (" 'self' file:" if linked else "")
    sheet = tag("link", rel="stylesheet", href=linked) if linked else tag("style", Html(style()))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", one_line(title)),
        sheet,
    )
    main = tag("main", *children, id="main", class_="main")
    body = tag("body", tag("div", main, _footer(), class_="shell static"))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n".encode()


def _footer() -> Html:
    return tag(
        "footer", tag("div", "A copy from MemicOS, as it was when it was saved.", class_="foot-in"), class_="foot"
    )


def words(text: str) -> Html:
    """Foreign text in its own line of characters, none of them invisible."""
    return escaped(one_line(text, LONGEST))


def card(title: str, *children: Child, aside: Child = None, class_: str = "") -> Html:
    """A card with its head line."""
    head = tag("div", tag("h2", title), aside, class_="card-head")
    return tag("section", head, *children, class_=f"card {class_}".strip())


def chart(title: str, drawing: Drawing, label: str, aside: Child = None) -> Html | None:
    """A card with a histogram whose bars tell their values where they are pointed at; None for an empty one."""
    if not drawing.words:
        return None
    picture = tag(
        "svg",
        tag("path", d=drawing.bars, class_="bar-pos"),
        tag("path", d=drawing.negative, class_="bar-neg"),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )
    said = tag("div", [tag("i", tag("span", one)) for one in drawing.words], class_="hist-words", aria_hidden="true")
    axis = tag("figcaption", [tag("span", one) for one in (drawing.low, drawing.middle, drawing.high)], class_="axis")
    return card(
        title, tag("div", tag("figure", picture, said, axis, class_="chart"), class_="card-body"), aside=aside
    )


def facts(rows: Iterable[Fact]) -> Html:
    """Names and values."""
    pairs = [tag("div", tag("dt", words(one.name)), tag("dd", words(one.value), class_="iso")) for one in rows]
    return tag("dl", pairs, class_="facts-list")


def more_facts(rows: Sequence[Fact]) -> Html | None:
    """What few want to read, behind its number."""
    if not rows:
        return None
    return tag("details", tag("summary", f"{len(rows)} more", class_="link small"), facts(rows))


def crumbs(*steps: str) -> Html:
    """Where the page belongs; the last step is the page itself."""
    parts: list[Html] = []
    for step in steps[:-1]:
        parts += [tag("span", words(step)), tag("span", "›", class_="sep", aria_hidden="true")]
    parts.append(tag("span", words(steps[-1]), aria_current="page"))
    return tag("nav", parts, aria_label="Where this is", class_="crumbs")


def head(path: str, *steps: str) -> Html:
    """Crumbs, and the way to the page on the site where that has a public address."""
    site = get_settings().public_url.rstrip("/")
    way = tag("a", "Open on the site ↗", href=f"{site}{path}", rel="noopener", class_="btn") if site else None
    return tag("div", crumbs(*steps), tag("div", way, class_="actions"), class_="page-head")


def code(text: str) -> Html:
    """A snippet to copy."""
    return tag("pre", text, class_="code", tabindex=0)


def spaced(*parts: Child) -> Html:
    """Parts of one line."""
    return joined(*(joined(part, " ") for part in parts if part is not None))
