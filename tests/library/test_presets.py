"""Presets: brought along by a dataset, changed here, and never taken back by the dataset again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from memicos_app.library import preset_text, presets
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.presets import Preset, PresetFeature
from memicos_app.library.steering import SteerCondition
from memicos_app.settings import ROOT
from tests.api import dataset

MODEL = "smollm2-135m-it"
FEATURES = [PresetFeature("15-res-4k", 1621, 120.0)]
SHIPS = Preset(
    MODEL,
    "ships",
    "Ships",
    features=FEATURES,
    options={"temperature": 0.5},
    stop=["\n", "end\u0000"],
    condition=SteerCondition("15-res-4k", 3, 1.5),
)


def origin(folder: Path, *lines: dict[str, Any]) -> Path:
    """A dataset folder with these presets."""
    path = folder / "v1" / MODEL / presets.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def line(alias: str, **more: Any) -> dict[str, Any]:
    return {"alias": alias, "name": alias.title(), "features": [{"source": "s", "index": 1, "strength": 2.5}], **more}


@pytest.mark.usefixtures("database")
async def test_a_preset_is_kept_changed_and_removed() -> None:
    kept = await presets.save(SHIPS)
    assert dataclasses.replace(kept, id="") == SHIPS
    assert await presets.by_alias(MODEL, "ships") == kept
    changed = await presets.save(dataclasses.replace(kept, name="Ships and <b>boats</b>", rank=3))
    assert await presets.of_model(MODEL) == [changed]
    assert await presets.of_model("gpt2") == []
    await presets.remove(kept.id)
    assert await presets.of_model(MODEL) == []
    for missing in (presets.by_alias(MODEL, "ships"), presets.remove(kept.id), presets.remove("\x00")):
        with pytest.raises(NotFoundError):
            await missing


@pytest.mark.usefixtures("database")
async def test_two_presets_do_not_share_an_address() -> None:
    await presets.save(SHIPS)
    with pytest.raises(BadInputError) as caught:
        await presets.save(SHIPS)
    assert caught.value.field == "alias"
    assert preset_text.alias_of("Ships!", taken=["ships"]) == "ships-2"


@pytest.mark.usefixtures("database")
async def test_a_dataset_brings_presets_and_leaves_what_was_changed_here(tmp_path: Path) -> None:
    folder = origin(tmp_path, line("one"), line("two"), line("three"), {"alias": "no name"})
    assert await presets.bring_in(folder, MODEL) == 3
    one, two = await presets.by_alias(MODEL, "one"), await presets.by_alias(MODEL, "two")
    assert one.features == [PresetFeature("s", 1, 2.5)]
    assert one.condition is None
    await presets.save(dataclasses.replace(one, name="Mine"))
    await presets.remove(two.id)
    await presets.bring_in(origin(tmp_path, line("one"), line("two"), line("three", name="Third")), MODEL)
    assert {each.alias: each.name for each in await presets.of_model(MODEL)} == {"one": "Mine", "three": "Third"}
    assert await presets.bring_in(tmp_path, "gpt2") == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"alias": "Two Words"}, "alias"),
        ({"alias": "-"}, "alias"),
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"features": []}, "features"),
        ({"features": SHIPS.features * 33}, "features"),
        ({"kind": "prompt"}, "prompt"),
        ({"prompt": "x" * 2049}, "prompt"),
        ({"options": {"colour": "red"}}, "options.colour"),
        ({"options": {"temperature": "hot"}}, "options.temperature"),
        ({"options": {"n_tokens": True}}, "options.n_tokens"),
        ({"options": {"n_tokens": 0}}, "n_tokens"),
        ({"options": {"temperature": float("nan")}}, "temperature"),
        ({"features": [PresetFeature("s", 1, 1e18)]}, "features.0.strength"),
        ({"stop": ["x"] * 9}, "stop"),
        ({"stop": [""]}, "stop.0"),
        ({"stop": ["x" * 201]}, "stop.0"),
        ({"condition": SteerCondition("s", -1)}, "condition.index"),
        ({"condition": SteerCondition("s", 1, float("inf"))}, "condition.threshold"),
    ],
)
def test_what_cannot_be_right_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInputError) as caught:
        presets.check(dataclasses.replace(SHIPS, **changes))
    assert caught.value.field == field


def test_features_are_written_as_people_write_them() -> None:
    text = "15-res-4k/53 120\n\n 7-res-4k : 8 −3.5 "
    features = preset_text.parse_features(text)
    assert features == [PresetFeature("15-res-4k", 53, 120.0), PresetFeature("7-res-4k", 8, -3.5)]
    assert preset_text.parse_features(preset_text.features_text(features)) == features
    with pytest.raises(BadInputError, match="Line 2"):
        preset_text.parse_features("15-res-4k/53 120\nenergy")


def test_conditions_and_stop_strings_are_written_as_people_write_them() -> None:
    condition = preset_text.parse_condition(" 15-res-4k/53 > −2.5 ")
    assert condition == SteerCondition("15-res-4k", 53, -2.5)
    assert preset_text.parse_condition(preset_text.condition_text(condition)) == condition
    assert preset_text.parse_condition("7-res-4k/8") == SteerCondition("7-res-4k", 8, 0.0)
    assert preset_text.parse_condition(" ") is None
    for wrong in ("energy", "15-res-4k/53 < 2", "15-res-4k/53 > two"):
        with pytest.raises(BadInputError) as caught:
            preset_text.parse_condition(wrong)
        assert caught.value.field == "condition"
    assert preset_text.parse_stops("\\n\r\n\nThe end") == ["\n", "The end"]
    assert preset_text.parse_stops(preset_text.stops_text(["a\nb", "c"])) == ["a\nb", "c"]


@pytest.mark.usefixtures("database")
async def test_a_dataset_may_bring_conditions_and_stop_strings(tmp_path: Path) -> None:
    where = {"source": "s", "index": 3, "threshold": 2.5}
    await presets.bring_in(origin(tmp_path, line("one", stop=["."], condition=where)), MODEL)
    one = await presets.by_alias(MODEL, "one")
    assert (one.stop, one.condition) == (["."], SteerCondition("s", 3, 2.5))
    assert presets.settings(one) == {"stop": ["."], "condition": where}


@pytest.mark.usefixtures("database")
async def test_the_demo_ships_presets_that_can_be_kept() -> None:
    assert await presets.bring_in(ROOT / "demo" / "datasets", MODEL) >= 4
    found = await presets.of_model(MODEL)
    assert {each.kind for each in found} == {"prompt", "features"}
    for each in found:
        presets.check(each)


@pytest.mark.usefixtures("database")
async def test_an_import_brings_the_models_presets(tmp_path: Path) -> None:
    folder = origin(dataset.make(tmp_path), line("one"))
    await import_source(folder, dataset.MODEL, dataset.SOURCE)
    assert [each.alias for each in await presets.of_model(dataset.MODEL)] == ["one"]
