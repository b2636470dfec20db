"""Environment variables that Reflex is steered by, in one place: some are its internal names.

They are set for this process (`serve`) or for a child (`build`, `develop`).
"""

from __future__ import annotations

import os
from pathlib import Path

QUIET = {
    "REFLEX_TELEMETRY_ENABLED": "false",
    "REFLEX_CHECK_LATEST_VERSION": "false",
}
SERVE_BUILT = {
    "__REFLEX_SKIP_COMPILE": "true",
    "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
    "REFLEX_ENV_MODE": "prod",
}
"""Serve what was built without compiling again (names internal to Reflex 0.10)."""


def build_environment(web_dir: Path) -> dict[str, str]:
    """Environment of the process that builds into `web_dir`."""
    return {
        **os.environ,
        **QUIET,
        "REFLEX_WEB_WORKDIR": str(web_dir),
        "NPM_CONFIG_REGISTRY": os.environ.get("NPM_CONFIG_REGISTRY", "https://registry.npmjs.org"),
        "NO_COLOR": "1",
    }


def develop_environment(web_dir: Path, backend_port: int) -> dict[str, str]:
    """Environment of Reflex's development server, whose pages reach the API at the backend's port."""
    return {**build_environment(web_dir), "MEMICOS_DEV_BACKEND": f"http://127.0.0.1:{backend_port}"}


def development_backend() -> str:
    """Where the development server answers the API; empty in a build."""
    return os.environ.get("MEMICOS_DEV_BACKEND", "")


def serve_built(web_dir: Path) -> None:
    """Make Reflex, imported after this call, serve the build in `web_dir` as it is."""
    os.environ.update({**QUIET, **SERVE_BUILT, "REFLEX_WEB_WORKDIR": str(web_dir)})
