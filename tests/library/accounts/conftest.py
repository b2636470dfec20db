"""People of a test: a site that is open to several, and who asks put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from memicos_app.library.accounts import person, sessions
from memicos_app.settings import get_settings


@pytest.fixture
def open_site(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A site where anybody reads and people who signed in write."""
    monkeypatch.setenv("ACCESS", "open")
    get_settings.cache_clear()
    sessions.forget_known()
    token = person._person.set(person.VISITOR)
    yield
    person._person.reset(token)
    sessions.forget_known()
    get_settings.cache_clear()
