"""What the account's page knows: the person's facts, their API keys and the browsers they are signed in with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict

import reflex as rx

from memicos_app.components.rights import declares
from memicos_app.library.accounts import (
    changing,
    elsewhere,
    identities,
    keys,
    mails,
    recognising,
    rights,
    sessions,
    users,
)
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError

_BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {name: name for name in ("Android", "iPhone", "iPad", "Windows")} | {"Mac OS": "macOS", "Linux": "Linux"}
"""Marks in what browsers call themselves, those that others also carry last."""


class KeyRow(TypedDict):
    """An API key, of which no more than its end is known."""

    id: str
    name: str
    ending: str
    facts: str


class SessionRow(TypedDict):
    """A browser that is signed in."""

    id: str
    browser: str
    facts: str
    current: bool


class PlaceRow(TypedDict):
    """A provider, and which of its accounts signs this person in."""

    name: str
    title: str
    label: str
    """Empty: none."""
    url: str
    """Where it is joined."""


@declares(Right.WRITE)
class AccountState(rx.State):
    """One's own account; every change is asked of the library for the person of the event."""

    loaded: bool = False
    problem: str = ""
    name: str = ""
    bio: str = ""
    email: str = ""
    has_password: bool = False
    notify_comments: bool = False
    notify_jobs: bool = False
    mails: bool = False
    single: bool = False
    key_rows: list[KeyRow] = []
    session_rows: list[SessionRow] = []
    places: list[PlaceRow] = []
    """Providers whose accounts sign in here."""
    fresh_key: str = ""
    """A key just made, until one goes away."""
    key_problem: str = ""
    round: int = 0
    """A new one empties the field of the key's name."""

    @rx.event
    async def load(self) -> None:
        """Read everything anew; a key that was shown is shown no more."""
        self.fresh_key = self.key_problem = ""
        await self._read()

    @rx.event
    async def make_key(self, form: dict[str, Any]) -> None:
        """A new API key, shown this once."""
        self.fresh_key = self.key_problem = ""
        try:
            _, self.fresh_key = await keys.make(rights.writer(), str(form.get("name", "")))
            self.round += 1
        except LibraryError as error:
            self.key_problem = error.message
        await self._read()

    @rx.event
    async def revoke_key(self, key_id: str) -> None:
        """A key that is good for nothing from now on."""
        self.fresh_key = ""
        await self._try(lambda: keys.revoke(rights.writer(), key_id))

    @rx.event
    async def end_session(self, session_id: str) -> None:
        """Sign another browser out."""
        await self._try(lambda: sessions.end(rights.writer(), session_id))

    @rx.event
    async def end_other_sessions(self) -> None:
        """Sign every other browser out."""

        async def others() -> None:
            await sessions.end_all(rights.writer(), but=self._token())

        await self._try(others)

    @rx.event
    async def want_comments(self, wanted: bool) -> None:
        """Mails about comments, or none."""
        await self._try(lambda: changing.edit(rights.writer(), comments=wanted))

    @rx.event
    async def want_jobs(self, wanted: bool) -> None:
        """Mails about jobs, or none."""
        await self._try(lambda: changing.edit(rights.writer(), jobs=wanted))

    async def _try(self, work: Callable[[], Awaitable[None]]) -> None:
        self.problem = ""
        try:
            await work()
        except LibraryError as error:
            self.problem = error.message
        await self._read()

    async def _read(self) -> None:
        try:
            user_id = rights.writer()
            account = await users.by_id(user_id)
            self.key_rows = [key_row(one) for one in await keys.listed(user_id)]
            self.places = place_rows(await identities.of(user_id))
            self.session_rows = [session_row(one) for one in await sessions.listed(user_id, self._token())]
        except LibraryError as error:
            self.problem = error.message
            return
        self.name, self.bio, self.email = account.name, account.bio, account.email or ""
        self.has_password = account.has_password
        self.notify_comments, self.notify_jobs = account.notify_comments, account.notify_jobs
        self.mails, self.single, self.loaded = mails.configured(), rights.mode() == "single", True

    def _token(self) -> str:
        return recognising.session_token({"cookie": self.router.headers.cookie})


def place_rows(joined: Sequence[identities.Joined]) -> list[PlaceRow]:
    labels = {one.provider: one.label or "joined" for one in joined}
    return [
        PlaceRow(
            name=one.name,
            title=one.title,
            label=labels.get(one.name, ""),
            url=f"/api/auth/elsewhere/{one.name}?join=true&next=/account",
        )
        for one in elsewhere.places()
    ]


def key_row(one: keys.Key) -> KeyRow:
    used = f"last used {ago(one.used_at)}" if one.used_at else "never used"
    return KeyRow(id=one.id, name=one.name, ending=f"…{one.last_four}", facts=f"made {ago(one.created_at)}, {used}")


def session_row(one: sessions.Session) -> SessionRow:
    facts = f"since {one.created_at:%Y-%m-%d}, seen {ago(one.seen_at)}"
    return SessionRow(id=one.id, browser=browser_of(one.agent), facts=facts, current=one.current)


def browser_of(agent: str) -> str:
    """What a person would call the browser: `Firefox on Linux`."""
    kind = next((name for mark, name in _BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS.items() if mark in agent), "")
    if not kind:
        return agent[:40] or "A browser that does not say what it is"
    return f"{kind} on {system}" if system else kind


def ago(moment: datetime) -> str:
    """`today`, `yesterday`, `12 days ago`, or the date."""
    days = (datetime.now(UTC).date() - moment.astimezone(UTC).date()).days
    if days < 1:
        return "today"
    return "yesterday" if days == 1 else f"{days} days ago" if days < 60 else f"on {moment:%Y-%m-%d}"
