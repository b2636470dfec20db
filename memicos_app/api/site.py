"""The site's own address, for links in answers; and which of its pages, or of others', a request comes from."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers

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


def is_foreign(headers: Headers) -> bool:
    """Whether a page of another site has a browser send this. Browsers say so, and let no page say otherwise."""
    if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return True
    origin = headers.get("origin")
    own = {headers.get("host"), urlsplit(get_settings().public_url).netloc} - {None, ""}
    return origin is not None and urlsplit(origin).netloc not in own


def is_followed(request: Request) -> bool:
    """Whether somebody follows a link: the answer is shown in a window of its own, which no other page reads."""
    headers = request.headers
    to_window = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return request.method == "GET" and "origin" not in headers and to_window
