"""The app assembled: every page, the API beside them, and what has to run for as long as the site does."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx
from starlette.applications import Starlette
from starlette.types import ASGIApp

import memicos_app.pages
from memicos_app.api.app import api
from memicos_app.settings import ROOT
from memicos_app.site import services
from memicos_app.site.addresses import PageAddresses
from memicos_app.site.frontend import static_dir

for module in pkgutil.iter_modules(memicos_app.pages.__path__):
    importlib.import_module(f"memicos_app.pages.{module.name}")


def page_addresses(app: ASGIApp) -> ASGIApp:
    return PageAddresses(app, static_dir())


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    async with services.running():
        yield


backend = Starlette()
backend.mount("/api", api)

app = rx.App(
    stylesheets=[f"/{sheet.name}" for sheet in sorted((ROOT / "assets").glob("*.css"))],
    api_transformer=[backend, page_addresses],
)
app.register_lifespan_task(running)
if not list(pkgutil.iter_modules(memicos_app.pages.__path__)):
    app.add_page(rx.el.main(rx.el.h1("MemicOS")), route="/", title="MemicOS")
