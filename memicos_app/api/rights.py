"""What a request needs: declared on every router and route, and asked before the route does anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from memicos_app.api.site import is_followed, is_foreign
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
        from_here(request, self.right)
        rights.require(self.right)


def needs(right: Right) -> Any:
    """A router's or route's dependency: what one needs to have to ask it. A route's is asked beside its router's."""
    return Depends(Needs(right))


def from_here(request: Request, right: Right) -> None:
    """Refuse what another site's page has a browser send, where a request acts for the person at the browser.

    A site for one acts for its owner whoever asks, so there even reading is for its own pages; a link may lead there.

    Raises:
        ForbiddenError: it does.
    """
    if not is_foreign(request.headers):
        return
    way = person().way
    if (right in CHANGING and way != "key") or (right is Right.RUN and way == "session"):
        raise ForbiddenError("Another site's page may not act for anybody here.")
    if rights.mode() == "single" and right is not Right.OPEN and not is_followed(request):
        raise ForbiddenError("This site is for one person: pages of other sites get nothing from it.")


def needed(route: APIRoute) -> Right | None:
    """The most that a route asks for; None: nobody said."""
    asked = [one.call.right for one in route.dependant.dependencies if isinstance(one.call, Needs)]
    return max(asked, key=list(Right).index, default=None)
