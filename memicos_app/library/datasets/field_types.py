"""Types of the fields of dataset lines: what exporters of several ages write, as one type here."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

MAX_INDEX = 2**31 - 1


def _index(value: object) -> object:
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value) else value


def _numbers(value: object) -> object:
    """A list of numbers, NaN where one is null."""
    if isinstance(value, list) and None in value:
        return [math.nan if item is None else item for item in value]
    return value


def _object(value: object) -> object:
    """JSON, possibly as text."""
    value = json.loads(value) if isinstance(value, str) and value.strip() else value
    return value or {}


def _time(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _embedding(value: object) -> object:
    """A list of numbers, or its text as Postgres prints a vector; one that cannot be read has the wrong length."""
    try:
        value = json.loads(value) if isinstance(value, str) and value.strip() else value
        if not isinstance(value, list):
            return [math.nan] if value else None
        return [math.nan if item is None else float(item) for item in value] or None
    except (ValueError, TypeError, OverflowError, RecursionError):
        return [math.nan]


Embedding = Annotated[list[float] | None, BeforeValidator(_embedding)]
Index = Annotated[int, BeforeValidator(_index), Field(ge=0, le=MAX_INDEX)]
Integer = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Numbers = Annotated[list[float], BeforeValidator(_numbers)]
Object = Annotated[dict[str, Any], BeforeValidator(_object)]
Time = Annotated[datetime | None, BeforeValidator(_time)]
Visibility = Annotated[Literal["public", "unlisted", "private"], BeforeValidator(lambda value: str(value).lower())]
