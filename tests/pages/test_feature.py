"""The state of the feature page over a real database: what it shows of an address, and what its controls do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from memicos_app.db import session
from memicos_app.library.datasets.importing import import_source
from memicos_app.pages.feature import FeatureState
from tests.api import dataset
from tests.conftest import settle
from tests.pages.events import Visitor, visitor

MODEL, SOURCE = dataset.MODEL, dataset.SOURCE


@pytest.fixture(scope="module")
def imported(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that holds three small features; its address."""
    origin = dataset.make(tmp_path_factory.mktemp("origin"))
    settle(import_source(origin, MODEL, SOURCE))
    settle(session.dispose())
    return module_database


@pytest.fixture
async def reader(imported: str) -> AsyncIterator[Visitor]:
    """A visitor who opened feature 10."""
    async with visitor(MODEL, SOURCE, "10") as one:
        await one.cause(FeatureState.load)
        yield one


async def test_a_feature_is_shown(reader: Visitor) -> None:
    shown = reader.shown["shown"]
    assert (reader.shown["phase"], shown.title, shown.number) == ("ready", "<b>feature 10</b>", "10")
    assert reader.shown["title"] == "<b>feature 10</b> · 15-res-4k/10 · MemicOS"
    assert (shown.previous_href, shown.next_href) == (f"/{MODEL}/{SOURCE}/0", f"/{MODEL}/{SOURCE}/4000")
    assert [group["title"] for group in reader.shown["groups"]] == ["Top activations"]
    assert reader.shown["maximum"] == 3.0
    assert reader.shown["sources"] == [SOURCE]


async def test_duplicates_are_folded_until_they_are_asked_for(reader: Visitor) -> None:
    assert (len(reader.shown["groups"][0]["rows"]), reader.shown["folded"]) == (1, 1)
    await reader.cause(FeatureState.switch_fold)
    assert (len(reader.shown["groups"][0]["rows"]), reader.shown["folded"]) == (2, 1)
    await reader.cause(FeatureState.switch_fold)
    assert len(reader.shown["groups"][0]["rows"]) == 1


async def test_the_chosen_layout_stays_when_another_feature_is_opened(reader: Visitor) -> None:
    assert reader.shown["layout"] == "snippet"
    await reader.cause(FeatureState.choose_layout("full"))
    reader.address = (MODEL, SOURCE, "4000")
    await reader.cause(FeatureState.load)
    assert (reader.shown["layout"], reader.shown["shown"].number) == ("full", "4000")
    await reader.cause(FeatureState.choose_layout("upside down"))
    assert reader.shown["layout"] == "snippet"


async def test_line_breaks_begin_as_the_source_set_wants_and_are_switched(reader: Visitor) -> None:
    assert reader.shown["breaks"] is True
    await reader.cause(FeatureState.switch_breaks)
    assert reader.shown["breaks"] is False
    await reader.cause(FeatureState.switch_breaks)
    assert reader.shown["breaks"] is True


@pytest.mark.parametrize("index", ["11", "99999", "2147483648", "-1", "ten", "١٠", "1e3", "1" * 50])
async def test_an_unknown_feature_leads_on(imported: str, index: str) -> None:
    async with visitor(MODEL, SOURCE, index) as one:
        await one.cause(FeatureState.load)
        assert one.shown["phase"] == "missing"
        assert one.shown["problem"]
        assert {"words": f"All 3 features of {SOURCE}", "note": "blocks.15.hook_resid_post"}.items() <= one.shown[
            "suggestions"
        ][-1].items()


async def test_the_nearest_features_are_named(imported: str) -> None:
    async with visitor(MODEL, SOURCE, "11") as one:
        await one.cause(FeatureState.load)
        near = [(way["words"], way["note"], way["href"]) for way in one.shown["suggestions"][:-1]]
        assert near == [(f"<b>feature {i}</b>", str(i), f"/{MODEL}/{SOURCE}/{i}") for i in (0, 10, 4000)]


