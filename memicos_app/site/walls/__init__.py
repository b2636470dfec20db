"""What stands around the site: layers of ASGI that every request and socket passes, outermost first."""

from __future__ import annotations

from pathlib import Path

from starlette.types import ASGIApp

from memicos_app.settings import Settings
from memicos_app.site.walls.figures import Figures
from memicos_app.site.walls.headers import SecurityHeaders
from memicos_app.site.walls.hosts import OwnHosts
from memicos_app.site.walls.policies import Policies
from memicos_app.site.walls.proxies import TrustedProxies
from memicos_app.site.walls.sizes import Sizes
from memicos_app.site.walls.traces import Traces


def walled(site: ASGIApp, static_dir: Path, settings: Settings) -> ASGIApp:
    """The site behind its walls."""
    inner: ASGIApp = OwnHosts(Sizes(site), settings)
    inner = SecurityHeaders(inner, Policies(static_dir), settings.embed_origins)
    inner = Figures(inner) if settings.metrics else inner
    return TrustedProxies(Traces(inner), settings.trusted_proxies)
