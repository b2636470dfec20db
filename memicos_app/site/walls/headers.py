"""Headers that tell browsers what a page of ours may do and who may show it inside another."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from memicos_app.site.walls.policies import Policies

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
OF_THE_API = "default-src 'none'; frame-ancestors 'none'"
FOR_ONE = "private, no-cache"
"""Of data: it may hold what one person sees, so no cache that people share keeps it."""
A_YEAR = "max-age=31536000"


class SecurityHeaders:
    """Adds them to every answer; one that brought its own policy keeps it."""

    def __init__(self, app: ASGIApp, policies: Policies, embed_origins: Sequence[str]) -> None:
        self.app = app
        self.policies = policies
        self.embedders = " ".join(["'self'", *embed_origins])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", A_YEAR)
                if headers.get("content-type", "").startswith("application/json"):
                    headers.setdefault("Cache-Control", FOR_ONE)
                self.set_policy(scope, headers)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def set_policy(self, scope: Scope, headers: MutableHeaders) -> None:
        if scope["path"] == "/api" or scope["path"].startswith("/api/"):
            headers.setdefault("Content-Security-Policy", OF_THE_API)
        elif headers.get("content-type", "").startswith("text/html"):
            page = self.policies.of(scope["path"].strip("/").removesuffix(".html"))
            headers.setdefault("Content-Security-Policy", f"{page}; frame-ancestors {self.may(scope)}")

    def may(self, scope: Scope) -> str:
        """Who may show the page inside one of theirs."""
        embedded = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("embed", [""])[-1] == "true"
        return self.embedders if embedded else "'self'"
