"""What can go wrong with a provider, in five kinds, and words in which no key is left."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from memicos_app.library.errors import LibraryError

Kind = Literal["key", "rate", "refused", "unreachable", "bad_answer"]
_STATUSES: dict[Kind, int] = {"key": 400, "rate": 503, "refused": 502, "unreachable": 503, "bad_answer": 502}
_LONGEST = 400
_KEY_LIKE = re.compile(r"\b(?:sk|pk|rk|key|AIza)[-_A-Za-z0-9]{12,}|(?<=Bearer )[^\s…]+")


class ProviderError(LibraryError):
    """A call that brought no answer that can be used.

    Args:
        kind: `key`: none, or not accepted; `rate`: too busy for too long; `refused`: it does not do what was asked;
            `unreachable`: no connection, or it broke; `bad_answer`: it answered, but not in the form asked for.
        final: whether the next call would fail alike, so that a run of many should end.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        retry_after: float | None = None,
        final: bool = False,
        field: str | None = None,
    ) -> None:
        super().__init__(message[:_LONGEST], field=field, retry_after=retry_after)
        self.kind: Kind = kind
        self.code = f"provider_{kind}"
        self.status = _STATUSES[kind]
        self.final = final


class BudgetSpent(LibraryError):
    """The next call could cost more than what is left of the budget."""

    code = "budget_spent"
    status = 409


def scrubbed(text: str, keys: Iterable[str] = ()) -> str:
    """The text without keys: those given, wherever they stand, and what looks like one."""
    for key in sorted(filter(None, keys), key=len, reverse=True):
        text = text.replace(key, hint(key))
    return _KEY_LIKE.sub(lambda found: hint(found.group()), text)


def hint(key: str) -> str:
    """What may be shown of a key: its last four characters, of a short one nothing."""
    return f"…{last_four(key)}"


def last_four(key: str) -> str:
    """The last four characters of a key that is long enough to spare them."""
    return key[-4:] if len(key) >= 12 else ""
