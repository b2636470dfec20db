"""Every package that pyproject.toml names is explained in docs/dependencies.md, and pinned in a lock."""

from __future__ import annotations

import re
import tomllib

import pytest

from memicos_app.settings import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
DOCUMENT = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
EXPLAINED = re.compile(r"^\| `([\w.-]+)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


def name(requirement: str) -> str:
    return re.split(r"[\[><=!~; ]", requirement, maxsplit=1)[0]


NAMED = {name(line) for lines in (PROJECT["dependencies"], *EXTRAS.values()) for line in lines}


def pinned() -> set[str]:
    """Packages of all locks, by the name the registry knows them under."""
    locks = sorted((ROOT / "requirements").glob("lock*.txt"))
    return {name(line) for lock in locks for line in lock.read_text().splitlines() if "==" in line}


def test_every_dependency_is_explained_once() -> None:
    assert sorted(row[0] for row in EXPLAINED.findall(DOCUMENT)) == sorted(NAMED)


def test_each_has_reason_licence_and_what_was_rejected() -> None:
    for package, reason, licence, rejected in EXPLAINED.findall(DOCUMENT):
        assert len(reason) > 10, package
        assert licence.strip(), package
        assert rejected.strip(), package


@pytest.mark.parametrize("package", sorted(NAMED))
def test_each_is_pinned(package: str) -> None:
    assert package in pinned(), "run `make lock`"


def test_python_range_is_the_one_that_reflex_allows() -> None:
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert "3.11, 3.12 or 3.13" in DOCUMENT
