"""What a person may do: one table of modes and roles, asked by every route and every handler.

Who may see a single thing (a private list, say) is the business of the queries that read it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from memicos_app.library.accounts.person import OWNER, VISITOR, Person, person
from memicos_app.library.errors import ForbiddenError, SignInError
from memicos_app.settings import get_settings

Mode = Literal["single", "open", "closed", "demo"]


class Right(StrEnum):
    """What can be done here, from what costs nothing to what concerns everybody."""

    OPEN = "open"
    """What anybody may do in every mode: sign in, ask whether the site is well."""
    READ = "read"
    """Look at what is there."""
    RUN = "run"
    """Have the model work: test texts, search with them, steer."""
    WRITE = "write"
    """Make things of one's own: lists, comments, votes, vectors, explanations, uploads."""
    MANAGE = "manage"
    """Change what everybody sees: imports, jobs, presets, deletions of others' things."""


_ALL = frozenset(Right)
_RUN = frozenset({Right.OPEN, Right.READ, Right.RUN})
_WRITE = _RUN | {Right.WRITE}
RIGHTS: dict[Mode, dict[str, frozenset[Right]]] = {
    "single": {"visitor": _ALL, "person": _ALL, "admin": _ALL},
    "open": {"visitor": _RUN, "person": _WRITE, "admin": _ALL},
    "closed": {"visitor": frozenset({Right.OPEN}), "person": _WRITE, "admin": _ALL},
    "demo": {"visitor": _RUN, "person": _RUN, "admin": _RUN},
}
"""What each role may do in each mode."""


def mode() -> Mode:
    """How this site is open: as ACCESS says; `auto` is `single` where only this machine reaches it, else `open`."""
    settings = get_settings()
    if settings.access == "auto":
        return "single" if settings.is_local else "open"
    return settings.access


def somebody() -> Person:
    """Who asks where nothing is known of them: the owner in a site for one, a visitor elsewhere."""
    return OWNER if mode() == "single" else VISITOR


def role(who: Person) -> str:
    """`visitor`, `person` or `admin`."""
    if not who.known:
        return "visitor"
    return "admin" if who.admin else "person"


def may(right: Right, who: Person | None = None) -> bool:
    """Whether `who` (the person asking, where none is given) has a right. Whoever runs MemicOS has all."""
    who = who or person()
    return who.way == "machine" or right in RIGHTS[mode()][role(who)]


def writer() -> str:
    """Id of the person asking, to whom belongs what is made now. Raises as `require`, of `Right.WRITE`."""
    who = require(Right.WRITE)
    if who.id is None:
        raise SignInError("Sign in to do this.")
    return who.id


def signed_in() -> str:
    """Id of the person asking, whoever may read here. Raises `SignInError` where it is a visitor."""
    who = require(Right.READ)
    if who.id is None:
        raise SignInError("Sign in to do this.")
    return who.id


def require(right: Right) -> Person:
    """The person asking.

    Raises:
        SignInError: signing in would help.
        ForbiddenError: it would not.
    """
    who = person()
    if may(right, who):
        return who
    if mode() == "demo":
        raise ForbiddenError("This site is a demo that is only read: nothing can be changed here.")
    if not who.known:
        raise SignInError("Sign in to do this.")
    raise ForbiddenError("Only an administrator may do this.")
