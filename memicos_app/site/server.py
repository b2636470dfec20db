"""The web server: one process that answers pages, events and the API on one port."""

from __future__ import annotations

import os
import sys

from memicos_app.settings import ROOT, get_settings
from memicos_app.site.environment import serve_built
from memicos_app.site.frontend import web_dir


def serve() -> None:
    """Serve the built site until SIGINT or SIGTERM."""
    os.chdir(ROOT)
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    serve_built(web_dir())
    import uvicorn

    from memicos_app.memicos_app import app

    settings = get_settings()
    uvicorn.run(
        app,
        factory=True,
        host=settings.host,
        port=settings.port,
        log_level="warning" if settings.log_level == "info" else settings.log_level,
        ws="wsproto",
        timeout_graceful_shutdown=2,
        server_header=False,
    )
