"""Requests leave the site through one guarded client: whatever else opens connections is named here, with why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OPENERS = {
    *("Client", "AsyncClient", "AsyncHTTPTransport", "HTTPTransport"),
    *("AsyncConnectionPool", "AsyncHTTPProxy", "ClientSession", "HTTPConnection", "HTTPSConnection", "PoolManager"),
    *("SMTP", "SMTP_SSL", "S3Store", "urlopen", "urlretrieve", "create_connection", "open_connection", "socket"),
}
"""Names of what opens a connection when it is called."""
MODULES = ("httpx", "requests", "urllib3")
"""Called as `httpx.get`, they open one as well."""
WHY = {
    "memicos_app.library.outbound": "it is the guarded client",
    "memicos_app.library.datasets.putting": "writes an export to the bucket that an administrator names",
    "memicos_app.library.accounts.mails": "talks to the mail server of the settings",
    "memicos_app.site.checks": "claims the port that the site listens on",
    "memicos_app.worker.local": "finds a free port for the worker that it starts",
    "memicos_app.worker.remote": "asks the workers of the settings",
}
FILES = sorted((ROOT / "memicos_app").rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def opened(path: Path) -> Iterator[str]:
    """What a module calls that opens a connection of its own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in OPENERS:
            yield called.id
        elif isinstance(called, ast.Attribute):
            if called.attr in OPENERS:
                yield called.attr
            elif isinstance(called.value, ast.Name) and called.value.id in MODULES and called.attr.islower():
                yield f"{called.value.id}.{called.attr}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_no_other_way_out(path: Path) -> None:
    if module_name(path) not in WHY:
        assert not list(opened(path)), f"{module_name(path)} opens connections beside library/outbound.py"


def test_every_exception_is_still_one() -> None:
    paths = {module_name(path): path for path in FILES}
    assert [name for name in WHY if name not in paths or not list(opened(paths[name]))] == []
