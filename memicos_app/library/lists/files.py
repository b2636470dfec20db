"""A list as a file: JSON with everything, CSV with a line a feature."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from memicos_app.library.feature_cards import feature_cards
from memicos_app.library.lists import reading
from memicos_app.library.lists.views import EntryView, ListView

_HEAD = ("model", "source", "index", "note", "explanation", "strongest_on_text", "address")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def as_json(list_id: str) -> str:
    """The list with its entries and what its text did. Raises `NotFoundError` as `reading.get`."""
    one, entries, titles = await _whole(list_id)
    features = [{**_place(each), "explanation": titles[n], **_tested(each)} for n, each in enumerate(entries)]
    head = {"format": "memicos-list/1", "id": one.id, "name": one.name, "description": one.description}
    rest = {
        "testText": one.test_text,
        "visibility": one.visibility,
        "by": one.creator_name,
        "createdAt": one.created_at.isoformat(),
        "updatedAt": one.updated_at.isoformat(),
        "features": features,
    }
    return json.dumps({**head, **rest}, ensure_ascii=True, indent=1)


async def as_csv(list_id: str) -> str:
    """A line a feature, for spreadsheets; what would be read as a formula there stands behind an apostrophe."""
    _, entries, titles = await _whole(list_id)
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(_HEAD)
    for each, title in zip(entries, titles, strict=True):
        at = each.address
        strongest = f"{each.tested.strongest:.6g}" if each.tested and each.tested.values else ""
        words = [_plain(part) for part in (at.model_id, at.source_id)]
        lines.writerow([*words, at.index, _plain(each.note), _plain(title), strongest, f"/{at}"])
    return text.getvalue().encode("utf-8", "backslashreplace").decode()


async def _whole(list_id: str) -> tuple[ListView, list[EntryView], list[str]]:
    one = await reading.get(list_id)
    entries: list[EntryView] = []
    after: int | None = -1
    while after is not None:
        part = await reading.entries(list_id, after=after)
        entries += part.entries
        after = part.next
    cards = await feature_cards([each.address for each in entries], examples=0)
    titles = [cards[each.address].explanation if each.address in cards else "" for each in entries]
    return one, entries, titles


def _place(one: EntryView) -> dict[str, Any]:
    at = one.address
    return {"modelId": at.model_id, "layer": at.source_id, "index": at.index, "description": one.note}


def _tested(one: EntryView) -> dict[str, Any]:
    if one.tested is None:
        return {}
    if one.tested.problem:
        return {"problem": one.tested.problem}
    return {"tokens": one.tested.tokens, "values": one.tested.values}


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
