"""A provider of OpenID Connect of a test, on loopback: it hands out codes and signs whose they are."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.inference_worker import serving

CLIENT, SECRET = "memicos", "s3cret:%/"


@dataclass
class Provider:
    """What it says of who signs in, and what it does wrong on demand."""

    claims: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "email": "ada@example.org", "email_verified": True, "name": "Ada"}
    )
    changes: dict[str, Any] = field(default_factory=dict)
    """Claims that are signed in place of the right ones."""
    signs_with: RSAKey | None = None
    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    """What was asked for, by code."""

    def app(self) -> FastAPI:
        """The provider as an app."""
        made = FastAPI()
        made.add_api_route("/.well-known/openid-configuration", self.describe)
        made.add_api_route("/authorize", self.authorize)
        made.add_api_route("/token", self.token, methods=["POST"])
        made.add_api_route("/keys", lambda: {"keys": [self.key.as_dict(private=False)]})
        return made

    async def describe(self) -> dict[str, Any]:
        """Where it has what."""
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": self.url, **{name: f"{self.url}/{path}" for name, path in places.items()}}

    async def authorize(self, request: Request) -> Response:
        """Somebody agrees at once."""
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.asked[code] = asked
        answer = urlencode({"code": code, "state": asked["state"], "iss": self.url})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 302)

    async def token(self, request: Request) -> Response:
        """A code for who it is; good once, for who knows its secrets."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        pair = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        asked = self.asked.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        known = asked is not None and asked["code_challenge"] == challenge.decode().rstrip("=")
        if not known or asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        assert pair == f"{CLIENT}:s3cret%3A%25%2F"
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"], **self.claims}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, {**claims, **self.changes}, self.signs_with or self.key)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": signed})


@contextmanager
def provider() -> Iterator[Provider]:
    """One until the block ends."""
    made = Provider()
    with serving.served(made.app()) as url:
        made.url = url
        yield made
