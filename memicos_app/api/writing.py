"""Who may change what everybody sees, asked of a request before its route does anything."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Depends, Request

from memicos_app.library import ownership
from memicos_app.library.errors import ForbiddenError


def from_here(request: Request) -> None:
    """Refuse what another site's page asks a person's browser to do. Raises `ForbiddenError`."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForbiddenError("Another site's page may not change what is kept here.")
    ownership.require_owner()


OWNER_ONLY = [Depends(from_here)]
"""Dependencies of a route that changes something."""
