"""How far what one made is shown, over the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BeforeValidator, Field

from memicos_app.api.inputs import Body, Index, Name
from memicos_app.api.problems import fields_renamed
from memicos_app.api.rights import needs
from memicos_app.api.shapes import VisibilityAnswer
from memicos_app.library.accounts.rights import Right
from memicos_app.library.publishing import Thing, show
from memicos_app.library.visibility import Visibility

router = APIRouter(tags=["models and sources"], dependencies=[needs(Right.WRITE)])
FIELDS = {"model_id": "modelId", "set_name": "sourceSet", "source_id": "source"}
Word = Annotated[Visibility, BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)]


class Shown(Body):
    """A model; one of its source sets or sources; or, with `source` and `index`, a vector of one's own."""

    model_id: Name = Field(alias="modelId")
    source_set: Name = Field("", alias="sourceSet", min_length=0)
    source: Name = Field("", min_length=0)
    index: Index | None = None
    visibility: Word = Field(description="public, unlisted (found by its address only) or private.")


@router.post("/visibility", response_model=VisibilityAnswer)
async def set_visibility(body: Shown) -> VisibilityAnswer:
    """Show a thing of one's own to everybody, to those who have its address, or to nobody."""
    thing = Thing(body.model_id, body.source_set, body.source, body.index)
    with fields_renamed(FIELDS):
        await show(thing, body.visibility)
    return VisibilityAnswer(thing=str(thing), visibility=body.visibility)
