"""Makes a built frontend talk to whatever address it was loaded from.

Reflex bakes the address of the build machine into the bundle. A site built once and served on another
port, host or behind TLS must use the page's own origin instead.
"""

from __future__ import annotations

import re
from typing import Any

from reflex_base.plugins import Plugin

SOCKET = re.compile(r"`ws://localhost:\d+(/[^`]*)`")
HTTP = re.compile(r"`http://localhost:\d+(/[^`]*)`")


def to_same_origin(javascript: str) -> str:
    """The bundle's addresses, rewritten as expressions over `location.origin`."""
    javascript = SOCKET.sub(r"(location.origin.replace(/^http/,`ws`)+`\1`)", javascript)
    return HTTP.sub(r"(location.origin+`\1`)", javascript)


class SameOriginPlugin(Plugin):
    """Rewrites the one environment module of a build; fails when there is not exactly one."""

    def post_build(self, **context: Any) -> None:
        (bundle,) = context["static_dir"].glob("assets/reflex-env-*.js")
        text = bundle.read_text(encoding="utf-8")
        rewritten = to_same_origin(text)
        if rewritten == text or "localhost" in rewritten:
            raise RuntimeError(f"{bundle.name} does not look like the bundle that MemicOS knows how to move")
        bundle.write_text(rewritten, encoding="utf-8")
