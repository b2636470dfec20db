"""Who may not see a page is told so by the answer to its address, before anything of the page is sent.

Pages ask again, event by event; this spares visitors a frame without content that then leads them elsewhere.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memicos_app.library.accounts import recognising, rights
from memicos_app.library.accounts.person import Person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError

NEEDS = {
    "/signin": Right.OPEN,
    "/auth/email": Right.OPEN,
    "/unsubscribe": Right.OPEN,
    "/api-doc": Right.OPEN,
    "/account": Right.WRITE,
    "/admin": Right.MANAGE,
    "/upload": Right.MANAGE,
    "/model/new": Right.MANAGE,
    "/sae/new": Right.MANAGE,
    "/source-set/new": Right.MANAGE,
}
"""What pages need that are not for everybody who may read; those below an address need what it needs."""
OF_THE_CLIENT = ("/_", "/assets/", "/ping")
UNCHANGED = {b"if-none-match", b"if-modified-since", b"range"}


class Entrance:
    """Leads visitors to signing in where that would help; else the page comes with status 403, and says why."""

    def __init__(self, site: ASGIApp, static_dir: Path) -> None:
        self.site = site
        self.static_dir = static_dir

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or not self.is_page(scope["path"]):
            await self.site(scope, receive, send)
            return
        right = needed(scope["path"])
        who = rights.somebody() if rights.may(right, rights.somebody()) else await asking(scope)
        if who is None or rights.may(right, who):
            await self.site(scope, receive, send)
        elif who.known or rights.mode() == "demo":
            headers = [(name, value) for name, value in scope["headers"] if name not in UNCHANGED]
            await self.site({**scope, "headers": headers}, receive, refused(send))
        else:
            await RedirectResponse(sign_in(scope), 307, {"Cache-Control": "no-store"})(scope, receive, send)

    def is_page(self, path: str) -> bool:
        """Whether an address is a page's; scripts, pictures and sockets are none."""
        if path.startswith(OF_THE_CLIENT):
            return False
        file = (self.static_dir / path.lstrip("/")).resolve()
        return file.suffix in ("", ".html") or not (file.is_relative_to(self.static_dir) and file.is_file())


def needed(path: str) -> Right:
    """What a page needs: as the longest address of the table says under which it lies."""
    place = path.removesuffix(".html").rstrip("/")
    while place:
        if place in NEEDS:
            return NEEDS[place]
        place = place.rpartition("/")[0]
    return Right.READ


async def asking(scope: Scope) -> Person | None:
    """Whose browser asks; None where it cannot be known now, which the page will say."""
    try:
        return await recognising.from_headers({"cookie": Headers(scope=scope).get("cookie", "")})
    except LibraryError:
        return None


def sign_in(scope: Scope) -> str:
    """The page for signing in, from which one comes back here."""
    query = scope.get("query_string", b"").decode("latin-1")
    wish = quote(scope["path"], safe="/") + (f"?{query}" if query else "")
    return f"/signin?next={quote(wish, safe='/')}"


def refused(send: Send) -> Send:
    """`send` that says with the page that it is not for whoever asks."""

    async def send_refused(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            message["status"] = 403
            headers = MutableHeaders(scope=message)
            headers["Cache-Control"] = "no-store"
            for name in ("etag", "last-modified"):
                del headers[name]
        await send(message)

    return send_refused
