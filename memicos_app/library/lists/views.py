"""Lists as readers see them, and the limits of what stands in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memicos_app.db.text import original, originals
from memicos_app.library.errors import BadInputError
from memicos_app.library.query import Row
from memicos_app.library.quick_lists import FeatureAddress

LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_NOTE, LONGEST_TEXT = 100, 2000, 500, 500
"""Characters."""
MOST_ENTRIES = 5000
"""Features of a list."""
PAGE = 300
"""Entries that are read at a time."""
VISIBILITIES = ("public", "unlisted", "private")


@dataclass(frozen=True, slots=True)
class ListView:
    """A list without its entries."""

    id: str
    name: str
    description: str
    test_text: str
    visibility: str
    hidden: bool
    creator_id: str
    creator_name: str
    created_at: datetime
    updated_at: datetime
    n_entries: int
    mine: bool
    """Whether the person asking may change it."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What a feature did on a text; `problem` says why where nothing is known."""

    text: str
    tokens: list[str]
    special: list[bool]
    values: list[float]
    problem: str

    @property
    def strongest(self) -> float:
        """The largest value; 0 where it stayed silent."""
        return max(self.values, default=0.0)


@dataclass(frozen=True, slots=True)
class EntryView:
    """A feature of a list."""

    address: FeatureAddress
    note: str
    position: int
    added_at: datetime
    tested: Tested | None = None
    """On the list's text as it now stands; None: not run yet."""


def list_view(one: Row, *, mine: bool) -> ListView:
    """A list out of a row of `reading.COLUMNS`."""
    return ListView(
        id=one["id"],
        name=original(one["name"]),
        description=original(one["description"]),
        test_text=original(one["test_text"]),
        visibility=one["visibility"],
        hidden=one["hidden"],
        creator_id=one["creator_id"],
        creator_name=original(one["creator_name"]),
        created_at=one["created_at"],
        updated_at=one["updated_at"],
        n_entries=one["n_entries"],
        mine=mine,
    )


def entry_view(one: Row) -> EntryView:
    """An entry out of a row of `entries`."""
    return EntryView(
        address=FeatureAddress(original(one["model_id"]), original(one["source_id"]), one["index"]),
        note=original(one["note"]),
        position=one["position"],
        added_at=one["added_at"],
        tested=_tested(one) if one["tokens"] is not None else None,
    )


def _tested(one: Row) -> Tested:
    return Tested(
        text=original(one["text"]),
        tokens=originals(one["tokens"]),
        special=list(one["special"]),
        values=[float(value) for value in one["values"]],
        problem=original(one["problem"]),
    )


def checked_name(name: str) -> str:
    """A list's name in one line. Raises `BadInputError`."""
    said = " ".join(name.split())
    if not said:
        raise BadInputError("A list needs a name.", field="name")
    return within(said, LONGEST_NAME, "name")


def within(text: str, longest: int, field: str) -> str:
    """`text` without space around it. Raises `BadInputError` where it is too long."""
    said = text.strip()
    if len(said) > longest:
        raise BadInputError(f"At most {longest} characters; this has {len(said)}.", field=field)
    return said


def checked_visibility(visibility: str) -> str:
    """One of `VISIBILITIES`. Raises `BadInputError`."""
    if visibility not in VISIBILITIES:
        raise BadInputError(f"The visibility is one of {', '.join(VISIBILITIES)}.", field="visibility")
    return visibility
