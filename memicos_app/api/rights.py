"""What a request needs: declared on every router and route, and asked before the route does anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from memicos_app.library import tracing
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import ForbiddenError

CHANGING = frozenset({Right.WRITE, Right.MANAGE})


@dataclass(frozen=True)
class Needs:
    """A dependency that lets a request pass where the person asking has a right."""

    right: Right

    async def __call__(self, request: Request) -> None:
        """Raises `SignInError` or `ForbiddenError`."""
        tracing.reached(f"/api{request.scope['route'].path_format}")
        if self.right in CHANGING and person().way != "key":
            from_here(request)
        rights.require(self.right)


def needs(right: Right) -> Any:
    """A router's or route's dependency: what one needs to have to ask it. A route's is asked beside its router's."""
    return Depends(Needs(right))


def from_here(request: Request) -> None:
    """Refuse what another site's page asks a person's browser to do. Raises `ForbiddenError`."""
    origin = request.headers.get("origin")
    elsewhere = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if elsewhere or (origin is None and request.headers.get("sec-fetch-site") == "cross-site"):
        raise ForbiddenError("Another site's page may not change what is kept here.")


def needed(route: APIRoute) -> Right | None:
    """The most that a route asks for; None: nobody said."""
    asked = [one.call.right for one in route.dependant.dependencies if isinstance(one.call, Needs)]
    return max(asked, key=list(Right).index, default=None)
