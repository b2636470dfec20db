"""The app assembled: every page, the API beside them, and what has to run for as long as the site does."""

from __future__ import annotations

import reflex as rx
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from memicos_app.api import mcp_endpoint
from memicos_app.api.app import api
from memicos_app.pages import (
    account,
    activity,
    add,
    admin,
    api_doc,
    compare,
    explain_many,
    explanation_type,
    feature,
    home,
    job,
    jobs,
    list,
    map,
    model,
    new_model,
    new_source_set,
    not_found,
    presets,
    providers,
    quick_list,
    reports,
    score_type,
    search,
    search_contrast,
    search_explanations,
    search_topk_by_token,
    signin,
    source,
    steer,
    upload,
    user,
    user_lists,
    user_vectors,
)
from memicos_app.settings import ROOT
from memicos_app.site import links, services, tabs
from memicos_app.site.admission import failed
from memicos_app.site.visitors import Visitors

API = [Mount("/api", api), Route(mcp_endpoint.PATH, mcp_endpoint.endpoint)]
"""What answers programs: the API, and assistants."""
PAGES = (
    account,
    signin,
    add,
    home,
    model,
    map,
    source,
    feature,
    explanation_type,
    score_type,
    steer,
    search_explanations,
    search,
    search_topk_by_token,
    search_contrast,
    admin,
    reports,
    activity,
    presets,
    providers,
    explain_many,
    quick_list,
    list,
    compare,
    jobs,
    job,
    new_model,
    new_source_set,
    upload,
    user,
    user_lists,
    user_vectors,
    api_doc,
    not_found,
)
"""Importing a page adds it to the app; a test holds this list and the folder equal."""


def with_api(site: ASGIApp) -> ASGIApp:
    """The site with the API and short links before its pages."""
    return Starlette(routes=[*links.ROUTES, *API, Mount("", site)])


app = rx.App(
    stylesheets=[f"/{sheet.name}" for sheet in sorted((ROOT / "assets").glob("*.css"))],
    api_transformer=with_api,
    backend_exception_handler=failed,
)
app.add_middleware(Visitors(), index=0)
app.register_lifespan_task(services.running)
app.register_lifespan_task(tabs.forgetting, app=app)
