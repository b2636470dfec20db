"""What answers about people look like, for the description."""

from __future__ import annotations

from datetime import datetime

from memicos_app.api.shapes import Shape


class UserAnswer(Shape):
    """A person, as they see themselves."""

    id: str
    name: str
    email: str | None
    bio: str
    admin: bool
    has_password: bool
    notify_comments: bool
    notify_jobs: bool
    created_at: datetime


class ProviderKeyAnswer(Shape):
    """What may be shown of a key of a provider."""

    type: str
    title: str
    source: str
    """`own`, `settings`, `none` or `unneeded`."""
    last_four: str
    created_at: datetime | None


class KeyShape(Shape):
    """What may be shown of an API key."""

    id: str
    name: str
    last_four: str
    created_at: datetime
    used_at: datetime | None


class KeysAnswer(Shape):
    keys: list[KeyShape]


class NewKeyAnswer(Shape):
    key: KeyShape
    text: str
    """The whole key, which is shown this once."""


class SessionShape(Shape):
    """A browser that is signed in."""

    id: str
    agent: str
    created_at: datetime
    seen_at: datetime
    current: bool


class SessionsAnswer(Shape):
    sessions: list[SessionShape]
