"""Addresses of contrastive searches, and the form they come from."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from memicos_app.components.contrast_asked import LONGEST, ContrastAsked
from memicos_app.components.contrast_form import MEASURE_WORDS, fields_of, texts_of
from memicos_app.components.source_choice import offered
from memicos_app.library.contrast import MEASURES

FULL = ContrastAsked(("a b & c?", "<b>é</b>\n"), ("x",), "m", "res", ("0-res", "9-res"), "share", dense=True)


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


@pytest.mark.parametrize(
    "asked", [ContrastAsked(), ContrastAsked(("x",), ("y",)), FULL, FULL.swapped(), ContrastAsked(('["a"]',), ("2",))]
)
def test_a_search_is_in_its_address(asked: ContrastAsked) -> None:
    assert ContrastAsked.of(query(asked.address)) == asked
    assert asked.address.startswith("/search-contrast")


def test_a_single_text_stands_for_itself() -> None:
    assert query(ContrastAsked(("a b",), ("c", "d")).address) == {"first": "a b", "second": '["c", "d"]'}


def test_what_makes_no_sense_is_left_out() -> None:
    odd = {"first": '["", "x", 3]', "second": "y" * 9000, "measure": "median", "selectedLayers": '{"a": 1}'}
    asked = ContrastAsked.of(odd)
    assert (asked.first, len(asked.second[0]), asked.measure, asked.source_ids) == (("x",), LONGEST, "peak", ())
    assert len(ContrastAsked.of({"first": str([1] * 20), "second": '["a"]'.replace("a", 'a","a')}).second) == 2
    assert not ContrastAsked.of({"first": "x", "second": "  "}).is_complete


def test_empty_fields_are_left_out() -> None:
    form = {"first.0": "a", "first.1": "", "first.2": "b", "second.0": "  ", "second.1": None}
    asked = ContrastAsked().asking(texts_of(form, "first"), texts_of(form, "second"))
    assert (asked.first, asked.second) == (("a", "b"), ())
    assert fields_of(asked.second) == [""]
    assert set(MEASURE_WORDS) == set(MEASURES)


def test_sources_that_are_searched() -> None:
    served = {"res": ["0-res", "9-res"], "mlp": ["3-mlp"]}
    name, chosen, choices = offered(served, {"9-res"}, "res", ())
    assert (name, chosen) == ("res", ("9-res",)), "those that have dashboards"
    assert [(one["words"], one["chosen"]) for one in choices] == [("0", False), ("9", True)]
    assert offered(served, {"9-res"}, "res", ["0-res"])[1] == ("0-res",)
    assert offered(served, set(), "res", ())[1] == ("0-res", "9-res"), "all where none has"
    assert offered(served, set(), "", ())[0] == "mlp"
    assert offered({}, set(), "", ()) == ("", (), [])
