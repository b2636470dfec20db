"""Forms for models and SAEs: what is wrong is said beside its field, as one types and when they are sent."""

from __future__ import annotations

from typing import Any

import pytest

from memicos_app.library import catalog
from memicos_app.library.accounts.person import VISITOR, set_person
from memicos_app.pages.new_model import NewModelState, wrong_with
from memicos_app.pages.new_source_set import NewSourceSetState
from memicos_app.settings import get_settings
from tests.api.dataset import MODEL
from tests.pages.conftest import state_of

GPT2 = {"id": "GPT2-Small", "display_name": "GPT2 Small", "owner": "OpenAI", "layers": "12"}
JB = {"model_id": "gpt2-small", "name": "res-jb", "description": "Residuals For GPT2-Small", "type": "Residuals"}


def goes_to(event: Any) -> str:
    return next(str(value) for name, value in event.args if str(name) == "path").strip('"')


async def send(kind: Any, form: dict[str, str]) -> tuple[Any, Any]:
    """The state after a form was sent, and what the browser is told."""
    state = await state_of(kind)
    if kind is NewSourceSetState:
        state._layers = {one.id: one.layers for one in await catalog.models()}
    return state, await kind.send.fn(state, form)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("id", "gpt2-small", ""),
        ("id", "GPT2-Small", ""),
        ("id", "gpt 2", "A model id is made of"),
        ("id", "", "has 1 to 64 characters"),
        ("layers", "12", ""),
        ("layers", "twelve", "From 1 to 1000 layers"),
        ("layers", "", "From 1 to 1000 layers"),
        ("dimension", "", ""),
        ("dimension", "-1", "From 1 to 1000000 dimensions"),
        ("website", "example.org", "begins with https://"),
        ("owner", "x" * 200, "At most 128 characters"),
    ],
)
def test_what_is_wrong_with_a_model(name: str, value: str, words: str) -> None:
    said = wrong_with(name, value)
    assert words in said
    assert bool(said) == bool(words)


async def test_a_name_that_is_taken_says_so_while_it_is_typed(imported: str) -> None:
    state = await state_of(NewModelState)
    await NewModelState.typed.fn(state, "id", MODEL.upper())
    assert (state.wrong["id"], state.there) == ("There is a model of this id already.", f"/{MODEL}")
    await NewModelState.typed.fn(state, "id", f"{MODEL}-2")
    assert (state.wrong["id"], state.there) == ("", "")
    other = await state_of(NewSourceSetState)
    other.model, other._layers = MODEL, {MODEL: 30}
    await NewSourceSetState.typed.fn(other, "name", "Res-4k")
    assert (other.wrong["name"], other.there) == (f"{MODEL} has a set of this id already.", f"/{MODEL}/res-4k")
    await NewSourceSetState.typed.fn(other, "layers", "0, 30")
    assert "no layer 30" in other.wrong["layers"]


async def test_the_guides_example_leads_to_its_pages(database: str) -> None:
    _, told = await send(NewModelState, GPT2)
    assert goes_to(told) == "/gpt2-small"
    _, told = await send(NewSourceSetState, JB)
    assert goes_to(told) == "/gpt2-small/res-jb"
    made = await catalog.source_set("gpt2-small", "res-jb")
    assert (made.description, made.type, len(made.sources)) == ("Residuals For GPT2-Small", "Residuals", 12)
    state, told = await send(NewModelState, GPT2)
    assert (state.wrong["id"], state.there) == ("There is a model gpt2-small already.", "/gpt2-small")
    state, told = await send(NewSourceSetState, JB)
    assert "has a source set res-jb already" in state.wrong["name"]
    assert state.there == "/gpt2-small/res-jb"
    state, told = await send(NewSourceSetState, {**JB, "model_id": ""})
    assert "Choose a model" in state.wrong["model_id"]


async def test_on_a_public_site_nothing_is_made(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "0.0.0.0")
    get_settings.cache_clear()
    set_person(VISITOR)
    state, told = await send(NewModelState, GPT2)
    assert told is None
    assert "Sign in" in state.problem
    assert "gpt2-small" not in {one.id for one in await catalog.models()}
    get_settings.cache_clear()
