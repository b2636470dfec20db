"""Who the work in hand is done for.

Requests of the API and events of pages set it where they come in, and it holds for all that is done for them.
Where nothing was set, commands, jobs and starts work for whoever runs MemicOS: its owner.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from memicos_app.db.users import OWNER_ID

Way = Literal["machine", "session", "key", "none"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, known or not."""

    id: str | None
    """Of `users`; None: a visitor who has not signed in."""
    name: str = ""
    admin: bool = False
    way: Way = "none"
    """How they are known: by standing at the machine, by a session of a browser, by an API key, or not."""

    @property
    def known(self) -> bool:
        """Whether this is a person with an account."""
        return self.id is not None


OWNER = Person(OWNER_ID, "owner", admin=True, way="machine")
VISITOR = Person(None)
_person: ContextVar[Person] = ContextVar("person", default=OWNER)


def set_person(who: Person) -> None:
    """What follows in this task is done for `who`."""
    _person.set(who)


def person() -> Person:
    """For whom the work in hand is done."""
    return _person.get()


def me() -> str | None:
    """Id of that person; None for a visitor, to whom nothing belongs."""
    return _person.get().id
