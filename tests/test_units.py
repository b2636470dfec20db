"""Every unit that tests are spread by is of files that are there."""

from __future__ import annotations

import pytest

from memicos_app.settings import ROOT
from tests import units


@pytest.mark.parametrize("path", [path for paths in units.TOGETHER.values() for path in paths])
def test_what_stays_together_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [
        ("tests/browser/test_home.py::test_a", "site"),
        ("tests/site/test_running.py::test_a[x::y]", "site"),
        ("tests/library/test_a.py::TestB::test_c", "tests/library/test_a.py"),
    ],
)
def test_a_file_is_a_unit_unless_it_is_of_a_larger_one(nodeid: str, name: str) -> None:
    assert units.unit(nodeid) == name
