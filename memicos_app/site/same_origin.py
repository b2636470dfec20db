"""Makes a built frontend talk to whatever address it was loaded from.

Reflex bakes the address of the build machine into the bundle. A site built once and served on another
port, host or behind TLS must use the page's own origin instead.
"""

from __future__ import annotations

import re
from typing import Any

from reflex_base.plugins import Plugin

from memicos_app.site.environment import development_backend

SOCKET = re.compile(r"`ws://localhost:\d+(/[^`]*)`")
PROXY = re.compile(r"^    proxy: .*\n", re.MULTILINE)
SECURE_PORT = re.compile(r"^ *endpoint\.port = \"\";.*\n", re.MULTILINE)
"""Reflex expects TLS on port 443 alone where the page's host is `localhost`."""
HTTP = re.compile(r"`http://localhost:\d+(/[^`]*)`")


def to_same_origin(javascript: str) -> str:
    """The bundle's addresses, rewritten as expressions over `location.origin`."""
    javascript = SOCKET.sub(r"(location.origin.replace(/^http/,`ws`)+`\1`)", javascript)
    return HTTP.sub(r"(location.origin+`\1`)", javascript)


def keeping_port(javascript: str) -> str:
    """Reflex's client, leaving the port of an address as it is: the page's own."""
    return SECURE_PORT.sub("", javascript)


class SameOriginPlugin(Plugin):
    """Rewrites the one environment module of a build; fails when there is not exactly one."""

    def pre_compile(self, **context: Any) -> None:
        context["add_modify_task"]("utils/state.js", keeping_port)

    def post_build(self, **context: Any) -> None:
        (bundle,) = context["static_dir"].glob("assets/reflex-env-*.js")
        text = bundle.read_text(encoding="utf-8")
        rewritten = to_same_origin(text)
        if rewritten == text or "localhost" in rewritten:
            raise RuntimeError(f"{bundle.name} does not look like the bundle that MemicOS knows how to move")
        bundle.write_text(rewritten, encoding="utf-8")
        if any(".port=``" in script.read_text(encoding="utf-8") for script in bundle.parent.glob("*.js")):
            raise RuntimeError("Reflex's client takes the port out of addresses, in a way that MemicOS does not know")


class DevelopmentProxyPlugin(Plugin):
    """In development, the API of the backend is answered at the frontend's own address, as in a build."""

    def pre_compile(self, **context: Any) -> None:
        if backend := development_backend():
            context["add_modify_task"]("vite.config.js", lambda text: with_proxy(text, backend))


def with_proxy(config: str, backend: str) -> str:
    """Vite's configuration with `/api` passed on to `backend`."""
    anchor = "  server: {\n"
    config = PROXY.sub("", config)
    if config.count(anchor) != 1:
        raise RuntimeError("vite.config.js does not look like the one that MemicOS knows how to extend")
    return config.replace(anchor, f'{anchor}    proxy: {{ "^/api(/|$)": "{backend}" }},\n')