@pytest.mark.parametrize(
    ("address", "way"), [((MODEL, "99-none", "1"), f"/{MODEL}/{SOURCE}"), (("no-model", "s", "1"), f"/{MODEL}")]
)
async def test_an_unknown_source_or_model_leads_to_those_that_exist(
    imported: str, address: tuple[str, str, str], way: str
) -> None:
    async with visitor(*address) as one:
        await one.cause(FeatureState.load)
        assert one.shown["phase"] == "missing"
        assert way in [suggestion["href"] for suggestion in one.shown["suggestions"]]


async def test_the_state_says_which_page_it_is_of(reader: Visitor) -> None:
    assert reader.shown["arrived"] == f"/{MODEL}/{SOURCE}/10"
    reader.address = (MODEL, SOURCE, "0")
    await reader.cause(FeatureState.choose_layout("full"))
    assert (reader.shown["arrived"], reader.shown["shown"].number) == (f"/{MODEL}/{SOURCE}/10", "10")
    await reader.cause(FeatureState.load)
    assert (reader.shown["arrived"], reader.shown["shown"].number) == (f"/{MODEL}/{SOURCE}/0", "0")


async def test_leaving_forgets_the_feature(reader: Visitor) -> None:
    await reader.cause(FeatureState.leave)
    assert (reader.shown["phase"], reader.shown["groups"], reader.shown["shown"].title) == ("", [], "")


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("0", f"/{MODEL}/{SOURCE}/0"),
        ("7/3", f"/{MODEL}/7-res-4k/3"),
        (f"/{MODEL}/{SOURCE}/4000", f"/{MODEL}/{SOURCE}/4000"),
        ("gold and silver", "/search-explanations?q=gold+and+silver"),
    ],
)
async def test_the_index_field_jumps(reader: Visitor, typed: str, path: str) -> None:
    await reader.cause(FeatureState.jump({"index": typed}))
    assert reader.told("_redirect") == [path]


async def test_the_text_under_test_goes_into_the_address_and_along(reader: Visitor) -> None:
    reader.query = {"embed": "true"}
    await reader.cause(FeatureState.reset_test)
    assert reader.shown["query"] == "?embed=true"
    (script,) = reader.told("_call_script")
    assert script == f"history.replaceState(history.state, '', \"/{MODEL}/{SOURCE}/10?embed=true\")"
    await reader.cause(FeatureState.switch_source("7-res-4k"))
    assert reader.told("_redirect") == [f"/{MODEL}/7-res-4k/10?embed=true"]


async def test_a_text_in_the_address_is_put_into_the_field_and_tested(
    imported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memicos_app.components.own_text.PATIENCE", -1.0)
    async with visitor(MODEL, SOURCE, "10", defaulttesttext="gold") as one:
        await one.cause(FeatureState.load)
        assert (one.shown["text"], one.shown["query"]) == ("gold", "?defaulttesttext=gold")
        assert "not running" in one.shown["test_problem"]


async def test_a_worker_that_is_down_is_waited_for_and_the_text_kept(
    reader: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memicos_app.components.own_text.PATIENCE", 0.05)
    monkeypatch.setattr("memicos_app.components.own_text.LONGEST_PAUSE", 0.02)
    sent = await reader.cause(FeatureState.submit_test({"text": "Solar power"}))
    said = [values["test_problem"] for one in sent for values in one.values() if "test_problem" in values]
    assert any("Your text is kept" in sentence for sentence in said)
    assert reader.shown["testing"] is False
    assert "not running" in reader.shown["test_problem"]
    assert (reader.shown["text"], reader.shown["result"]) == ("Solar power", [])


async def test_an_empty_text_takes_the_answer_away(reader: Visitor) -> None:
    before = reader.shown["text_round"]
    await reader.cause(FeatureState.reset_test)
    assert (reader.shown["text"], reader.shown["result"], reader.shown["testing"]) == ("", [], False)
    assert reader.shown["text_round"] == before + 1
