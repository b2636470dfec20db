"""The site's own address, for links in answers."""

from __future__ import annotations

from fastapi import Request

from memicos_app.settings import get_settings


def site_of(request: Request) -> str:
    """Address of the site for links: the one people use, else the one this request used."""
    return get_settings().public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
