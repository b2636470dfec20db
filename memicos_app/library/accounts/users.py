"""People with accounts: added, found, changed, disabled. How they sign in is in the files beside this one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from memicos_app.db.text import original, storable
from memicos_app.library import activity
from memicos_app.library.accounts import secret_words, sessions
from memicos_app.library.accounts.names import candidates, checked_email, checked_name
from memicos_app.library.errors import BadInputError, ConflictError, NotFoundError
from memicos_app.library.query import Row, row, rows, run_in, writing

LONGEST_BIO = 500
_COLUMNS = """
    id, name, email, bio, admin, bot, disabled_at IS NOT NULL AS disabled, password_hash <> '' AS has_password,
    notify_comments, notify_jobs, created_at
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A person as they themselves and administrators see them; others see name, bio and when they joined."""

    id: str
    name: str
    email: str | None
    bio: str
    admin: bool
    bot: bool
    disabled: bool
    has_password: bool
    notify_comments: bool
    notify_jobs: bool
    created_at: datetime


async def user(name: str) -> Account:
    """The person of a name, in whatever case. Raises `NotFoundError`."""
    return _view(await row(f"SELECT {_COLUMNS} FROM users WHERE lower(name) = lower(:name)", name=storable(name)))


async def by_id(user_id: str) -> Account:
    """The person of an id. Raises `NotFoundError`."""
    return _view(await row(f"SELECT {_COLUMNS} FROM users WHERE id = :id", id=storable(user_id)))


async def by_email(email: str) -> Account | None:
    """The person of an e-mail address, if there is one."""
    found = await row(f"SELECT {_COLUMNS} FROM users WHERE email = :email", email=storable(email.strip().lower()))
    return _view(found) if found else None


async def everybody() -> list[Account]:
    """All people, those who joined first at first."""
    return [_view(one) for one in await rows(f"SELECT {_COLUMNS} FROM users ORDER BY created_at, id")]


async def add(name: str, *, email: str | None = None, admin: bool = False) -> Account:
    """A new person, who has no way to sign in yet but their e-mail.

    Raises:
        BadInputError: the name or the address is none.
        ConflictError: somebody has them.
    """
    said, address = checked_name(name), checked_email(email) if email else None
    made = secrets.token_hex(12)
    try:
        async with writing() as writer:
            await run_in(
                writer,
                "INSERT INTO users (id, name, email, admin, mail_code) VALUES (:id, :name, :email, :admin, :code)",
                id=made,
                name=said,
                email=address,
                admin=admin,
                code=secret_words.new(),
            )
            await activity.note("account.make", "/account", {"person": made, "admin": admin}, writer=writer)
            await writer.commit()
    except IntegrityError as error:
        raise _taken(error, said) from None
    return await by_id(made)


async def add_unnamed(wish: str, *, email: str | None) -> Account:
    """As `add`, under a name like `wish` that is free; the person may change it."""
    for name in candidates(wish):
        try:
            return await add(name, email=email)
        except ConflictError as error:
            if error.field == "email":
                raise
    return await add(f"person-{secrets.token_hex(6)}", email=email)


def checked_bio(bio: str) -> str:
    """What a person says of themselves, as it is kept. Raises `BadInputError` where it is too long."""
    said = bio.strip()
    if len(said) > LONGEST_BIO:
        raise BadInputError(f"This may have {LONGEST_BIO} characters; it has {len(said)}.", field="bio")
    return storable(said)


async def set_email(user_id: str, email: str | None) -> None:
    """An address that is known to be the person's. Raises `BadInputError`, `ConflictError`."""
    await change(user_id, noted="account.email", email=checked_email(email) if email else None)


async def set_admin(user_id: str, admin: bool) -> None:
    """Make a person an administrator, or none any more."""
    await change(user_id, noted="account.admin" if admin else "account.no_admin", admin=admin)


async def disable(user_id: str, disabled: bool = True) -> None:
    """Let a person sign in no more, and end their sessions; what they made stays."""
    async with writing() as writer:
        await run_in(
            writer,
            "UPDATE users SET disabled_at = CASE WHEN :disabled THEN now() END WHERE id = :id",
            id=user_id,
            disabled=disabled,
        )
        for table in ("user_sessions", "sign_in_links"):
            await run_in(
                writer, f"DELETE FROM {table} WHERE user_id = :id AND :disabled", id=user_id, disabled=disabled
            )
        action = "account.disable" if disabled else "account.enable"
        await activity.note(action, "/account", {"person": user_id}, writer=writer)
        await writer.commit()
    sessions.forget_known()


async def change(user_id: str, *, noted: str = "", **values: object) -> None:
    """Set columns of a person; callers have checked them, and say what the log calls it.

    Raises:
        NotFoundError: there is no such person.
        ConflictError: somebody has this name or e-mail.
    """
    places = ", ".join(f"{name} = :{name}" for name in values)
    try:
        async with writing() as writer:
            changed = await run_in(writer, f"UPDATE users SET {places} WHERE id = :id", id=user_id, **values)
            if changed and noted:
                await activity.note(noted, "/account", {"person": user_id}, writer=writer)
            await writer.commit()
    except IntegrityError as error:
        raise _taken(error, str(values.get("name", ""))) from None
    if not changed:
        raise NotFoundError("There is no such person here.", field="name")
    sessions.forget_known()


def _taken(error: IntegrityError, name: str) -> ConflictError:
    if "email" in str(error.orig):
        return ConflictError("Somebody here has this e-mail address.", field="email")
    return ConflictError(f"Somebody here is called {name}.", field="name")


def _view(one: Row | None) -> Account:
    if one is None:
        raise NotFoundError("There is no such person here.", field="name")
    values = dict(one) | {"name": original(one["name"]), "bio": original(one["bio"])}
    return Account(**values)
