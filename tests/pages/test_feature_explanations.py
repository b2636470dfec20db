"""What a feature page does with explanations: own words are kept, changed, deleted, and refused with a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from memicos_app.components.explanation_lines import ExplanationLine
from memicos_app.library.embedders import soon
from memicos_app.pages.feature import FeatureState
from memicos_app.settings import get_settings
from tests.api.dataset import MODEL, SOURCE
from tests.pages.events import Visitor, visitor

TWIN = "This feature has these very words already, written by hand."


@pytest.fixture
async def reader(imported: str) -> AsyncIterator[Visitor]:
    """A visitor who opened feature 10."""
    async with visitor(MODEL, SOURCE, "10") as one:
        await one.cause(FeatureState.load)
        yield one
    await soon.settled()


def lines(reader: Visitor) -> list[ExplanationLine]:
    found: list[ExplanationLine] = reader.shown["shown"].explanations
    return found


async def test_own_words_become_the_title_and_go_again(reader: Visitor) -> None:
    before = reader.shown["words_round"]
    await reader.cause(FeatureState.keep_words({"words": "mine \u202e <i>"}))
    assert (reader.shown["words_round"], reader.shown["words_problem"]) == (before + 1, "")
    assert reader.shown["shown"].title == "mine ‹RLO› <i>"
    own = lines(reader)[0]
    assert (own.own, own.made_here, own.kind_href) == (True, True, "/explanation-type/written-by-hand")
    assert own.like_href == f"/search-explanations?like={own.id}"
    await reader.cause(FeatureState.keep_words({"words": "mine \u202e <i>"}))
    assert reader.shown["words_problem"] == TWIN

    await reader.cause(FeatureState.change(own.id))
    assert reader.shown["changing"] == own.id
    await reader.cause(FeatureState.change_words({"words": " "}))
    assert (reader.shown["changing"], reader.shown["change_problem"]) == (own.id, "An explanation needs some words.")
    await reader.cause(FeatureState.change_words({"words": "other"}))
    assert (reader.shown["changing"], reader.shown["shown"].title) == ("", "other")

    await reader.cause(FeatureState.ask_delete(own.id))
    assert reader.shown["deleting"] == own.id
    await reader.cause(FeatureState.delete_explanation)
    assert (reader.shown["deleting"], [line.text for line in lines(reader)]) == ("", ["<b>feature 10</b>"])


async def test_a_visitor_of_a_public_site_reads_only(imported: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    async with visitor(MODEL, SOURCE, "10") as one:
        await one.cause(FeatureState.load)
        assert not one.shown.get("may_edit", False)
        await one.cause(FeatureState.keep_words({"words": "not mine to say"}))
        assert one.sent_to_sign_in()
        assert len(lines(one)) == 1
    get_settings.cache_clear()
