"""`/metrics` for Prometheus: requests, the line of jobs, and the worker. METRICS switches it on."""

from __future__ import annotations

import hmac
from contextlib import suppress
from ipaddress import ip_address

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from memicos_app import worker
from memicos_app.library import jobs
from memicos_app.library.errors import LibraryError
from memicos_app.settings import get_settings
from memicos_app.site.walls.proxies import PASSED_ON

REGISTRY = CollectorRegistry()
REQUESTS = Counter("memicos_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY)
SECONDS = Histogram("memicos_request_seconds", "Seconds until an answer began.", ["route"], registry=REGISTRY)
JOBS = Gauge("memicos_jobs", "Jobs that wait, run or are paused.", registry=REGISTRY)
WORKER = Gauge("memicos_worker_ready", "1 where the inference worker answers and has its model.", registry=REGISTRY)
LINE = Gauge("memicos_worker_waiting", "Requests that wait in the worker's line.", registry=REGISTRY)
METHODS = {"GET", "POST", "HEAD", "OPTIONS"}


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer."""
    REQUESTS.labels(method if method in METHODS else "other", route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)


class Figures:
    """Answers `/metrics`: to who has METRICS_TOKEN, and where there is none, to this machine and no proxy of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/metrics":
            await self.app(scope, receive, send)
        elif not may_read(scope):
            await PlainTextResponse("Not found", 404)(scope, receive, send)
        else:
            await look()
            page = PlainTextResponse(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)
            await page(scope, receive, send)


def may_read(scope: Scope) -> bool:
    """Whether a request for figures is answered."""
    token = get_settings().metrics_token.get_secret_value()
    if token:
        return hmac.compare_digest(Headers(scope=scope).get("authorization", "").encode(), f"Bearer {token}".encode())
    if scope.get(PASSED_ON):
        return False
    try:
        return bool(scope.get("client")) and ip_address(scope["client"][0]).is_loopback
    except ValueError:
        return False


async def look() -> None:
    """Take the figures that are not counted as they happen."""
    with suppress(LibraryError):
        JOBS.set(await jobs.count_open())
    now = await worker.status()
    WORKER.set(now.ready)
    LINE.set(now.queue_length)
