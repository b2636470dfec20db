"""Lists of features that live in an address: read out of it, written into it. Nothing is stored.

The form is the one that the field's tools write, a JSON array of `{"modelId", "layer", "index", "description"}`.
Written here is a shorter one: `"model/source/index"`, and a bare index for one more of the same source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memicos_app.library.errors import BadInputError

MOST = 300
LONGEST_DESCRIPTION = 500
_LARGEST = 2**31
_NO_NAME = re.compile("[/\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, order=True)
class FeatureAddress:
    """Where a feature is."""

    model_id: str
    source_id: str
    index: int

    def __str__(self) -> str:
        return f"{self.model_id}/{self.source_id}/{self.index}"

    @classmethod
    def of(cls, text: str, field: str = "features") -> FeatureAddress:
        """`model/source/index` as an address. Raises `BadInputError` for every other text."""
        parts = text.strip("/").split("/")
        if len(parts) != 3 or not all(parts):
            raise BadInputError(f"{text[:100]!r} is no feature: it is model/source/index.", field=field)
        return cls(parts[0], parts[1], _index(parts[2], field))


@dataclass(frozen=True, slots=True)
class Entry:
    """One feature of a list, and what its writer says of it."""

    address: FeatureAddress
    description: str = ""


def read(text: str) -> list[Entry]:
    """The features that an address names, each once, in order.

    Raises:
        BadInputError: no JSON array, a member that names no feature, or more than `MOST` of them.
    """
    if not text.strip():
        return []
    try:
        members = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInputError(
            'features is no JSON: it is a list such as ["model/source/12", 40].', field="features"
        ) from None
    if not isinstance(members, list):
        raise BadInputError("features is a JSON list.", field="features")
    if len(members) > MOST:
        raise BadInputError(f"A list holds at most {MOST} features; this one has {len(members)}.", field="features")
    found: dict[FeatureAddress, Entry] = {}
    before: FeatureAddress | None = None
    for place, member in enumerate(members):
        entry = _entry(member, before, f"features.{place}")
        before = entry.address
        found.setdefault(before, entry)
    return list(found.values())


def written(entries: Iterable[Entry]) -> str:
    """The list as it stands in an address; `read` gives the same back."""
    members: list[Any] = []
    before: FeatureAddress | None = None
    for entry in entries:
        at = entry.address
        near = before is not None and (before.model_id, before.source_id) == (at.model_id, at.source_id)
        if entry.description:
            members.append(
                {"modelId": at.model_id, "layer": at.source_id, "index": at.index, "description": entry.description}
            )
        else:
            members.append(at.index if near else str(at))
        before = at
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False)


def _entry(member: Any, before: FeatureAddress | None, field: str) -> Entry:
    if isinstance(member, Mapping):
        return _from_object(member, field)
    if isinstance(member, str) and "/" in member:
        return Entry(FeatureAddress.of(member, field))
    if isinstance(member, Sequence) and not isinstance(member, str) and len(member) == 3:
        return Entry(FeatureAddress(_name(member[0], field), _name(member[1], field), _index(member[2], field)))
    if isinstance(member, str | int) and before is not None:
        return Entry(FeatureAddress(before.model_id, before.source_id, _index(member, field)))
    raise BadInputError('A feature is {modelId, layer, index} or "model/source/index".', field=field)


def _from_object(member: Mapping[str, Any], field: str) -> Entry:
    source = next((member[name] for name in ("layer", "source", "sourceId") if name in member), None)
    address = FeatureAddress(
        _name(member.get("modelId", member.get("model")), f"{field}.modelId"),
        _name(source, f"{field}.layer"),
        _index(member.get("index"), f"{field}.index"),
    )
    description = member.get("description") or ""
    if not isinstance(description, str):
        raise BadInputError("description is text.", field=f"{field}.description")
    return Entry(address, description.strip()[:LONGEST_DESCRIPTION])


def _name(value: Any, field: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200 or _NO_NAME.search(value):
        raise BadInputError("Every feature names its model and its source (layer).", field=field)
    return value


def _index(value: Any, field: str) -> int:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 11 and int(text) < _LARGEST):
        raise BadInputError("An index is a whole number from 0.", field=field)
    return int(text)
