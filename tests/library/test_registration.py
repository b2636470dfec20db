"""Models and source sets that a person announces, and what their names may be."""

from __future__ import annotations

from typing import Any

import pytest

from memicos_app.library import catalog, registration
from memicos_app.library.errors import BadInputError, ConflictError, NotFoundError
from memicos_app.library.naming import parse_layers
from memicos_app.library.registration import NewModel, NewSourceSet

GPT2 = NewModel("gpt2-small", 12, "GPT2 Small", "OpenAI", "https://openai.com", 768)


async def test_the_example_of_the_guide(database: str) -> None:
    made = await registration.new_model(GPT2)
    assert (made.display_name, made.owner, made.layers, made.dimension) == ("GPT2 Small", "OpenAI", 12, 768)
    assert made in await catalog.models()
    one = await registration.new_source_set(
        NewSourceSet(
            "gpt2-small",
            "res-jb",
            "Residuals For GPT2-Small",
            "Residuals",
            "Jane Appleseed",
            hook_point="hook_resid_pre",
        )
    )
    assert (one.description, one.type, one.creator_name) == (
        "Residuals For GPT2-Small",
        "Residuals",
        "Jane Appleseed",
    )
    assert [source.id for source in one.sources] == [f"{layer}-res-jb" for layer in range(12)]
    assert one.sources[3].hook_name == "blocks.3.hook_resid_pre"


async def test_what_is_there_says_so(database: str) -> None:
    await registration.new_model(GPT2)
    with pytest.raises(ConflictError, match="There is a model gpt2-small already") as raised:
        await registration.new_model(NewModel("GPT2-Small", 12))
    assert raised.value.field == "id"
    await registration.new_source_set(NewSourceSet("gpt2-small", "res-jb", layers=[2]))
    with pytest.raises(ConflictError, match="has a source set res-jb already"):
        await registration.new_source_set(NewSourceSet("gpt2-small", "res-jb"))
    assert [one.id for one in (await catalog.source_set("gpt2-small", "res-jb")).sources] == ["2-res-jb"]


async def test_hostile_words_come_back_as_they_are(database: str) -> None:
    words = "<b>\x00\ud83d'; DROP TABLE models; --"
    made = await registration.new_model(NewModel("m", 1, words, words))
    assert (made.display_name, made.owner) == (words, words)


async def test_a_set_needs_its_model_and_its_layers(database: str) -> None:
    with pytest.raises(NotFoundError) as missing:
        await registration.new_source_set(NewSourceSet("gpt2-small", "res-jb"))
    assert missing.value.field == "model_id"
    await registration.new_model(GPT2)
    with pytest.raises(BadInputError, match="layers 0 to 11, and no layer 12") as raised:
        await registration.new_source_set(NewSourceSet("gpt2-small", "res-jb", layers=[0, 12]))
    assert raised.value.field == "layers"
    with pytest.raises(NotFoundError):
        await catalog.source_set("gpt2-small", "res-jb")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "gpt 2"}, "id"),
        ({"id": "-gpt2"}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": "ü"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": "admin"}, "id"),
        ({"layers": 0}, "layers"),
        ({"layers": 1001}, "layers"),
        ({"dimension": 0}, "dimension"),
        ({"display_name": "x" * 129}, "display_name"),
        ({"owner": "x" * 129}, "owner"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "https://"}, "website"),
        ({"website": "http://[oops"}, "website"),
    ],
)
def test_a_model_that_cannot_be(change: dict[str, Any], field: str) -> None:
    values = {"id": "gpt2", "layers": 12, **change}
    with pytest.raises(BadInputError) as raised:
        registration.check_model(NewModel(**values))
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "steer"}, "name"),
        ({"name": "3-res"}, "name"),
        ({"name": "Res"}, "name"),
        ({"description": "x" * 129}, "description"),
        ({"hook_point": "blocks.0.hook_resid_pre"}, "hook_point"),
        ({"hook_point": "hook resid"}, "hook_point"),
    ],
)
def test_a_source_set_that_cannot_be(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInputError) as raised:
        registration.check_source_set(NewSourceSet(**{"model_id": "gpt2", "name": "res-jb", **change}))
    assert raised.value.field == field


def test_layers_as_people_write_them() -> None:
    assert parse_layers(" ") is None
    assert parse_layers("0, 5-7,6") == [0, 5, 6, 7]
    for text in ("a", "1,,2", "-3", "5-", "99999"):
        with pytest.raises(BadInputError, match="Layers are written like"):
            parse_layers(text)
