"""Whatever text comes, the elements around it stay what they are."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from memicos_app.components.static.markup import Html, joined, tag


class Reader(HTMLParser):
    """Elements and texts as a browser finds them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(document: str) -> Reader:
    reader = Reader()
    reader.feed(document)
    reader.close()
    return reader


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60), st.text(max_size=60))
def test_text_stays_text(text: str, odd: str) -> None:
    found = read(tag("p", text, tag("b", odd), title=text))
    assert [name for name, _ in found.elements] == ["p", "b"]
    assert found.elements[0][1] == {"title": text}
    assert found.text.startswith(text)


def test_what_no_document_may_hold_is_seen() -> None:
    shown = tag("p", "\x00\ud800\x1b")
    assert shown == "<p>␀\N{REPLACEMENT CHARACTER}␛</p>"
    assert shown.encode()


def test_attributes() -> None:
    made = tag("input", checked=True, disabled=False, title=None, aria_label='"x"', class_="a")
    assert made == '<input checked aria-label="&quot;x&quot;" class="a">'
    assert joined("<", None, [Html("<br>"), ["&"]]) == "&lt;<br>&amp;"
