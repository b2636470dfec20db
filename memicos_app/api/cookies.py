"""The session's cookie: given when somebody signs in, taken when they sign out; and what only own pages may ask.

No script reads the cookie, and other sites' pages send it with no request that changes anything.
"""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from memicos_app.api.site import is_foreign, site_of
from memicos_app.library import activity
from memicos_app.library.accounts import recognising, rights, sessions
from memicos_app.library.accounts.person import person
from memicos_app.library.errors import ForbiddenError
from memicos_app.settings import get_settings

DAY_S = 24 * 60 * 60


async def sign_in(request: Request, answer: Response, user_id: str) -> None:
    """Begin a session for this browser; the one it had ends, so that no token from before is good for it."""
    await sign_out(request, answer)
    token = await sessions.begin(user_id, request.headers.get("user-agent", ""))
    await activity.note("account.sign_in", "/account", {"person": user_id})
    give(request, answer, token)


async def sign_out(request: Request, answer: Response) -> None:
    """End this browser's session."""
    if token := token_of(request):
        await sessions.end_token(token)
    answer.delete_cookie(sessions.COOKIE, path="/", secure=secure(request), httponly=True, samesite="lax")


def give(request: Request, answer: Response, token: str) -> None:
    """Have the browser keep a token."""
    answer.raw_headers[:] = [
        (name, value)
        for name, value in answer.raw_headers
        if not (name == b"set-cookie" and value.startswith(f"{sessions.COOKIE}=".encode()))
    ]
    answer.set_cookie(
        sessions.COOKIE,
        token,
        max_age=get_settings().session_days * DAY_S,
        path="/",
        secure=secure(request),
        httponly=True,
        samesite="lax",
    )


def token_of(request: Request) -> str:
    """The token of the browser's session; empty where it has none."""
    return recognising.session_token({"cookie": request.headers.get("cookie", "")})


def secure(request: Request) -> bool:
    """Whether people reach this site by https, so that the cookie may go no other way."""
    return site_of(request).startswith("https://")


def of_several() -> None:
    """Refuse to sign anybody in where that makes no sense. Raises `ForbiddenError`."""
    if rights.mode() == "single":
        raise ForbiddenError("This site is for one person, who need not sign in.")
    if rights.mode() == "demo":
        raise ForbiddenError("This site is a demo that is only read; nobody signs in.")


def in_person() -> None:
    """Refuse an API key. Raises `ForbiddenError`."""
    if person().way == "key":
        raise ForbiddenError("An API key may not do this; sign in with a browser.")


def from_own_page(request: Request) -> None:
    """Refuse what another site's page has a browser send. Raises `ForbiddenError`."""
    if is_foreign(request.headers):
        raise ForbiddenError("Another site's page may not sign anybody in or out here.")
