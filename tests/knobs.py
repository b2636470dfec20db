"""Numbers that a request is tried with, and bodies that have one of them changed."""

from __future__ import annotations

import json
from typing import Any

HARD = (0, -1, 0.5, 1e18, -1e18, 1e300, float("nan"), float("inf"), -float("inf"))
"""What no limit of a knob may let through unseen, or turn into a fault."""


def changed(body: dict[str, Any], knob: str, value: object) -> bytes:
    """The body with one number changed, as JSON that may say NaN; a knob is a path such as `features.0.index`."""
    copy: Any = json.loads(json.dumps(body))
    place, (*path, last) = copy, knob.split(".")
    for part in path:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(copy).encode()
