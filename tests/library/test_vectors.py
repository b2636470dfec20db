"""Vectors of people's own: kept whole, found again, refused where they could not steer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest

from memicos_app.db import session
from memicos_app.library import vectors
from memicos_app.library.accounts.person import VISITOR, Person, set_person
from memicos_app.library.datasets.importing import import_source
from memicos_app.library.errors import BadInputError, NotFoundError
from tests.api import dataset
from tests.conftest import settle

MODEL = dataset.MODEL
VALUES = [math.sin(i) for i in range(576)]


@pytest.fixture(scope="module", autouse=True)
def imported(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A database that knows the model."""
    origin = dataset.make(tmp_path_factory.mktemp("origin"))
    settle(import_source(origin, dataset.MODEL, dataset.SOURCE))
    settle(session.dispose())


async def made(
    layer: int = 15,
    hook_type: str = "hook_resid_post",
    values: Sequence[float] = VALUES,
    label: str = "waves",
    **more: Any,
) -> vectors.Vector:
    return await vectors.create(MODEL, layer, hook_type, values, label=label, **more)


async def test_a_vector_comes_back_as_it_was_and_goes_when_deleted() -> None:
    one = await made(default_strength=-12.5)
    assert (one.source_id, one.hook_name) == ("15-memicos-resid-post", "blocks.15.hook_resid_post")
    assert vectors.is_vector(one.source_id)
    found = await vectors.get(MODEL, one.source_id, one.index)
    assert found == one
    assert found.values == pytest.approx(VALUES, abs=1e-6)
    assert (found.label, found.default_strength) == ("waves", -12.5)
    assert one in await vectors.owned(MODEL)
    assert await vectors.owned("gpt2") == []
    await vectors.delete(MODEL, one.source_id, one.index)
    assert one not in await vectors.owned()
    with pytest.raises(NotFoundError):
        await vectors.get(MODEL, one.source_id, one.index)
    with pytest.raises(NotFoundError):
        await vectors.delete(MODEL, one.source_id, one.index)


async def test_somebody_elses_vector_stays() -> None:
    one = await made()
    set_person(Person("somebody else", "ada", way="session"))
    with pytest.raises(NotFoundError):
        await vectors.delete(MODEL, one.source_id, one.index)
    assert await vectors.owned() == []
    set_person(VISITOR)
    assert await vectors.owned() == []
    assert await vectors.get(MODEL, one.source_id, one.index)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"layer": 30}, "layer"),
        ({"layer": -1}, "layer"),
        ({"hook_type": "hook_mlp_out"}, "hook_type"),
        ({"values": VALUES[:-1]}, "values"),
        ({"values": []}, "values"),
        ({"values": [0.0] * 576}, "values"),
        ({"values": [math.nan, *VALUES[1:]]}, "values"),
        ({"values": [1e18, *VALUES[1:]]}, "values"),
        ({"label": " "}, "label"),
        ({"label": "x" * 201}, "label"),
        ({"default_strength": math.inf}, "default_strength"),
        ({"default_strength": 10_001}, "default_strength"),
    ],
)
async def test_what_could_not_steer_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInputError) as caught:
        await made(**changes)
    assert caught.value.field == field


async def test_a_model_that_is_not_here() -> None:
    with pytest.raises(NotFoundError):
        await vectors.create("gpt2", 0, "hook_resid_pre", VALUES, label="x")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("[1, -2.5, 3e-2]", [1, -2.5, 0.03]),
        ("1 2\n3\t4", [1, 2, 3, 4]),
        ("tensor([0.1,\n 0.2])", [0.1, 0.2]),
        ("1;2,3", [1, 2, 3]),
    ],
)
def test_numbers_are_read_however_they_are_pasted(text: str, numbers: Sequence[float]) -> None:
    assert vectors.parse(text) == list(numbers)


@pytest.mark.parametrize("text", ["", "[]", "1 two 3", "<script>", "1.0.0"])
def test_what_is_no_list_of_numbers_is_said(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        vectors.parse(text)
    assert caught.value.field == "values"


@pytest.mark.parametrize(
    "source", ["15-res-4k", "x-memicos-resid-post", "15-memicos-resid-mid", "5-memicos-resid-pre/"]
)
def test_a_source_of_an_sae_is_no_vector(source: str) -> None:
    assert not vectors.is_vector(source)
