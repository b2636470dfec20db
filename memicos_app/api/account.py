"""The person who asks, over the API: their account, API keys, sessions, keys of providers, data.

What could take an account over (keys, password, e-mail, leaving) a browser's session may do, and no API key.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field, SecretStr
from starlette.responses import Response

from memicos_app.api import cookies
from memicos_app.api.account_shapes import (
    KeysAnswer,
    NewKeyAnswer,
    ProviderKeyAnswer,
    SessionsAnswer,
    UserAnswer,
)
from memicos_app.api.answers import Json
from memicos_app.api.auth import GoAnswer
from memicos_app.api.inputs import Body
from memicos_app.api.rights import needs
from memicos_app.api.shapes import MessageAnswer, files
from memicos_app.api.site import site_for_mails
from memicos_app.library.accounts import (
    changing,
    keys,
    leaving,
    links,
    notifications,
    passwords,
    rights,
    sessions,
    users,
)
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import NotFoundError
from memicos_app.library.providers import keys as provider_keys
from memicos_app.library.providers.keys import KnownKey

router = APIRouter(prefix="/user", tags=["user"], dependencies=[needs(Right.WRITE)])
Id = Annotated[str, Field(min_length=1, max_length=100)]


IN_PERSON = [needs(Right.WRITE), Depends(cookies.from_own_page), Depends(cookies.in_person)]


class Edit(Body):
    """What is to be changed; what is left out stays."""

    name: str | None = Field(None, max_length=200)
    bio: str | None = Field(None, max_length=5000)
    notify_comments: bool | None = Field(None, alias="notifyComments")
    notify_jobs: bool | None = Field(None, alias="notifyJobs")
    unsubscribe_all: bool | None = Field(None, alias="unsubscribeAllEmail")


class ProviderName(Body):
    """A provider of language models, as `/user/api-key` has them: `OPENAI`, `OPENROUTER`, `ANTHROPIC`, `GOOGLE`."""

    type: str = Field(min_length=1, max_length=40)


class ProviderKeyValue(ProviderName):
    """Its key; empty: forget it."""

    value: SecretStr = Field(max_length=provider_keys.LONGEST)


class NewKey(Body):
    """What the key is for."""

    name: str = Field(max_length=500)


class OneOf(Body):
    """Which one."""

    id: Id


class NewPassword(Body):
    """A new password; `current`: the one there is, if there is one."""

    password: str = Field(max_length=passwords.LONGEST)
    current: str = Field("", max_length=passwords.LONGEST)


class NewEmail(Body):
    """A new e-mail address; `current`: the password, if there is one."""

    email: str = Field(max_length=320)
    current: str = Field("", max_length=passwords.LONGEST)


class Leave(Body):
    """The person's name, as a sign that they mean it; `current`: the password, if there is one."""

    name: str = Field(max_length=200)
    current: str = Field("", max_length=passwords.LONGEST)


@router.post("/refresh", response_model=UserAnswer)
async def refresh() -> Json:
    """The person whose session or key this is."""
    return await _shown(rights.writer())


@router.post("/edit", response_model=UserAnswer)
async def edit(body: Edit) -> Json:
    """Change one's name, what one says of oneself, and which mails one gets."""
    await changing.edit(
        rights.writer(),
        name=body.name,
        bio=body.bio,
        comments=False if body.unsubscribe_all else body.notify_comments,
        jobs=False if body.unsubscribe_all else body.notify_jobs,
    )
    return await _shown(rights.writer())


@router.post("/password", response_model=UserAnswer, dependencies=IN_PERSON)
async def password(body: NewPassword, request: Request) -> Json:
    """Set a password; every session of the person ends, and this browser gets a new one."""
    user_id = rights.writer()
    await passwords.confirm(user_id, body.current)
    await passwords.put(user_id, body.password)
    account = await users.by_id(user_id)
    notifications.soon(notifications.way_in_changed(account, "There is another password of"))
    answer = await _shown(user_id)
    if person().way == "session":
        await cookies.sign_in(request, answer, user_id)
    return answer


