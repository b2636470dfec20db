"""Addresses that lead to pages: `/steer`, `/steer/{id}` as share links give it, `/source-set/new`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from memicos_app.library import saved_runs
from memicos_app.library.accounts import recognising, rights
from memicos_app.library.accounts.person import VISITOR, set_person
from memicos_app.library.accounts.rights import Right
from memicos_app.library.errors import LibraryError, NotFoundError
from memicos_app.settings import get_settings


async def steer(_request: Request) -> RedirectResponse:
    """The steer page of the model that the worker runs."""
    return RedirectResponse(steer_page(get_settings().model_id.rpartition("/")[2]))


async def saved_run(request: Request) -> RedirectResponse:
    """The steer page with a run that was kept; one that is not known leads to the page that helps."""
    run_id = request.path_params["run_id"]
    try:
        run = await saved_runs.load(run_id)
    except NotFoundError:
        return RedirectResponse("/404")
    return RedirectResponse(f"{steer_page(run.request.model_id)}?saved={quote(run_id, safe='')}")


def steer_page(model_id: str) -> str:
    return f"/{quote(model_id, safe='')}/steer"


async def source_set(request: Request) -> RedirectResponse:
    """The form for a source set, under the name that the API has for it."""
    return RedirectResponse(f"/sae/new?{request.url.query}".rstrip("?"))


NEEDS = {
    "/steer": Right.OPEN,
    "/steer/": Right.OPEN,
    "/steer/{run_id}": Right.READ,
    "/source-set/new": Right.OPEN,
}
"""What each link needs: those that look nothing up lead on, and the page they lead to asks."""


def declared(path: str, lead: Callable[[Request], Awaitable[RedirectResponse]]) -> Route:
    """A link that asks for its right first; who is not known is led to signing in."""

    async def asked(request: Request) -> RedirectResponse:
        try:
            set_person(await recognising.from_headers(request.headers))
        except LibraryError:
            set_person(VISITOR)
        if not rights.may(NEEDS[path]):
            return RedirectResponse(f"/signin?next={quote(request.url.path)}")
        return await lead(request)

    return Route(path, asked)


ROUTES = [
    declared("/steer", steer),
    declared("/steer/", steer),
    declared("/steer/{run_id}", saved_run),
    declared("/source-set/new", source_set),
]
