"""Which account here an account elsewhere signs in to; to one that exists only who is signed in there joins it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from memicos_app.db.text import original, storable
from memicos_app.library import activity
from memicos_app.library.accounts import links, notifications, users
from memicos_app.library.accounts.elsewhere_talk import Identity
from memicos_app.library.accounts.users import Account
from memicos_app.library.errors import ConflictError, ForbiddenError, NotFoundError, SignInError
from memicos_app.library.query import Row, row, rows, run_in, writing


@dataclass(frozen=True, slots=True)
class Joined:
    """An account elsewhere that signs a person in."""

    provider: str
    label: str
    created_at: datetime


async def signed_in_with(provider: str, issuer: str, found: Identity, *, link_to: str | None) -> Account:
    """The person of an account elsewhere: known, joined now to `link_to`, or new.

    `issuer` is the provider's address: where the settings name another provider, its accounts are other people's.

    Raises:
        ConflictError: it signs in somebody else, or somebody here has its e-mail.
        ForbiddenError: there is no account, and none is made.
        SignInError: the person may not sign in any more.
    """
    known = await _known(provider, issuer, found)
    if known is not None and link_to not in (None, known["user_id"]):
        raise ConflictError("That account signs in somebody else here.", field="place")
    if known is not None:
        account = await users.by_id(known["user_id"])
    else:
        account = await users.by_id(link_to) if link_to else await _new(found)
        await _join(account.id, provider, issuer, found)
        if link_to:
            notifications.soon(notifications.way_in_changed(account, f"An account of {provider} signs in"))
    if account.disabled:
        raise SignInError("This account may not sign in any more.", field="place")
    return account


async def of(user_id: str) -> list[Joined]:
    """What signs a person in, the oldest first."""
    found = await rows(
        "SELECT provider, label, created_at FROM user_identities WHERE user_id = :user ORDER BY created_at",
        user=user_id,
    )
    return [Joined(one["provider"], original(one["label"]), one["created_at"]) for one in found]


async def part(user_id: str, provider: str) -> None:
    """Accounts of a provider sign a person in no more. Raises `NotFoundError`; `ConflictError`: the last way in."""
    account = await users.by_id(user_id)
    if not account.email and not account.has_password and len(await of(user_id)) < 2:
        raise ConflictError("You could not sign in any more: set a password or an e-mail address first.")
    async with writing() as writer:
        gone = await run_in(
            writer,
            "DELETE FROM user_identities WHERE user_id = :user AND provider = :provider",
            user=user_id,
            provider=storable(provider),
        )
        if gone:
            details = {"person": user_id, "place": provider}
            await activity.note("account.part", "/account", details, writer=writer)
        await writer.commit()
    if not gone:
        raise NotFoundError("No account of that kind signs you in.", field="place")


async def _new(found: Identity) -> Account:
    if found.email and await users.by_email(found.email) is not None:
        raise ConflictError(
            "Somebody here has this e-mail address. If it is you, sign in and join the two on your account's page.",
            field="email",
        )
    if not links.may_sign_up():
        raise ForbiddenError("There is no account for you here; whoever runs this site adds them.")
    return await users.add_unnamed(found.wish, email=found.email)


async def _known(provider: str, issuer: str, found: Identity) -> Row | None:
    """Whom it signs in. What was joined before issuers were kept belongs to the first that vouches for it."""
    key = {"provider": provider, "subject": storable(found.subject), "issuer": storable(issuer)}
    known = await row(
        """
        SELECT user_id, issuer FROM user_identities
        WHERE provider = :provider AND subject = :subject AND issuer IN (:issuer, '') ORDER BY issuer DESC LIMIT 1
        """,
        **key,
    )
    if known is not None and not known["issuer"]:
        async with writing() as writer:
            await run_in(
                writer,
                """
                UPDATE user_identities SET issuer = :issuer
                WHERE provider = :provider AND subject = :subject AND issuer = ''
                """,
                **key,
            )
            await writer.commit()
    return known


async def _join(user_id: str, provider: str, issuer: str, found: Identity) -> None:
    async with writing() as writer:
        await run_in(
            writer,
            """
            INSERT INTO user_identities (provider, subject, issuer, user_id, label)
            VALUES (:provider, :subject, :issuer, :user, :label) ON CONFLICT DO NOTHING
            """,
            provider=provider,
            subject=storable(found.subject),
            issuer=storable(issuer),
            user=user_id,
            label=storable(found.email or found.wish),
        )
        await activity.note("account.join", "/account", {"person": user_id, "place": provider}, writer=writer)
        await writer.commit()
