"""The fifty checks of docs/checks.md: each names a test, and that test is there."""

from __future__ import annotations

import ast
import re

import pytest

from memicos_app.settings import ROOT

ROW = re.compile(r"^\| (\d+) \| (.+) \| `(tests/[\w/]+\.py)::(test_\w+)` \|$", re.MULTILINE)
CHECKS = ROW.findall((ROOT / "docs" / "checks.md").read_text(encoding="utf-8"))


def test_there_are_fifty() -> None:
    assert [int(number) for number, *_ in CHECKS] == list(range(1, 51))
    assert len({what for _, what, *_ in CHECKS}) == len({test for *_, test in CHECKS}) == 50


@pytest.mark.parametrize(("path", "name"), [(path, name) for _, _, path, name in CHECKS])
def test_the_test_is_there(path: str, name: str) -> None:
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = [one for one in ast.walk(module) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert name in {one.name for one in found}
