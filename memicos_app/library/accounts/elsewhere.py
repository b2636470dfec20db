"""Accounts elsewhere that sign in here: any provider of OpenID Connect, Google, GitHub, where the settings name them.

A visit elsewhere begins with a state, a nonce and a PKCE secret that the browser carries sealed, and is finished only
by the same browser. What is asked of a provider goes through the guarded client.
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from memicos_app.library.accounts import attempts, identities, onward
from memicos_app.library.accounts.elsewhere_talk import GITHUB, Identity, Talk, Trip
from memicos_app.library.accounts.users import Account
from memicos_app.library.errors import NotFoundError, SignInError
from memicos_app.library.providers import sealing
from memicos_app.settings import get_settings

LASTS_S = 600.0
GOOGLE = "https://accounts.google.com"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A place whose accounts sign in here; GitHub is the one without an `issuer`."""

    name: str
    title: str
    client_id: str
    client_secret: str
    issuer: str = ""
    url: str = ""
    """Address of a GitHub."""

    @property
    def address(self) -> str:
        """Where it is, however it is written."""
        return (self.issuer or self.url).rstrip("/")

    async def talk(self) -> Talk:
        """Its addresses. Raises `UnavailableError`, `UpstreamError`: it does not answer as it should."""
        return await Talk.with_issuer(self.issuer) if self.issuer else Talk.with_github(self.url)


def places() -> list[Elsewhere]:
    """Those that the settings name."""
    own = get_settings()
    found = [
        Elsewhere(
            "oidc", own.oidc_title, own.oidc_client_id, own.oidc_client_secret.get_secret_value(), own.oidc_issuer
        ),
        Elsewhere("google", "Google", own.google_client_id, own.google_client_secret.get_secret_value(), GOOGLE),
        Elsewhere(
            "github",
            "GitHub",
            own.github_client_id,
            own.github_client_secret.get_secret_value(),
            url=own.github_url or GITHUB,
        ),
    ]
    return [one for one in found if one.client_id.strip() and (one.issuer or one.url)]


def place(name: str) -> Elsewhere:
    """One of them. Raises `NotFoundError`."""
    for one in places():
        if one.name == name:
            return one
    raise NotFoundError("Nobody signs in here with an account of that kind.", field="place")


async def begin(name: str, wish: str, back: str, *, link_to: str | None = None) -> tuple[str, str]:
    """Where to send the browser, and what it carries along, sealed.

    Args:
        wish: path of this site to go to afterwards.
        back: address of this site that the provider sends the browser back to.
        link_to: the person who is signed in and wants to sign in this way, too.

    Raises:
        NotFoundError: there is no such place.
        UnavailableError, UpstreamError: it does not answer as it should.
    """
    there = place(name)
    trip = Trip(
        name,
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(48),
        onward.place(wish),
        back,
        link_to,
        time.time(),
    )
    talk = await there.talk()
    extra = {"nonce": trip.nonce} if there.issuer else {}
    url = prepare_grant_uri(
        talk.authorization,
        there.client_id,
        "code",
        redirect_uri=back,
        scope=talk.scope,
        state=trip.state,
        code_challenge=create_s256_code_challenge(trip.verifier),
        code_challenge_method="S256",
        **extra,
    )
    return str(url), sealing.seal(json.dumps(asdict(trip)))


async def finish(
    name: str, code: str, state: str, carried: str, *, signed_in: str | None, issuer: str = ""
) -> tuple[Account, str]:
    """Who came back, and where they wanted to go.

    Args:
        carried: what `begin` gave the browser.
        signed_in: the person whose session the browser has.
        issuer: who the answer says it comes from (RFC 9207).

    Raises:
        SignInError: it is no answer to what this browser began, or the provider does not vouch for it.
        ConflictError: the account belongs to somebody else here, or its e-mail does.
        ForbiddenError: there is no account, and none is made.
    """
    there, trip = place(name), opened(carried)
    await attempts.count(attempts.CODES, trip.state)
    fits = trip.place == name and hmac.compare_digest(trip.state, state) and time.time() - trip.began < LASTS_S
    if not fits or (issuer and there.issuer and issuer != there.issuer) or not code:
        raise SignInError("This is no answer to what this browser asked. Begin again.", field="state")
    if trip.link_to is not None and trip.link_to != signed_in:
        raise SignInError("You signed out meanwhile. Sign in, and begin again.", field="state")
    talk = await there.talk()
    found: Identity = await talk.identity(there.client_id, there.client_secret, code, trip)
    account = await identities.signed_in_with(name, there.address, found, link_to=trip.link_to)
    return account, trip.onward


def opened(carried: str) -> Trip:
    """What the browser carried. Raises `SignInError`."""
    try:
        return Trip(**json.loads(sealing.unseal(carried)))
    except (sealing.CannotOpen, ValueError, TypeError):
        raise SignInError("This browser did not begin to sign in, or too long ago.", field="state") from None
