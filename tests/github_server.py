"""A GitHub Enterprise Server of a test, on loopback: codes, tokens, and what its API says of who signs in.

Unlike providers of OpenID Connect it signs nothing: who it is and which of their addresses are theirs stands in two
answers of its API.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from tests.inference_worker import serving

CLIENT, SECRET = "Iv1.memicos", "s3cret"


def own_emails() -> list[dict[str, Any]]:
    """Two addresses, of which the primary one is verified."""
    return [
        {"email": "spare@example.org", "primary": False, "verified": True, "visibility": None},
        {"email": "Ada@example.org", "primary": True, "verified": True, "visibility": "private"},
    ]


@dataclass
class GitHub:
    """What it says of who signs in, and what it does wrong on demand."""

    about: dict[str, Any] = field(default_factory=lambda: {"id": 583231, "login": "ada-l", "email": None})
    emails: Any = field(default_factory=own_emails)
    denies: bool = False
    refuses: Any = None
    """What the token's address answers in place of a token: a problem's name, or a status."""
    url: str = ""
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)

    def app(self) -> FastAPI:
        """The server as an app."""
        made = FastAPI()
        made.add_api_route("/login/oauth/authorize", self.authorize)
        made.add_api_route("/login/oauth/access_token", self.token, methods=["POST"])
        made.add_api_route("/api/v3/user", self.user)
        made.add_api_route("/api/v3/user/emails", self.user_emails)
        return made

    async def authorize(self, request: Request) -> Response:
        """Somebody agrees at once, or says no."""
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["scope"]) == (CLIENT, "read:user user:email")
        answer = {"error": "access_denied", "error_description": "The user has denied your application access."}
        if not self.denies:
            answer = {"code": secrets.token_hex(10)}
            self.asked[answer["code"]] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}", 302)

    async def token(self, request: Request) -> Response:
        """Problems are answered with status 200, as GitHub does."""
        if isinstance(self.refuses, int):
            return PlainTextResponse("<html>Unicorn!</html>", self.refuses)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        assert request.headers["accept"] == "application/json"
        asked = self.asked.pop(form["code"], None)
        known = (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        if self.refuses or asked is None or not known or asked["redirect_uri"] != form["redirect_uri"]:
            return JSONResponse({"error": self.refuses or "bad_verification_code", "error_description": "…"})
        self.tokens.add(made := secrets.token_hex(20))
        return JSONResponse({"access_token": made, "token_type": "bearer", "scope": "read:user,user:email"})

    async def user(self, request: Request) -> Response:
        """Whose token it is."""
        return self._answer(request, self.about)

    async def user_emails(self, request: Request) -> Response:
        """Their addresses."""
        return self._answer(request, self.emails)

    def _answer(self, request: Request, said: Any) -> Response:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return JSONResponse({"message": "Bad credentials"}, 401)
        return PlainTextResponse(said) if isinstance(said, str) else JSONResponse(said)


@contextmanager
def github() -> Iterator[GitHub]:
    """One until the block ends."""
    made = GitHub()
    with serving.served(made.app()) as url:
        made.url = url
        yield made
