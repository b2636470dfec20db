"""What answers about pages look like, for the description; see `shapes.py`."""

from __future__ import annotations

from typing import Any

from memicos_app.api.explanation_shapes import ExplanationFound, OneExplanation
from memicos_app.api.list_shapes import AddressAnswer, ListAnswer
from memicos_app.api.shapes import Shape


class PersonPageAnswer(Shape):
    id: str
    name: str
    bio: str
    created_at: str


class ListsAnswer(Shape):
    lists: list[ListAnswer]
    next_cursor: str | None
    """Null: these are the last."""


class VectorLineAnswer(AddressAnswer):
    vector_label: str
    hook_name: str
    visibility: str
    created_at: str


class VectorLinesAnswer(Shape):
    vectors: list[VectorLineAnswer]


class ExplanationTypeAnswer(Shape):
    name: str
    display_name: str
    description: str
    url: str
    creator_name: str
    is_attention: bool
    count: int
    """Explanations made so, as far as they are counted."""
    recent: list[OneExplanation]


class QuickListed(AddressAnswer):
    description: str
    neuron: dict[str, Any] | None
    """A few examples and what it means; null where it has no dashboard here."""


class QuickListAnswer(Shape):
    name: str
    neurons: list[QuickListed]


class ActivityLine(Shape):
    id: int
    at: str
    person: str
    """Empty: a visitor."""
    way: str
    action: str
    subject: str
    details: dict[str, Any]


class ActivityAnswer(Shape):
    lines: list[ActivityLine]
    next_cursor: str | None
    """Null: these are the last."""


class ExplanationsPageAnswer(Shape):
    results: list[ExplanationFound]
    note: str
    """What a reader should know of how was searched."""
    next_cursor: str | None
    """Null: these are the last."""
