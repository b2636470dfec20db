"""Who may change what everybody sees: the right to manage, under the names that pages and routes use."""

from __future__ import annotations

from memicos_app.library.accounts import rights
from memicos_app.library.accounts.rights import Right


def may_edit() -> bool:
    """Whether the person asking may change what everybody sees."""
    return rights.may(Right.MANAGE)


def require_owner() -> None:
    """Raises `ForbiddenError` or `SignInError` unless the person asking may."""
    rights.require(Right.MANAGE)
