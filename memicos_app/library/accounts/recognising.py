"""Who sends a request or an event: read from its headers, an API key before the session of a browser."""

from __future__ import annotations

from collections.abc import Mapping

from memicos_app.library.accounts import keys, rights, sessions
from memicos_app.library.accounts.person import OWNER, VISITOR, Person, set_person
from memicos_app.library.errors import SignInError
from memicos_app.library.query import row


async def from_headers(headers: Mapping[str, str]) -> Person:
    """The person; in a site for one its owner, elsewhere a visitor where nothing says who it is.

    Args:
        headers: with names in lower case.

    Raises:
        SignInError: an API key was sent that is none.
        UnavailableError: the database does not answer.
    """
    if rights.mode() == "single":
        return rights.somebody()
    if key := sent_key(headers):
        who = await keys.recognise(key)
        if who is None:
            raise SignInError("This API key is not known here, or was revoked.", field="x-api-key")
        return who
    if token := session_token(headers):
        return await sessions.recognise(token) or VISITOR
    return rights.somebody()


def sent_key(headers: Mapping[str, str]) -> str:
    """The API key among the headers; empty where there is none."""
    if key := headers.get("x-api-key", "").strip():
        return key
    scheme, _, text = headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def session_token(headers: Mapping[str, str]) -> str:
    """The token in the session's cookie; empty where there is none."""
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == sessions.COOKIE and value:
            return value
    return ""


async def work_for(user_id: str | None) -> None:
    """What follows in this task is done for who asked for it before; their right to it was looked at then."""
    found = await row("SELECT id, name, admin FROM users WHERE id = :id", id=user_id) if user_id else None
    set_person(Person(found["id"], found["name"], admin=found["admin"], way="machine") if found else OWNER)
