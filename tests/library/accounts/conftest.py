"""People of a test: a site that is open to several, and who asks put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memicos_app.library.accounts.person import VISITOR
from tests.people import site_with


@pytest.fixture
def open_site(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A site where anybody reads and people who signed in write."""
    with site_with(monkeypatch, VISITOR):
        yield
