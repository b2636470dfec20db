"""The shelf: which sources there are, and which of them are in memory."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from inference_worker.engine.errors import Unknown, Unusable
from inference_worker.engine.saes import set_name
from inference_worker.engine.shelf import SaeShelf
from tests.inference_worker.test_saes import FEATURES, WIDTH, write_sae

SIZE = 4 * (2 * WIDTH * FEATURES + WIDTH + FEATURES)
"""Bytes of such an SAE."""


def test_another_models_sae_is_refused(tmp_path: Path) -> None:
    write_sae(tmp_path / "m" / "3-a")
    with pytest.raises(Unusable, match="reads 8 dimensions, but m has 576"):
        SaeShelf([tmp_path], "m", 576).get("3-a")


@pytest.mark.parametrize("source_id", ["4-a", "../m/3-a", "3-a/", "", "/etc", ".", "3-a\x00"])
def test_unknown_sources(tmp_path: Path, source_id: str) -> None:
    write_sae(tmp_path / "m" / "3-a")
    with pytest.raises(Unknown) as caught:
        SaeShelf([tmp_path], "m", WIDTH).get(source_id)
    assert caught.value.field == "source"


def test_sources_are_listed_by_layer_and_only_of_the_sets_served(tmp_path: Path) -> None:
    for name in ("15-res-4k", "7-res-4k", "7-mlp-4k", "7-res-4k__l0-30"):
        write_sae(tmp_path / "m" / name)
    assert SaeShelf([tmp_path], "m", WIDTH).sources() == ["7-mlp-4k", "7-res-4k", "7-res-4k__l0-30", "15-res-4k"]
    shelf = SaeShelf([tmp_path], "m", WIDTH, sets=["res-4k"])
    assert shelf.sources() == ["7-res-4k", "7-res-4k__l0-30", "15-res-4k"]
    with pytest.raises(Unknown):
        shelf.get("7-mlp-4k")


def test_what_people_added_is_served_whatever_its_set(tmp_path: Path) -> None:
    write_sae(tmp_path / "demo" / "m" / "7-mlp-4k")
    write_sae(tmp_path / "own" / "m" / "3-mine")
    shelf = SaeShelf([tmp_path / "demo"], "m", WIDTH, own=[tmp_path / "own"], sets=["res-4k"])
    assert shelf.sources() == ["3-mine"]
    assert shelf.get("3-mine").d_sae == FEATURES
    with pytest.raises(Unknown):
        shelf.get("7-mlp-4k")


def test_the_first_folder_that_has_a_source_wins(tmp_path: Path) -> None:
    write_sae(tmp_path / "one" / "m" / "3-a", sink_norm=1)
    write_sae(tmp_path / "two" / "m" / "3-a", sink_norm=2)
    write_sae(tmp_path / "two" / "m" / "3-b", sink_norm=3)
    shelf = SaeShelf([tmp_path / "one", tmp_path / "two"], "m", WIDTH)
    assert [shelf.get(name).sink_norm for name in ("3-a", "3-b")] == [1, 3]


def test_a_source_that_arrives_later_is_found(tmp_path: Path) -> None:
    shelf = SaeShelf([tmp_path], "m", WIDTH)
    with pytest.raises(Unknown):
        shelf.get("3-a")
    write_sae(tmp_path / "m" / "3-a")
    assert shelf.get("3-a").d_sae == FEATURES


def test_the_least_recently_used_is_put_back(tmp_path: Path) -> None:
    for name in ("1-a", "2-a", "3-a"):
        write_sae(tmp_path / "m" / name)
    shelf = SaeShelf([tmp_path], "m", WIDTH, budget=2 * SIZE)
    shelf.get("1-a"), shelf.get("2-a"), shelf.get("1-a")
    assert (shelf.resident, shelf.n_bytes) == (["2-a", "1-a"], 2 * SIZE)
    shelf.get("3-a")
    assert (shelf.resident, shelf.n_bytes) == (["1-a", "3-a"], 2 * SIZE)


def test_what_somebody_holds_is_not_put_back_and_not_loaded_twice(tmp_path: Path) -> None:
    for name in ("1-a", "2-a", "3-a"):
        write_sae(tmp_path / "m" / name)
    shelf = SaeShelf([tmp_path], "m", WIDTH, budget=2 * SIZE)
    held = shelf.get("1-a")
    shelf.get("2-a")
    shelf.get("3-a")
    assert shelf.resident == ["1-a", "3-a"]
    shutil.rmtree(tmp_path / "m")
    assert shelf.get("1-a") is held


def test_an_sae_larger_than_the_budget_is_refused(tmp_path: Path) -> None:
    write_sae(tmp_path / "m" / "3-a")
    with pytest.raises(Unusable, match="needs 0 MB of memory, and SAE_MEMORY_GB allows 0 MB"):
        SaeShelf([tmp_path], "m", WIDTH, budget=SIZE - 1).get("3-a")


def test_patterns_choose_sources(tmp_path: Path) -> None:
    for name in ("1-a", "2-a", "12-a"):
        write_sae(tmp_path / "m" / name)
    shelf = SaeShelf([tmp_path], "m", WIDTH, include=["^1"], exclude=["^12-"])
    assert shelf.sources() == ["1-a"]
    with pytest.raises(Unknown):
        shelf.get("12-a")


def test_a_model_may_have_several_names(tmp_path: Path) -> None:
    write_sae(tmp_path / "base" / "3-a")
    write_sae(tmp_path / "tuned" / "4-a")
    shelf = SaeShelf([tmp_path], ["tuned", "base"], WIDTH)
    assert shelf.sources() == ["3-a", "4-a"]
    assert shelf.get("3-a").source_id == "3-a"


@pytest.mark.parametrize(
    ("source_id", "expected"), [("15-res-4k", "res-4k"), ("0-res-jb", "res-jb"), ("9-res_fs768__x", "res_fs768")]
)
def test_set_names(source_id: str, expected: str) -> None:
    assert set_name(source_id) == expected
