"""What every request and answer has in common: both casings in, camelCase out, one shape of an error."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

SECRET_HEADER = "X-SECRET-KEY"


class Wire(BaseModel):
    """Base of every request and answer: both casings in, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        protected_namespaces=(),
        allow_inf_nan=False,
    )


class Problem(Wire):
    """The one shape of an error: `error` is a stable code, `message` a sentence, `field` the request's field."""

    error: str
    message: str
    field: str | None = None
    position: int | None = None
    retry_after: float | None = None
