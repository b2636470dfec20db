"""The page of a map: which map an address means, what is chosen, and asking for another."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from memicos_app.components.map_choice import quick_path
from memicos_app.components.map_making import MapMaking
from memicos_app.db import session
from memicos_app.library import jobs, quick_lists
from memicos_app.library.maps import keeping
from memicos_app.library.maps.blocks import Points
from memicos_app.library.maps.vectors import data_of
from memicos_app.library.maps.views import Kind, MapLayer, MapView
from memicos_app.pages.map import MapState, choice, chosen, made_facts
from tests.api import dataset
from tests.conftest import settle
from tests.pages.conftest import state_of


@pytest.fixture(scope="module")
def map_id(imported: str) -> int:
    """A map of the three features."""
    numbers: list[int] = []
    zeros = np.zeros(3, np.float32)

    async def make() -> None:
        points = Points(np.asarray(dataset.INDICES, np.uint32), zeros, zeros, np.zeros(3, np.int16))
        layers = [(one, points) for one in await data_of(dataset.MODEL, [dataset.SOURCE])]
        numbers.append(await keeping.keep(dataset.MODEL, "decoder", layers, [], {"seed": 0}))

    settle(make())
    settle(session.dispose())
    return numbers[0]


def view(number: int, kind: Kind, *source_ids: str) -> MapView:
    made = {"seed": 0, "seconds": 61.2, "embedder": "mini"}
    return MapView(
        number, "m", kind, [MapLayer(one, 5) for one in source_ids], [], made, datetime(2026, 1, 2, tzinfo=UTC)
    )


def test_an_address_names_its_map() -> None:
    known = [view(1, "explanations", "3-a"), view(2, "decoder", "3-a"), view(3, "explanations", "3-a", "4-a")]
    for one in known:
        query = parse_qs(urlsplit(choice(one, "/m/3-a/map", "3-a", 1)["href"]).query)
        asked = {name: values[0] for name, values in query.items()}
        assert chosen(known, asked) is one
    assert chosen(known, {}) is known[0]
    assert chosen(known, {"by": "decoder", "with": "gone"}) is known[1]
    assert [choice(one, "/", "3-a", 2)["here"] for one in known] == [False, True, False]


def test_the_facts_say_what_is_known() -> None:
    facts = dict(made_facts(view(1, "explanations", "3-a")))
    assert facts == {
        "laid out by": "UMAP",
        "embedder": "mini",
        "seed": "0",
        "took": "61 s",
        "made": "2026-01-02 00:00 UTC",
    }


def test_a_list_holds_as_many_as_a_list_may() -> None:
    many = [("3-a", index) for index in range(2 * quick_lists.MOST)]
    (features,) = parse_qs(urlsplit(quick_path("m", many, "mine")).query)["features"]
    assert [one.address.index for one in quick_lists.read(features)] == list(range(quick_lists.MOST))
    assert quick_path("m", [], "mine") == ""


async def test_a_pick_and_a_selection_are_read(map_id: int) -> None:
    state = await state_of(MapState)
    state.r_model, state.map_id = dataset.MODEL, map_id
    await MapState.pick.fn(state, dataset.SOURCE, 10)
    assert (state.picked, state.card["title"]) == (f"{dataset.SOURCE}/10", "<b>feature 10</b>")
    await MapState.select.fn(state, [[dataset.SOURCE, [0, 4000]]], 2)
    assert [row["words"] for row in state.rows] == ["<b>feature 0</b>", "<b>feature 4000</b>"]
    assert (state.selected, state.can_show_more) == (2, False)
    assert state.quick_href.startswith("/quick-list?name=2+features")
    await MapState.select.fn(state, [], 0)
    assert (state.rows, state.quick_href) == ([], "")


async def test_the_form_asks_for_a_job_or_says_why_not(map_id: int) -> None:
    state = await state_of(MapMaking)
    await state.show(dataset.MODEL, dataset.SOURCE)
    assert state.line == f"memicos map {dataset.MODEL} {dataset.SOURCE}"
    await MapMaking.make.fn(state, {"by": "decoder"})
    (asked,) = await jobs.jobs(kind="map")
    assert (asked.arguments, state.problem) == (
        {"model": dataset.MODEL, "sources": [dataset.SOURCE], "by": "decoder"},
        "",
    )
    await MapMaking.make.fn(state, {"by": "colour"})
    assert "not 'colour'" in state.problem
