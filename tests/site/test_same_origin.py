"""A built bundle must talk to the address it was loaded from."""

from __future__ import annotations

from pathlib import Path

import pytest

from memicos_app.site import frontend
from memicos_app.site.same_origin import SameOriginPlugin, keeping_port, to_same_origin


def test_socket_and_http_addresses_become_expressions() -> None:
    text = "x={EVENT:`ws://localhost:3000/_rx/_event`,PING:`http://localhost:8000/_rx/ping`,T:`websocket`}"
    assert to_same_origin(text) == (
        "x={EVENT:(location.origin.replace(/^http/,`ws`)+`/_rx/_event`),PING:(location.origin+`/_rx/ping`),T:`websocket`}"
    )


def test_an_unknown_bundle_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "reflex-env-abc.js").write_text("x={EVENT:'ws://localhost:3000/_event'}")
    with pytest.raises(RuntimeError, match="reflex-env-abc"):
        SameOriginPlugin().post_build(static_dir=tmp_path)


def test_tls_at_another_port_is_reached_there() -> None:
    text = '  if (secure) {\n      endpoint.port = ""; // Assume websocket is on https port.\n  }\n'
    assert keeping_port(text) == "  if (secure) {\n  }\n"


@pytest.mark.slow
def test_the_real_build_holds_no_address(built_site: Path) -> None:
    (bundle,) = built_site.glob("assets/reflex-env-*.js")
    text = bundle.read_text()
    assert "location.origin.replace(/^http/,`ws`)+`/_rx/_event`" in text
    assert "localhost" not in text
    assert not [one.name for one in built_site.glob("assets/*.js") if ".port=``" in one.read_text()]
    assert built_site == frontend.static_dir()
