"""The floors of the house: a lower one never imports an upper one, and the two processes share only three modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = [
    ("inference_worker.wire", 0),
    ("memicos_app.settings", 0),
    ("inference_worker.engine", 1),
    ("memicos_app.db", 1),
    ("inference_worker", 2),
    ("memicos_app.library", 2),
    ("memicos_app.worker", 2),
    ("memicos_app.jobs", 3),
    ("memicos_app.api", 3),
    ("memicos_app.components", 3),
    ("memicos_app.pages", 4),
    ("memicos_app", 5),
]
SHARED = ("inference_worker.wire", "inference_worker.client")
FILES = sorted(path for room in ("memicos_app", "inference_worker") for path in (ROOT / room).rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(module: str) -> int:
    return next(number for name, number in FLOORS if module == name or module.startswith(f"{name}."))


def imports(path: Path) -> Iterator[str]:
    """Modules of this project that `path` imports at any place, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] in ("memicos_app", "inference_worker"))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_nothing_reaches_up(path: Path) -> None:
    here = module_name(path)
    for name in imports(path):
        if name in ("memicos_app", "inference_worker"):
            continue
        assert floor(name) <= floor(here), f"{here} (floor {floor(here)}) imports {name} (floor {floor(name)})"


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.is_relative_to(ROOT / "memicos_app")], ids=module_name
)
def test_the_site_knows_of_the_worker_only_wire_and_client(path: Path) -> None:
    if module_name(path).startswith("memicos_app.commands"):
        return
    for name in imports(path):
        if name.startswith("inference_worker."):
            assert name.startswith(SHARED), f"{module_name(path)} imports {name}"


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.is_relative_to(ROOT / "inference_worker")], ids=module_name
)
def test_the_worker_knows_of_the_site_only_its_settings(path: Path) -> None:
    for name in imports(path):
        if name.startswith("memicos_app."):
            assert name.startswith("memicos_app.settings"), f"{module_name(path)} imports {name}"


def test_pages_and_api_hold_no_sql() -> None:
    """Errors of the database may be named there, so that they become a sentence; queries may not."""
    for room in ("pages", "api", "components"):
        for path in (ROOT / "memicos_app" / room).rglob("*.py"):
            text = path.read_text(encoding="utf-8").replace("sqlalchemy.exc", "")
            assert "sqlalchemy" not in text, f"{path.name} reaches for the database itself"
            assert "sqlmodel" not in text, f"{path.name} reaches for the database itself"
