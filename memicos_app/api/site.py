"""The site's own address, for links in answers."""

from __future__ import annotations

from fastapi import Request

from memicos_app.settings import get_settings, is_near


def site_for_mails(request: Request) -> str:
    """As `site_of`, where somebody who can be trusted says it; else empty.

    Whoever asks names the host as they like: a link made of that would lead whoever gets the mail to them.
    """
    said = get_settings().public_url.rstrip("/")
    return said or (site_of(request) if is_near(request.url.hostname or "") else "")


def site_of(request: Request) -> str:
    """Address of the site for links: the one people use, else the one this request used."""
    return get_settings().public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"
