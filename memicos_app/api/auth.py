"""Signing in and out over HTTP, where a cookie can be set that no script reads; `identities.py` does it elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from memicos_app.api import cookies
from memicos_app.api.answers import Json
from memicos_app.api.inputs import Body
from memicos_app.api.rights import needs
from memicos_app.api.shapes import MessageAnswer, Shape
from memicos_app.api.site import site_for_mails
from memicos_app.library.accounts import links, mails, notifications, onward, passwords
from memicos_app.library.accounts.rights import Right

router = APIRouter(prefix="/auth", tags=["auth"], dependencies=[needs(Right.OPEN)])
OWN_PAGE = Depends(cookies.from_own_page)
OF_SEVERAL = Depends(cookies.of_several)
Next = Annotated[str, Field("/", max_length=4000)]


class ByPassword(Body):
    """A name or e-mail, and the password; `next`: path of this site to go to afterwards."""

    name: str = Field(min_length=1, max_length=320)
    password: str = Field(min_length=1, max_length=passwords.LONGEST)
    next: Next


class AskLink(Body):
    """An e-mail address to send a link to."""

    email: str = Field(min_length=1, max_length=320)
    next: Next


class FollowLink(Body):
    """What stands in the address of a link."""

    token: str = Field(min_length=1, max_length=200)


class GoAnswer(Shape):
    url: str
    """Path of this site to go to."""


class LinkAnswer(Shape):
    message: str
    mailed: bool
    """False: the site sends no mail, and the link stands in its log."""


@router.post("/password", response_model=GoAnswer, dependencies=[OWN_PAGE, OF_SEVERAL])
async def by_password(body: ByPassword, request: Request) -> Json:
    """Sign in by password; the browser gets the session's cookie."""
    account = await passwords.whose(body.name, body.password)
    answer = Json({"url": onward.place(body.next)})
    await cookies.sign_in(request, answer, account.id)
    return answer


@router.post("/link", response_model=LinkAnswer, dependencies=[OWN_PAGE, OF_SEVERAL])
async def ask_link(body: AskLink, request: Request) -> Json:
    """Have a link sent that signs in. The answer is the same whether or not there is an account."""
    await links.ask(body.email, body.next, site_for_mails(request))
    mailed = mails.configured()
    said = f"Look into your mailbox: the link works once, within {links.MINUTES} minutes."
    if not mailed:
        said = "This site sends no mail. The link is in its log: ask whoever runs it."
    return Json({"message": said, "mailed": mailed})


@router.post("/email", response_model=GoAnswer, dependencies=[OWN_PAGE, OF_SEVERAL])
async def follow_link(body: FollowLink, request: Request) -> Json:
    """Sign in by the link of a mail, which is used up; a program that only opens the link uses up nothing."""
    account, place = await links.follow(body.token)
    answer = Json({"url": onward.place(place)})
    await cookies.sign_in(request, answer, account.id)
    return answer


@router.post("/sign-out", response_model=GoAnswer, dependencies=[OWN_PAGE])
async def sign_out(request: Request) -> Json:
    """End this browser's session."""
    answer = Json({"url": onward.HOME})
    await cookies.sign_out(request, answer)
    return answer


@router.post("/unsubscribe", response_model=MessageAnswer)
async def unsubscribe(
    code: Annotated[str, Query(min_length=1, max_length=100)],
    kind: Annotated[Literal["comments", "jobs", "all"], Query()] = "all",
) -> Json:
    """End mails of a kind; the code stands in each mail. Mail programs ask this by themselves (RFC 8058)."""
    await notifications.unsubscribe(code, kind)
    return Json({"message": "No more mails of this kind."})
