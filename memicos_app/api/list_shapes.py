"""What answers about lists, comments, bookmarks and batches of features look like, for the description."""

from __future__ import annotations

from typing import Any

from memicos_app.api.shapes import Shape


class PersonAnswer(Shape):
    id: str
    name: str


class ListAnswer(Shape):
    id: str
    name: str
    description: str
    default_test_text: str | None
    visibility: str
    """In capitals: PUBLIC, UNLISTED or PRIVATE."""
    user_id: str
    user: PersonAnswer
    created_at: str
    updated_at: str
    n_features: int
    url: str
    """Of its page."""


class OwnListAnswer(ListAnswer):
    """A list without its features."""


class AddressAnswer(Shape):
    model_id: str
    layer: str
    index: str


class AddedFeature(AddressAnswer):
    list_id: str
    description: str


class ListedFeature(AddressAnswer):
    description: str
    added_at: str
    neuron: dict[str, Any] | None
    """A few examples and what it means; null where it has no dashboard here."""


class ListedTest(AddressAnswer):
    """What a feature did on the list's test text."""

    tokens: list[str]
    values: list[float]
    max_value: float
    problem: str | None


class WholeListAnswer(ListAnswer):
    neurons: list[ListedFeature]
    activations: list[ListedTest]
    next: int | None
    """Null: these are the last."""
    next_cursor: str | None


class CommentAnswer(Shape):
    id: str
    text: str
    list_id: str | None
    """Null: it is on a feature, of this address."""
    model_id: str | None = None
    layer: str | None = None
    index: str | None = None
    user: PersonAnswer
    created_at: str


class CommentsAnswer(Shape):
    comments: list[CommentAnswer]
    next_cursor: str | None
    """Null: these are the last."""


class BookmarkAnswer(AddressAnswer):
    created_at: str
