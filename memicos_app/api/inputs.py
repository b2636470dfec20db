"""What requests are made of: strict bodies that name the field at fault, and the address of a feature."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

MAX_INDEX = 2**31 - 1
LONGEST_TEXT = 50_000
"""Characters; the worker's limit in tokens is lower and answers with its own sentence."""


def integer(value: object) -> object:
    """An index as published clients send it: an integer, or its digits as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be an integer of at least 0")
    return value


Index = Annotated[int, BeforeValidator(integer), Field(ge=0, le=MAX_INDEX)]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
"""Of anything that the database may be asked for, which knows no text with the character 0."""


class Body(BaseModel):
    """Base of every request body: null means missing; unknown fields and numbers that are none are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        return {name: item for name, item in value.items() if item is not None} if isinstance(value, dict) else value


LONGEST_CURSOR = 100_000
Cursor = Annotated[str, Field(max_length=LONGEST_CURSOR)]
CURSOR_QUERY = Query(max_length=8000, description="`nextCursor` of the answer before: for what follows.")


class Part(Body):
    """`cursor` is ours: `nextCursor` of the answer before, for what follows; `limit`: how many at once."""

    cursor: Cursor | None = None
    limit: int | None = Field(None, ge=1, le=500)


class FeatureAddress(Body):
    """`source` and `layer` are two words for the same thing in published clients."""

    model_id: Name = Field(alias="modelId")
    source_id: Name = Field(validation_alias=AliasChoices("layer", "source"))
    index: Index
