"""The front of the served site: what the API answers by itself, and which sockets may be opened.

Reflex lets pages of any site open its event socket. A socket acts for the person whose browser opened it, so
here only the site's own pages may.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)
REFUSED = 1008
EVENTS = "/_rx/"


class Front:
    """`/api` goes to `backend` without passing Reflex; all else goes to `site`, sockets of other sites nowhere."""

    def __init__(self, site: ASGIApp, backend: ASGIApp, public_url: str = "") -> None:
        self.site = site
        self.backend = backend
        self.public_host = urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_api(scope["path"]):
            await self.backend(scope, receive, send)
        elif scope["type"] == "http" and (data := page_data(scope["path"])):
            await self.backend({**scope, "path": data, "raw_path": quote(data).encode()}, receive, send)
        elif speaks(scope) and not self.is_own(Headers(scope=scope)):
            await refuse(scope, receive, send)
        else:
            await self.site(scope, receive, send)

    def is_own(self, headers: Headers) -> bool:
        """Whether a page of this site asks; browsers set `Origin`, and let no page set these headers itself."""
        origin = headers.get("origin")
        if origin is None:
            return True
        own = {headers.get("host"), self.public_host}
        if urlsplit(origin).netloc in own - {None, ""}:
            return True
        logger.warning("refused a socket of %s; if people reach this site there, set PUBLIC_URL to it", origin)
        return False


def speaks(scope: Scope) -> bool:
    """Whether events are to be sent: over a socket, or over requests in place of one."""
    kind, path = str(scope["type"]), str(scope.get("path", ""))
    return kind == "websocket" or (kind == "http" and path.startswith(EVENTS))


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": REFUSED})
    else:
        await PlainTextResponse("Pages of other sites may not act here.", 403)(scope, receive, send)


_SEARCHES = "search|search-explanations|search-topk-by-token|search-contrast|quick-list"
_NO_MODELS = "manifest|account|api-doc|compare|signin|unsubscribe|upload|404"
_DATA = (
    (re.compile(r"/index\.json"), "/api/models"),
    (re.compile(rf"/({_SEARCHES})\.json"), "/api/{}"),
    (re.compile(r"/admin\.json"), "/api/status"),
    (re.compile(r"/admin/(activity|jobs|jobs/[0-9]+)\.json"), "/api/{}"),
    (re.compile(r"/user/([^/]+|[^/]+/(?:lists|vectors))\.json"), "/api/people/{}"),
    (re.compile(r"/(explanation-type/[^/]+)\.json"), "/api/{}"),
    (re.compile(r"/list/([^/]+)\.json"), "/api/list/{}"),
    (re.compile(r"/(?!assets/)([^/]+)/([^/]+)/map\.json"), "/api/maps/{}/{}"),
    (re.compile(r"/(?!assets/)([^/]+)/([^/]+)/([0-9]+)\.json"), "/api/feature/{}/{}/{}"),
    (re.compile(r"/(?!assets/)([^/]+)/([0-9]+-[^/]+)\.json"), "/api/source/{}/{}"),
    (
        re.compile(r"/(?!assets/|score-type/|admin/|auth/|sae/|model/)([^/]+)/(?!steer\.json)([^/]+)\.json"),
        "/api/source-set/{}/{}",
    ),
    (re.compile(rf"/(?!(?:{_NO_MODELS})\.json)([^/]+)\.json"), "/api/models/{}"),
)


def page_data(path: str) -> str:
    """The address in the API of what a page shows, for the page's own address with `.json`; empty for every other."""
    for pattern, address in _DATA:
        if named := pattern.fullmatch(path):
            return address.format(*named.groups())
    return ""


def is_api(path: str) -> bool:
    return path in ("/api", "/mcp") or path.startswith("/api/")
