"""Signing in with an account elsewhere: out to the provider and back, both by the browser's own address bar."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from memicos_app.api import cookies
from memicos_app.api.answers import Json
from memicos_app.api.inputs import Body, Name
from memicos_app.api.rights import needs
from memicos_app.api.shapes import MessageAnswer
from memicos_app.api.site import site_of
from memicos_app.library.accounts import elsewhere, identities, rights
from memicos_app.library.accounts.person import person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError

router = APIRouter(prefix="/auth/elsewhere", tags=["auth"], dependencies=[needs(Right.OPEN)])
COOKIE = "memicos_elsewhere"
REDIRECT: dict[int | str, dict[str, Any]] = {303: {"description": "Where the browser goes."}}
Text = Annotated[str, Query(max_length=4000)]
Next = Annotated[str, Query(alias="next", max_length=4000)]


class Part(Body):
    """The kind of account: `oidc`, `google`, `github`."""

    place: Name


@router.get("/{place}", response_class=RedirectResponse, status_code=303, responses=REDIRECT)
async def begin(place: str, request: Request, join: bool = False, wish: Next = "/") -> Response:
    """Send the browser to a provider; `join`: to sign in this way, too, from now on."""
    cookies.of_several()
    link_to = joining(request) if join else None
    url, carried = await elsewhere.begin(place, wish, back_of(request, place), link_to=link_to)
    answer = RedirectResponse(url, 303)
    answer.set_cookie(
        COOKIE,
        carried,
        max_age=int(elsewhere.LASTS_S),
        path="/api/auth/elsewhere",
        secure=cookies.secure(request),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/{place}/back", response_class=RedirectResponse, status_code=303, responses=REDIRECT)
async def back(
    place: str, request: Request, code: Text = "", state: Text = "", iss: Text = "", error: Text = ""
) -> Response:
    """Where a provider sends the browser back to; what went wrong is said on the page for signing in."""
    try:
        cookies.of_several()
        carried = request.cookies.get(COOKIE, "")
        account, onto = await elsewhere.finish(
            place, "" if error else code, state, carried, signed_in=person().id, issuer=iss
        )
        answer = RedirectResponse(onto, 303)
        await cookies.sign_in(request, answer, account.id)
    except LibraryError as failure:
        answer = RedirectResponse("/signin?" + urlencode({"problem": failure.code}), 303)
    answer.delete_cookie(COOKIE, path="/api/auth/elsewhere")
    return answer


@router.post(
    "/part",
    response_model=MessageAnswer,
    dependencies=[needs(Right.WRITE), Depends(cookies.from_own_page), Depends(cookies.in_person)],
)
async def part(body: Part) -> Json:
    """Sign in with accounts of this kind no more."""
    await identities.part(rights.writer(), body.place)
    return Json({"message": "It signs you in no more."})


def joining(request: Request) -> str:
    """Who signs in with an account elsewhere from now on, too; neither a key nor another site's page says that."""
    cookies.in_person()
    cookies.from_own_page(request)
    return rights.writer()


def back_of(request: Request, place: str) -> str:
    """The address that is registered with the provider."""
    return f"{site_of(request)}/api/auth/elsewhere/{place}/back"
