"""What a browser sends along with an event, looked at before a handler sees it.

Anybody can send anything under a handler's name. Arguments are held against the handler's own types, and text is
made storable: no NUL and no half of a surrogate pair.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import ConfigDict, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from reflex_base.event import EventHandler

from memicos_app.library.errors import BadInputError

DEEPEST = 12
LARGEST_NUMBER = 2**53
"""What a browser can count to."""
CONFIG = ConfigDict(allow_inf_nan=False, arbitrary_types_allowed=True)
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def checked(handler: EventHandler, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload, fit for the handler. Raises `BadInputError` where it cannot be."""
    cleaned = {name: clean(value) for name, value in payload.items()}
    parameters = _parameters(handler.fn)
    for name in cleaned.keys() - parameters.keys():
        raise BadInputError("What the page sent holds a field that nothing takes.", field=clean(name)[:40])
    for name, parameter in parameters.items():
        if name not in cleaned:
            if parameter.default is inspect.Parameter.empty:
                raise BadInputError("What the page sent lacks a field.", field=name)
            continue
        hint = _hints(handler.fn).get(name, Any)
        if hint is str:
            cleaned[name] = _as_text(cleaned[name])
        if not _fits(cleaned[name], hint):
            raise BadInputError("What the page sent is not of the kind that is asked for.", field=name)
    return cleaned


def _as_text(value: Any) -> Any:
    """A number as it is typed: sliders and fields of numbers send numbers to handlers that read text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(int(value)) if value == int(value) else repr(value)


def clean(value: Any, depth: int = 0) -> Any:
    """The same value with text that can be stored. Raises `BadInputError` for what no page of ours sends."""
    if depth > DEEPEST:
        raise BadInputError("What the page sent is nested too deeply.")
    if isinstance(value, str):
        return value.replace("\0", REPLACEMENT).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, dict):
        return {clean(str(key)): clean(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [clean(each, depth + 1) for each in value]
    if isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= LARGEST_NUMBER):
        raise BadInputError("What the page sent holds a number that is too large.")
    return value


def _fits(value: Any, hint: Any) -> bool:
    adapter = _adapter(hint)
    if adapter is None:
        return True
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


@lru_cache(maxsize=1024)
def _adapter(hint: Any) -> TypeAdapter[Any] | None:
    if hint is Any:
        return None
    try:
        return TypeAdapter(hint, config=CONFIG)
    except PydanticSchemaGenerationError:
        return None
    except Exception:  # a dataclass or a model brings its own configuration
        return TypeAdapter(hint)


@lru_cache(maxsize=1024)
def _parameters(handler: Any) -> dict[str, inspect.Parameter]:
    return dict(list(inspect.signature(handler).parameters.items())[1:])


@lru_cache(maxsize=1024)
def _hints(handler: Any) -> dict[str, Any]:
    return get_type_hints(handler)
