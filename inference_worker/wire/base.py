"""What every request and answer has in common: both casings in, camelCase out, one shape of an error."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

SECRET_HEADER = "X-SECRET-KEY"
CASING_HEADER = "X-Casing"
"""`snake` for answers in snake_case."""


class Part(BaseModel):
    """Base of what answers hold many of: both casings in, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        protected_namespaces=(),
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class Wire(Part):
    """Base of every request and answer: null is as good as left out, too."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, data: Any) -> Any:
        """Clients that send null for every field they leave open mean its default."""
        if not isinstance(data, dict) or None not in data.values():
            return data
        fields = cls.model_fields.items()
        optional = {key for name, field in fields if not field.is_required() for key in (name, field.alias)}
        return {key: value for key, value in data.items() if value is not None or key not in optional}


class Problem(Wire):
    """The one shape of an error: `error` is a stable code, `message` a sentence, `field` the request's field."""

    error: str
    message: str
    field: str | None = None
    position: int | None = None
    retry_after: float | None = None
