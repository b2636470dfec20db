"""Who may change what everybody sees, and who may change one thing: whoever made it, and administrators."""

from __future__ import annotations

from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import ForbiddenError


def may_edit() -> bool:
    """Whether the person asking may change what everybody sees."""
    return rights.may(Right.MANAGE)


def is_mine(creator_id: str | None) -> bool:
    """Whether the person asking made a thing, or looks after all things."""
    who = person()
    return who.admin or (who.known and who.id == creator_id)


def require_mine(creator_id: str | None) -> None:
    """Raises `ForbiddenError` or `SignInError` unless the person asking may change a thing of this maker's."""
    rights.require(Right.WRITE)
    if not is_mine(creator_id):
        raise ForbiddenError("Only whoever made this, or an administrator, may change it.")


def require_owner() -> None:
    """Raises `ForbiddenError` or `SignInError` unless the person asking may."""
    rights.require(Right.MANAGE)