@router.post("/email", response_model=MessageAnswer, dependencies=IN_PERSON)
async def email(body: NewEmail, request: Request) -> Json:
    """Have a link sent to a new address; it is the person's once they opened it."""
    user_id = rights.writer()
    await passwords.confirm(user_id, body.current)
    await links.ask_new_address(await users.by_id(user_id), body.email, site_for_mails(request))
    return Json({"message": "Open the link that was sent to the new address."})


@router.post("/api-key", response_model=ProviderKeyAnswer)
async def provider_key(body: ProviderName) -> Json:
    """One's own key of a provider; no more than its last four characters is ever answered."""
    return Json(provider_key_json(await _provider_key(body.type)))


@router.post("/api-key-update", response_model=ProviderKeyAnswer)
async def provider_key_update(body: ProviderKeyValue) -> Json:
    """Keep one's own key of a provider, sealed; an empty one is forgotten."""
    user_id, name = rights.writer(), body.type.lower()
    if body.value.get_secret_value():
        await provider_keys.put(name, body.value, user_id)
    else:
        await provider_keys.forget(name, user_id)
    return Json(provider_key_json(await _provider_key(name)))


@router.post("/keys", response_model=KeysAnswer)
async def api_keys() -> Json:
    """One's API keys in force, the newest first."""
    return Json({"keys": [key_json(one) for one in await keys.listed(rights.writer())]})


@router.post("/keys/new", response_model=NewKeyAnswer, dependencies=IN_PERSON)
async def new_key(body: NewKey) -> Json:
    """A new API key; its text is answered this once."""
    made, text = await keys.make(rights.writer(), body.name)
    return Json({"key": key_json(made), "text": text})


@router.post("/keys/revoke", response_model=KeysAnswer, dependencies=IN_PERSON)
async def revoke_key(body: OneOf) -> Json:
    """Revoke an API key, at once; those that are left."""
    await keys.revoke(rights.writer(), body.id)
    return await api_keys()


@router.post("/sessions", response_model=SessionsAnswer)
async def list_sessions(request: Request) -> Json:
    """The browsers that one is signed in with."""
    found = await sessions.listed(rights.writer(), cookies.token_of(request))
    return Json({"sessions": [_camel(asdict(one)) for one in found]})


@router.post("/sessions/end", response_model=SessionsAnswer, dependencies=IN_PERSON)
async def end_session(body: OneOf, request: Request) -> Json:
    """End a session, at once; `all`: every one but that which asks."""
    user_id = rights.writer()
    if body.id == "all":
        await sessions.end_all(user_id, but=cookies.token_of(request))
    else:
        await sessions.end(user_id, body.id)
    return await list_sessions(request)


@router.get("/export", response_class=Response, responses=files("application/zip"))
async def export() -> Response:
    """All that is kept of the person who asks, as a ZIP file with a JSON file a subject."""
    headers = {"Content-Disposition": 'attachment; filename="memicos-my-data.zip"', "Cache-Control": "no-store"}
    return Response(await leaving.archive(rights.writer()), media_type="application/zip", headers=headers)


@router.post("/delete", response_model=GoAnswer, dependencies=IN_PERSON)
async def delete(body: Leave, request: Request) -> Json:
    """Delete one's account with all that is one's own; explanations and uploads stay without a name."""
    user_id = rights.writer()
    await passwords.confirm(user_id, body.current)
    await leaving.delete(user_id, body.name)
    answer = Json({"url": "/"})
    await cookies.sign_out(request, answer)
    return answer


async def _shown(user_id: str) -> Json:
    account = asdict(await users.by_id(user_id))
    return Json(_camel({name: value for name, value in account.items() if name not in ("bot", "disabled")}))


async def _provider_key(name: str) -> KnownKey:
    for one in await provider_keys.known(rights.writer()):
        if one.provider == name.lower():
            return one
    raise NotFoundError(f"There is no provider {name[:40]}.", field="type")


def provider_key_json(one: KnownKey) -> dict[str, Any]:
    """As published clients name the provider."""
    known = _camel(asdict(one))
    return {"type": known.pop("provider").upper(), **known}


def key_json(one: keys.Key) -> dict[str, Any]:
    return _camel(asdict(one))


def _camel(values: dict[str, Any]) -> dict[str, Any]:
    """Field names as the API has them."""
    found = {}
    for name, value in values.items():
        first, *rest = name.split("_")
        found[first + "".join(part.capitalize() for part in rest)] = value
    return found
