"""Keys of providers: a person's own, sealed in the database, before those of the settings.

Nothing but `key_of` hands a whole key out, and only `asking` calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from memicos_app.library import activity
from memicos_app.library.accounts import rights
from memicos_app.library.accounts.person import me
from memicos_app.library.errors import BadInputError, NotFoundError
from memicos_app.library.providers import sealing
from memicos_app.library.providers.endpoints import Provider, provider, providers
from memicos_app.library.providers.errors import last_four
from memicos_app.library.query import row, rows, rows_in, run_in, writing

LONGEST = 500


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What may be shown of a key."""

    provider: str
    title: str
    source: str
    """`own`, `settings`, `none` where there is no key, or `unneeded`."""
    last_four: str = ""
    created_at: datetime | None = None

    @property
    def usable(self) -> bool:
        """Whether the provider can be asked."""
        return self.source != "none"


async def known(person: str | None = None) -> list[KnownKey]:
    """Every provider and the key that would be used for it."""
    user = person or me()
    found = await rows("SELECT provider, last_four, created_at FROM provider_keys WHERE user_id = :user", user=user)
    own, shared = {one["provider"]: one for one in found}, await may_use_settings(user)
    return [
        KnownKey(each.name, each.title, "own", own[each.name]["last_four"], own[each.name]["created_at"])
        if each.name in own
        else _of_settings(each, shared)
        for each in providers()
    ]


async def may_use_settings(user: str | None) -> bool:
    """Whether a person may spend what the settings' keys pay for: administrators, and whom they allow it."""
    if user is None:
        return False
    found = await row("SELECT 1 FROM users WHERE id = :user AND (admin OR can_trigger_explanations)", user=user)
    return found is not None


def _of_settings(each: Provider, shared: bool) -> KnownKey:
    key = each.setting_key.get_secret_value() if shared else ""
    source = "settings" if key else "unneeded" if each.keyless else "none"
    return KnownKey(each.name, each.title, source, last_four(key))


async def put(name: str, key: SecretStr, person: str | None = None) -> KnownKey:
    """Keep a person's own key of a provider, in place of an earlier one.

    Raises:
        NotFoundError: there is no such provider.
        BadInputError: this is no key.
    """
    user = person or rights.writer()
    each, text = provider(name), key.get_secret_value().strip()
    if not text or len(text) > LONGEST or not (text.isascii() and text.isprintable()) or " " in text:
        raise BadInputError("A key is one word of letters, digits and signs, without spaces.", field="key")
    async with writing() as writer:
        await run_in(writer, "LOCK TABLE provider_keys IN ROW EXCLUSIVE MODE")  # no rotation between seal and row
        await run_in(
            writer,
            """
            INSERT INTO provider_keys (user_id, provider, sealed, last_four) VALUES (:user, :name, :sealed, :four)
            ON CONFLICT (user_id, provider)
            DO UPDATE SET sealed = excluded.sealed, last_four = excluded.last_four, created_at = now()
            """,
            user=user,
            name=each.name,
            sealed=sealing.seal(text),
            four=last_four(text),
        )
        await activity.note("provider_key.keep", "/account", {"provider": each.name}, writer=writer)
        await writer.commit()
    return next(one for one in await known(person) if one.provider == each.name)


async def forget(name: str, person: str | None = None) -> None:
    """Remove a person's own key. Raises `NotFoundError` where there is none."""
    async with writing() as writer:
        gone = await run_in(
            writer,
            "DELETE FROM provider_keys WHERE user_id = :user AND provider = :name",
            user=person or me(),
            name=name,
        )
        if gone:
            await activity.note("provider_key.forget", "/account", {"provider": name}, writer=writer)
        await writer.commit()
    if not gone:
        raise NotFoundError(f"No key of your own is kept for {name[:40]!r}.", field="provider")


async def key_of(each: Provider, person: str | None = None) -> SecretStr | None:
    """The key to ask a provider with: the person's own, else that of the settings if they may use it, else None.

    Raises:
        CannotOpen: the person's own was sealed with a key that is not here any more.
    """
    user = person or me()
    found = await row(
        "SELECT sealed FROM provider_keys WHERE user_id = :user AND provider = :name", user=user, name=each.name
    )
    if found is not None:
        return SecretStr(sealing.unseal(found["sealed"]))
    return each.setting_key if each.setting_key.get_secret_value() and await may_use_settings(user) else None


async def rotate() -> int:
    """Seal every key anew: with a new key of the data folder's file, or with the first of the settings; how many.

    Raises:
        CannotOpen: one was sealed with a key that is not here any more; nothing is changed.
    """
    async with writing() as writer:
        await run_in(writer, "LOCK TABLE provider_keys IN SHARE ROW EXCLUSIVE MODE")
        if not sealing.from_settings():
            sealing.add_key()
        found = await rows_in(writer, "SELECT user_id, provider, sealed FROM provider_keys")
        for one in found:
            await run_in(
                writer,
                "UPDATE provider_keys SET sealed = :sealed WHERE user_id = :user AND provider = :name",
                sealed=sealing.seal(sealing.unseal(one["sealed"])),
                user=one["user_id"],
                name=one["provider"],
            )
        await writer.commit()
        sealing.drop_old_keys()
    return len(found)
