"""What is asked of a provider: its addresses, a token for a code, and whose it is; it is believed as signed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from memicos_app.library.accounts.names import checked_email
from memicos_app.library.errors import BadInputError, SignInError
from memicos_app.library.outbound import Answer, Patience, UpstreamError, client

PATIENCE = Patience(connect=5.0, silence=10.0, whole=15.0, tries=2)
MOST_BYTES = 512 * 1024
GITHUB = "https://github.com"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures by a key of the provider's; `none` and those by a shared secret are not among them."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A browser's visit elsewhere, from here and back."""

    place: str
    state: str
    nonce: str
    verifier: str
    onward: str
    back: str
    link_to: str | None
    began: float


@dataclass(frozen=True, slots=True)
class Identity:
    """An account elsewhere."""

    subject: str
    wish: str
    """What they may want to be called here."""
    email: str | None
    """Only one that the provider has verified."""


@dataclass(frozen=True, slots=True)
class Talk:
    """The addresses of a provider."""

    authorization: str
    token: str
    scope: str
    issuer: str = ""
    keys: str = ""
    basic: bool = True
    """Whether the client names itself by HTTP's basic authentication, rather than in the body."""
    about: str = ""
    emails: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Accept": "application/json"})

    @classmethod
    def with_github(cls, url: str) -> Talk:
        """GitHub's addresses are known; a GitHub Enterprise Server has its API under its own."""
        base = url.strip().rstrip("/")
        api = "https://api.github.com" if base == GITHUB else f"{base}/api/v3"
        return cls(
            f"{base}/login/oauth/authorize",
            f"{base}/login/oauth/access_token",
            "read:user user:email",
            basic=False,
            about=f"{api}/user",
            emails=f"{api}/user/emails",
        )

    @classmethod
    async def with_issuer(cls, issuer: str) -> Talk:
        """Read where a provider of OpenID Connect has what. Raises `UpstreamError`, `UnavailableError`."""
        found = _json(await _ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        if str(found.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
            raise UpstreamError(f"{issuer} calls itself {str(found.get('issuer'))[:100]}; the two must be the same.")
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        try:
            return cls(
                found["authorization_endpoint"],
                found["token_endpoint"],
                "openid email profile",
                issuer=found["issuer"],
                keys=found["jwks_uri"],
                basic="client_secret_basic" in methods,
            )
        except KeyError as error:
            raise UpstreamError(f"{issuer} does not say its {error.args[0]}.") from None

    async def identity(self, client_id: str, client_secret: str, code: str, trip: Trip) -> Identity:
        """Whose code it is. Raises `SignInError`, `UpstreamError`, `UnavailableError`."""
        answer = await self._token(client_id, client_secret, code, trip)
        if self.issuer:
            return self._of_claims(await self._claims(answer, client_id, trip.nonce))
        return await self._of_github(str(answer.get("access_token", "")))

    async def _token(self, client_id: str, client_secret: str, code: str, trip: Trip) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": trip.back,
            "code_verifier": trip.verifier,
        }
        headers = {**self.headers, "Content-Type": "application/x-www-form-urlencoded"}
        if self.basic:
            pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": client_id, "client_secret": client_secret}
        answer = await _ask(self.token, method="POST", headers=headers, content=urlencode(form).encode())
        found = _json(answer)
        if answer.status >= 400 or "error" in found:
            raise SignInError(f"The provider refused: {str(found.get('error', answer.status))[:100]}.", field="code")
        return found

    async def _claims(self, answer: Mapping[str, Any], client_id: str, nonce: str) -> dict[str, Any]:
        signed = str(answer.get("id_token", ""))
        keys = _json(await _ask(self.keys))
        try:
            token = jwt.decode(signed, KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
            jwt.JWTClaimsRegistry(
                leeway=60,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": client_id},
                exp={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError):
            raise SignInError("The provider's answer is not signed as it should be.", field="code") from None
        return dict(token.claims)

    def _of_claims(self, claims: Mapping[str, Any]) -> Identity:
        email = _email(claims.get("email")) if claims.get("email_verified") is True else None
        wish = claims.get("preferred_username") or claims.get("name") or (email or "").partition("@")[0]
        return Identity(str(claims["sub"])[:255], str(wish)[:100], email)

    async def _of_github(self, token: str) -> Identity:
        headers = {**self.headers, "Authorization": f"Bearer {token}"}
        about = _json(await _ask(self.about, headers=headers))
        number = about.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            raise SignInError("GitHub does not say whose account it is.", field="code")
        emails = _parsed(await _ask(self.emails, headers=headers))
        known = [one for one in emails if isinstance(one, dict)] if isinstance(emails, list) else []
        first = [one.get("email") for one in known if one.get("primary") is True and one.get("verified") is True]
        return Identity(self._subject(number), str(about.get("login", ""))[:100], _email(first[0]) if first else None)

    def _subject(self, number: int) -> str:
        """Servers count their accounts each for itself: another's number 1 is somebody else."""
        host = urlsplit(self.about).netloc
        return str(number) if host == "api.github.com" else f"{host}/{number}"


async def _ask(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, content: bytes | None = None
) -> Answer:
    async with client(PATIENCE) as out:
        return await out.ask(url, most=MOST_BYTES, method=method, headers=headers, content=content)


def _parsed(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _json(answer: Answer) -> dict[str, Any]:
    found = _parsed(answer)
    if not isinstance(found, dict):
        raise UpstreamError(f"{answer.url} answers {answer.status} without a JSON object.")
    return found


def _email(text: object) -> str | None:
    try:
        return checked_email(str(text))
    except BadInputError:
        return None
