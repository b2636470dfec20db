"""What the home page reads from the database."""

from __future__ import annotations

import pytest

from memicos_app.components.random_card import RandomState
from memicos_app.components.teaser import TeaserState
from memicos_app.pages.home import HomeState, summary
from tests.api import dataset
from tests.pages.conftest import state_of

PATH = f"/{dataset.MODEL}/{dataset.SOURCE}"


def test_one_of_something_is_not_called_many() -> None:
    assert summary({"models": 1, "sources": 2, "features": 4096}) == [
        ("1", "model"),
        ("2", "sources to browse"),
        ("4,096", "features"),
    ]


async def test_an_empty_database_says_how_to_begin(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    home = await state_of(HomeState)
    await HomeState.load.fn(home)
    assert home.is_empty
    assert home.begin.startswith("memicos ")
    assert home.problem == ""


async def test_what_is_here_is_listed(imported: str) -> None:
    home = await state_of(HomeState)
    await HomeState.load.fn(home)
    assert not home.is_empty
    assert [row["href"] for row in home.model_rows] == [f"/{dataset.MODEL}"]
    assert (home.jump_model, home.jump_source) == (dataset.MODEL, dataset.SOURCE)
    assert ("3", "features") in home.summary
    assert (await home.get_state(RandomState)).drawn["href"].startswith(PATH + "/")


async def test_the_panel_offers_explained_features_of_that_source(imported: str) -> None:
    home = await state_of(HomeState)
    await HomeState.load.fn(home)
    teaser = await home.get_state(TeaserState)
    assert {choice["number"] for choice in teaser.choices} <= set(dataset.INDICES)
    assert teaser.choices
    assert teaser.strength == teaser.choices[0]["usual"]
    assert teaser.open_href.startswith(f"/{dataset.MODEL}/steer?source={dataset.SOURCE}&index=")


async def test_a_database_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch, imported: str) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    from memicos_app.settings import get_settings

    get_settings.cache_clear()
    try:
        home = await state_of(HomeState)
        await HomeState.load.fn(home)
        assert home.problem == "The database does not answer right now; try again in a moment."
    finally:
        get_settings.cache_clear()
