"""Who may change what everybody sees. Until there are accounts: whoever opens the site on its own machine."""

from __future__ import annotations

from memicos_app.library.errors import ForbiddenError
from memicos_app.settings import get_settings


def may_edit() -> bool:
    """Whether the person at the other end is the owner."""
    return get_settings().is_local


def require_owner() -> None:
    """Raises `ForbiddenError` unless the person at the other end is the owner."""
    if not may_edit():
        raise ForbiddenError("Only the owner may change this, on the machine that the site runs on.")
