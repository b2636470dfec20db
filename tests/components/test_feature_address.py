"""Addresses of a feature: what is put into them comes out of them again, whatever it holds."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memicos_app.components.feature_address import (
    EMBED_SWITCHES,
    embed_query,
    feature_path,
    iframe,
    json_path,
    source_path,
    steer_path,
    with_text,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def test_paths() -> None:
    assert feature_path("smollm2-135m-it", "15-res-4k", 10) == "/smollm2-135m-it/15-res-4k/10"
    assert source_path("smollm2-135m-it", "res-4k") == "/smollm2-135m-it/res-4k"
    assert json_path("m", "s", 3) == "/api/feature/m/s/3"
    assert steer_path("m", "15-res-4k", 3, 80.76) == "/m/steer?source=15-res-4k&index=3&strength=80.76"
    assert steer_path("m", "s", 3, 12345.67) == "/m/steer?source=s&index=3&strength=12345.67"


@given(TEXTS, TEXTS)
def test_names_cannot_break_out_of_their_part(model_id: str, source_id: str) -> None:
    parts = feature_path(model_id, source_id, 1).split("/")
    assert [unquote(part) for part in parts] == ["", model_id, source_id, "1"]


@given(TEXTS.filter(lambda text: bool(text.strip())))
def test_the_text_under_test_travels_whole_and_other_parameters_stay(text: str) -> None:
    query = with_text({"embed": "true", "defaulttesttext": "old"}, text)
    assert parse_qs(query[1:], keep_blank_values=True) == {"embed": ["true"], "defaulttesttext": [text]}


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_no_text_leaves_no_trace(text: str) -> None:
    assert with_text({"defaulttesttext": "old"}, text) == ""
    assert with_text({"embed": "true"}, text) == "?embed=true"


def test_an_embedded_page_names_only_what_is_switched_off() -> None:
    assert embed_query([], "") == "?embed=true"
    assert embed_query(["embedlink", "embedplots"], "a b") == (
        "?embed=true&embedplots=false&embedlink=false&defaulttesttext=a+b"
    )
    assert embed_query(["of no such name"], "") == "?embed=true"
    assert len(EMBED_SWITCHES) == 7


@given(TEXTS)
def test_the_iframe_holds_the_address_and_nothing_else(text: str) -> None:
    address = f"http://site/m/s/1{embed_query([], text)}"
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Reader().feed(iframe(address))
    ((tag, attributes),) = found
    assert tag == "iframe"
    assert attributes["src"] == address
    assert "height: 300px; width: 540px" in (attributes["style"] or "")
    assert urlsplit(address).query == embed_query([], text)[1:]
