"""Under which names the site answers.

A site for one acts for whoever asks. A name of another site that leads to this machine would make that site's pages
ours in the eyes of a browser, so here only names of this machine and of PUBLIC_URL are answered. Nor does it answer
what a proxy passed on, unless ACCESS says that it is for one all the same: everybody would be its owner.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from memicos_app.library.accounts import rights
from memicos_app.settings import Settings
from memicos_app.site.walls.proxies import PASSED_ON

UNKNOWN = "This site is not known by this name; whoever runs it can set PUBLIC_URL to it."
BEHIND = (
    "This site is for one person on its own machine, and this request came through a proxy. Whoever runs it can set "
    "PUBLIC_URL to the address that people use, or ACCESS=single where nobody else reaches it."
)
OF_THIS_MACHINE = {"localhost", "127.0.0.1", "::1", ""}


class OwnHosts:
    """Refuses requests for a name that is not the site's, where nobody signs in."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        public = urlsplit(settings.public_url).hostname or ""
        self.own = OF_THIS_MACHINE | {settings.host, public}
        self.auto = settings.access == "auto"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        why = self.refusal(scope) if scope["type"] in ("http", "websocket") else ""
        if not why:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await JSONResponse({"error": "bad_input", "message": why}, 421)(scope, receive, send)

    def refusal(self, scope: Scope) -> str:
        """Why a request is not answered; empty where it is."""
        if not self.answers(Headers(scope=scope).get("host", "")):
            return UNKNOWN
        return BEHIND if self.auto and scope.get(PASSED_ON) and rights.mode() == "single" else ""

    def answers(self, host: str) -> bool:
        """Whether the site has this name, given with or without a port."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return rights.mode() != "single" or not one_machine(self.own) or name in self.own


def one_machine(own: set[str]) -> bool:
    """Whether only this machine reaches the site: one that listens everywhere has names nobody told it."""
    return "0.0.0.0" not in own and "::" not in own
