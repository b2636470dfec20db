"""Forms for a model and for a set of SAEs: what is wrong stands beside its field, and what is there is linked."""

from __future__ import annotations

from memicos_app.pages.new_model import NewModelState
from memicos_app.pages.new_source_set import NewSourceSetState
from tests.api import dataset
from tests.pages.conftest import state_of


async def test_a_model_that_is_here_already_is_linked(imported: str) -> None:
    form = await state_of(NewModelState)
    event = await NewModelState.send.fn(form, {"id": dataset.MODEL.upper(), "layers": "30"})
    assert "ref_id" in str(event)
    assert form.wrong["id"]
    assert (form.problem, form.there) == ("", f"/{dataset.MODEL}")


async def test_a_set_that_is_here_already_is_linked(imported: str) -> None:
    form = await state_of(NewSourceSetState)
    await NewSourceSetState.load.fn(form)
    event = await NewSourceSetState.send.fn(form, {"model_id": dataset.MODEL, "name": "RES-4k"})
    assert "ref_name" in str(event)
    assert form.there == f"/{dataset.MODEL}/res-4k"
    assert form.wrong["name"]


async def test_the_first_wrong_field_is_gone_to_and_nothing_is_made(imported: str) -> None:
    form = await state_of(NewModelState)
    event = await NewModelState.send.fn(form, {"id": "new-model", "layers": "0", "website": "nowhere"})
    assert "ref_layers" in str(event)
    assert form.wrong["layers"]
    assert form.wrong["website"]
    assert (form.wrong["id"], form.problem, form.there) == ("", "", "")
